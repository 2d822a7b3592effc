from __future__ import annotations

import pytest

from config.settings import load
from kwip.app import create_app
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.site import SignUpMode, SiteSettings


def instance(wiring, settings, version, **environ):
    changed = load({"KWIP_HOME": str(settings.home), **environ})
    client = create_app(wiring, changed).test_client()
    return client.get(f"/api/{version}/instance").json


def test_version_1_has_what_older_apps_read(wiring, settings):
    found = instance(wiring, settings, "v1", KWIP_PORT="8123")

    assert found["uri"] == "127.0.0.1:8123"
    assert found["urls"] == {"streaming_api": "ws://127.0.0.1:8123"}
    assert found["title"]
    assert found["description"]
    assert found["rules"] == []
    assert found["contact_account"] is None
    assert found["thumbnail"] == "http://127.0.0.1:8123/static/header.svg"
    assert set(found["stats"]) == {"user_count", "status_count", "domain_count"}
    assert found["registrations"] is True
    assert found["configuration"]["statuses"]["max_characters"] == 500


def test_version_2_has_what_newer_apps_read(wiring, settings):
    wiring.services.site.defaults = SiteSettings(sign_up=SignUpMode.CLOSED)
    found = instance(
        wiring,
        settings,
        "v2",
        KWIP_ORIGIN="https://kwip.example",
        KWIP_POST_MAX_CHARS="1000",
    )

    assert found["domain"] == "kwip.example"
    assert found["thumbnail"]["url"] == "https://kwip.example/static/header.svg"
    configuration = found["configuration"]
    assert configuration["urls"]["streaming"] == "wss://kwip.example"
    assert configuration["statuses"]["max_characters"] == 1000
    assert "image/heic" in configuration["media_attachments"]["supported_mime_types"]
    assert configuration["polls"] == {
        "max_options": 4,
        "max_characters_per_option": 50,
        "min_expiration": 300,
        "max_expiration": 2_629_746,
    }
    assert len(configuration["vapid"]["public_key"]) == 87
    assert found["registrations"]["enabled"] is False
    assert found["registrations"]["url"] == "https://kwip.example/signup"
    assert found["api_versions"] == {"mastodon": 1}
    assert found["rules"] == []


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_both_say_which_api_and_which_kwip_this_is(wiring, settings, version):
    found = instance(wiring, settings, version)

    assert found["version"].startswith("4.5.0 (compatible; Kwip ")


def test_apps_get_the_texts_of_the_site(client, wiring):
    place = "/api/v1/instance"
    paths = ("privacy_policy", "terms_of_service")
    assert [client.get(f"{place}/{path}").status_code for path in paths] == [404, 404]
    texts = {"privacy": "No **ads**.", "terms": "Be kind.", "about": "Bread"}
    wiring.services.site.change(texts, BY_KWIP)

    privacy, terms = (client.get(f"{place}/{path}").json for path in paths)
    about = client.get(f"{place}/extended_description").json
    assert privacy["content"] == "<p>No <strong>ads</strong>.</p>\n"
    assert privacy["updated_at"] == about["updated_at"]
    assert terms["effective_date"] == privacy["updated_at"][:10]
    assert (terms["effective"], terms["content"]) == (True, "<p>Be kind.</p>\n")
    assert client.get(f"{place}/domain_blocks").json == []
