"""Every key of every entity, always there and of its kind, as apps decode them."""

from __future__ import annotations

import re

import pytest

ID = re.compile(r"[0-9]+")
URL = re.compile(r"https?://[^ ]+")
SOCKET = re.compile(r"wss?://[^ ]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
FILLED = re.compile(r".+", re.DOTALL)


def maybe(shape):
    """Also null."""
    return (shape, None)


ACCOUNT = {
    "id": ID, "username": FILLED, "acct": FILLED, "url": URL, "uri": URL,
    "display_name": str, "note": str, "avatar": URL, "avatar_static": URL,
    "header": URL, "header_static": URL, "locked": bool, "bot": bool, "group": bool,
    "discoverable": maybe(bool), "noindex": maybe(bool), "created_at": TIME,
    "last_status_at": maybe(DATE), "statuses_count": int, "followers_count": int,
    "following_count": int, "emojis": [{}], "roles": [dict],
    "fields": [{"name": str, "value": str, "verified_at": maybe(TIME)}],
}  # fmt: skip
SOURCE = {
    "note": str, "privacy": FILLED, "sensitive": bool, "language": maybe(str),
    "follow_requests_count": int,
    "fields": [{"name": str, "value": str, "verified_at": maybe(TIME)}],
}  # fmt: skip
ROLE = {
    "id": re.compile("-?[0-9]+"), "name": str, "color": str, "permissions": ID,
    "highlighted": bool,
}  # fmt: skip
POLL = {
    "id": ID, "expires_at": TIME, "expired": bool, "multiple": bool,
    "votes_count": int, "voters_count": int, "emojis": [{}],
    "options": [{"title": FILLED, "votes_count": maybe(int)}],
}  # fmt: skip
STATUS = {
    "id": ID, "uri": URL, "url": URL, "created_at": TIME, "edited_at": maybe(TIME),
    "account": ACCOUNT, "content": str, "visibility": FILLED, "sensitive": bool,
    "spoiler_text": str, "media_attachments": [{}], "emojis": [{}],
    "application": maybe({"name": FILLED, "website": maybe(URL)}),
    "mentions": [{"id": ID, "username": FILLED, "acct": FILLED, "url": URL}],
    "tags": [{"name": FILLED, "url": URL}], "reblogs_count": int,
    "favourites_count": int, "replies_count": int, "in_reply_to_id": maybe(ID),
    "in_reply_to_account_id": maybe(ID), "reblog": maybe(dict), "poll": maybe(POLL),
    "card": maybe({}), "quote": maybe({}), "language": maybe(str),
}  # fmt: skip
OF_VIEWER = {
    "favourited": bool, "reblogged": bool, "muted": bool, "bookmarked": bool,
    "pinned": bool, "filtered": [{}],
}  # fmt: skip
EDIT = {
    "content": str, "spoiler_text": str, "sensitive": bool, "created_at": TIME,
    "account": ACCOUNT, "media_attachments": [{}], "emojis": [{}], "poll": maybe({}),
}  # fmt: skip
RELATIONSHIP = {
    "id": ID, "following": bool, "showing_reblogs": bool, "notifying": bool,
    "languages": maybe([str]), "followed_by": bool, "blocking": bool,
    "blocked_by": bool, "muting": bool, "muting_notifications": bool,
    "muting_expires_at": maybe(TIME), "requested": bool, "requested_by": bool,
    "domain_blocking": bool, "endorsed": bool, "note": str,
}  # fmt: skip
NOTIFICATION = {
    "id": ID, "type": FILLED, "created_at": TIME, "group_key": FILLED,
    "account": ACCOUNT, "status": maybe(STATUS | OF_VIEWER),
}  # fmt: skip
MARKER = {"last_read_id": ID, "version": int, "updated_at": TIME}
CONFIGURATION = {
    "accounts": {"max_featured_tags": int, "max_pinned_statuses": int},
    "statuses": {
        "max_characters": int,
        "max_media_attachments": int,
        "characters_reserved_per_url": int,
    },
    "media_attachments": {
        "supported_mime_types": [str], "image_size_limit": int,
        "image_matrix_limit": int, "video_size_limit": int,
        "video_frame_rate_limit": int, "video_matrix_limit": int,
    },
    "polls": {
        "max_options": int, "max_characters_per_option": int, "min_expiration": int,
        "max_expiration": int,
    },
}  # fmt: skip
INSTANCE_V1 = {
    "uri": re.compile(r"[^/]+"), "title": FILLED, "short_description": str,
    "description": str, "email": str, "version": re.compile(r"4\.5\.0 \(.*Kwip .*\)"),
    "urls": {"streaming_api": SOCKET},
    "stats": {"user_count": int, "status_count": int, "domain_count": int},
    "thumbnail": URL, "languages": [str], "registrations": bool,
    "approval_required": bool, "invites_enabled": bool, "rules": [dict],
    "contact_account": maybe(ACCOUNT), "configuration": CONFIGURATION,
}  # fmt: skip
INSTANCE_V2 = {
    "domain": re.compile(r"[^/]+"), "title": FILLED, "source_url": str,
    "description": str, "version": re.compile(r"4\.5\.0 \(.*Kwip .*\)"),
    "usage": {"users": {"active_month": int}}, "thumbnail": {"url": URL},
    "icon": [dict], "languages": [str], "rules": [dict],
    "registrations": {
        "enabled": bool, "approval_required": bool, "message": maybe(str),
        "url": maybe(URL),
    },
    "contact": {"email": str, "account": maybe(ACCOUNT)},
    "api_versions": {"mastodon": int},
    "configuration": CONFIGURATION | {
        "urls": {"streaming": SOCKET}, "vapid": {"public_key": str},
        "translation": {"enabled": bool},
    },
}  # fmt: skip


def problems(shape, value, at="it"):
    """Say where a value is not of its shape."""
    if isinstance(shape, tuple):
        return [] if value is None else problems(shape[0], value, at)
    if not is_alike(shape, value):
        return [f"{at} is {value!r}"]
    if isinstance(shape, list):
        parts = [(shape[0], one, f"{at}[{number}]") for number, one in enumerate(value)]
    elif isinstance(shape, dict):
        absent = [f"{at}.{key} is absent" for key in shape if key not in value]
        if absent:
            return absent
        parts = [(shape[key], value[key], f"{at}.{key}") for key in shape]
    else:
        parts = []
    return [problem for part in parts for problem in problems(*part)]


def is_alike(shape, value):
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    return type(value) is (shape if isinstance(shape, type) else type(shape))


def test_what_is_absent_or_of_another_kind_is_found():
    shape = {"a": ID, "b": maybe([bool])}

    assert problems(shape, {"a": "1", "b": [True]}) == []
    assert problems(shape, {"a": "1", "b": None}) == []
    assert problems(shape, {"a": "1"}) == ["it.b is absent"]
    assert problems(shape, {"a": 1, "b": [0]}) == ["it.a is 1", "it.b[0] is 0"]


@pytest.fixture
def said(alice, bob):
    """Return a status that has something of everything, and its repost by Bob."""
    first = bob.say("hello")
    own = alice.say(
        "hi @bob #fox https://example.org",
        in_reply_to_id=first["id"],
        spoiler_text="careful",
        language="en",
        poll={"options": ["a", "b"], "expires_in": 300},
    )
    path = f"/api/v1/statuses/{own['id']}"
    alice.ask("PUT", path, json={"status": "ho @bob #fox", "spoiler_text": "careful"})
    return own["id"], bob.post(f"{path}/reblog").json["id"]


def test_a_status_has_every_key_for_everybody(alice, client, said):
    for post_id in said:
        for who in (alice, client):
            status = who.get(f"/api/v1/statuses/{post_id}").json

            shape = STATUS | OF_VIEWER if who is alice else STATUS
            assert problems(shape, status) == []
            assert (OF_VIEWER.keys() <= status.keys()) == (who is alice)
            if post_id == said[1]:
                assert problems(shape, status["reblog"]) == []
                assert status["reblog"]["mentions"]
                assert status["reblog"]["poll"]
                assert status["reblog"]["tags"]


def test_the_other_shapes_of_a_status_have_every_key(alice, said):
    path = f"/api/v1/statuses/{said[0]}"

    assert problems([EDIT], alice.get(f"{path}/history").json) == []
    source = {"id": ID, "text": FILLED, "spoiler_text": FILLED}
    assert problems(source, alice.get(f"{path}/source").json) == []
    context = {"ancestors": [STATUS | OF_VIEWER], "descendants": [STATUS | OF_VIEWER]}
    assert problems(context, alice.get(f"{path}/context").json) == []
    deleted = STATUS | OF_VIEWER | {"text": FILLED}
    assert problems(deleted, alice.ask("DELETE", path).json) == []


def test_an_account_has_every_key_and_one_s_own_has_its_source(alice, client):
    own = alice.get("/api/v1/accounts/verify_credentials").json

    assert problems(ACCOUNT | {"source": SOURCE, "role": ROLE}, own) == []
    other = client.get(f"/api/v1/accounts/{alice.id}").json
    assert problems(ACCOUNT, other) == []
    assert "source" not in other


def test_a_relationship_has_every_key(alice, bob):
    answer = alice.post(f"/api/v1/accounts/{bob.id}/follow")

    assert problems(RELATIONSHIP, answer.json) == []
    asked = alice.get(f"/api/v1/accounts/relationships?id[]={bob.id}")
    assert problems([RELATIONSHIP], asked.json) == []


def test_a_notification_and_a_marker_have_every_key(alice, bob):
    said = alice.say("hello")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    bob.post(f"/api/v1/statuses/{said['id']}/favourite")

    found = alice.get("/api/v1/notifications").json

    assert [one["type"] for one in found] == ["favourite", "follow"]
    assert problems([NOTIFICATION], found) == []
    one = alice.get(f"/api/v1/notifications/{found[0]['id']}").json
    assert problems(NOTIFICATION, one) == []
    counted = alice.get("/api/v1/notifications/unread_count").json
    assert problems({"count": int}, counted) == []
    body = {"home": {"last_read_id": said["id"]}}
    assert (
        problems({"home": MARKER}, alice.post("/api/v1/markers", json=body).json) == []
    )


def test_a_hashtag_has_every_key(alice, client):
    shape = {"id": str, "name": FILLED, "url": URL, "history": [dict]}

    assert problems(shape, client.get("/api/v1/tags/Fox").json) == []
    of_viewer = {"following": bool, "featuring": bool}
    assert problems(shape | of_viewer, alice.get("/api/v1/tags/fox").json) == []


def test_the_instance_has_every_key(client):
    first = client.get("/api/v1/instance").json
    second = client.get("/api/v2/instance").json

    assert problems(INSTANCE_V1, first) == []
    assert problems(INSTANCE_V2, second) == []
    described = client.get("/api/v1/instance/extended_description").json
    assert problems({"updated_at": maybe(str), "content": FILLED}, described) == []


def test_what_the_instance_says_of_its_limits_is_so(alice, client):
    limits = client.get("/api/v2/instance").json["configuration"]
    most = limits["statuses"]["max_characters"]
    said = [alice.say("x" * most)["id"] for _ in range(2)]

    too_long = alice.post("/api/v1/statuses", json={"status": "x" * (most + 1)})

    assert too_long.status_code == 422
    assert limits["accounts"]["max_pinned_statuses"] == 5
    said += [alice.say("x")["id"] for _ in range(4)]
    numbers = [alice.post(f"/api/v1/statuses/{i}/pin").status_code for i in said]
    assert numbers == [200] * 5 + [422]
    assert limits["statuses"]["max_media_attachments"] == 4
    assert limits["media_attachments"]["image_size_limit"] > 0
