"""The files of the pages: fingerprinted, minified, compressed, kept for ever."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from base64 import b64encode
from dataclasses import replace
from hashlib import sha384

import pytest

from kwip.app import create_app
from kwip.blueprints import assets, files
from tests.people import sign_in

GZIP = {"Accept-Encoding": "br, gzip"}
TOKENS = (assets.FOLDER / "tokens.css").read_text("utf-8")


@pytest.fixture
def address(app):
    return assets.load().address


def test_a_file_is_named_by_its_content_and_kept_for_ever(client, address):
    answer = client.get(address("kwip.css"))

    assert re.fullmatch(r"/assets/kwip\.[0-9a-f]{10}\.css", address("kwip.css"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "Set-Cookie" not in answer.headers


def test_another_content_has_another_name(monkeypatch, tmp_path):
    shutil.copytree(assets.FOLDER, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    before = assets.load.__wrapped__().names
    (tmp_path / "tokens.css").write_text(TOKENS + "p { order: 7 }", "utf-8")

    after = assets.load.__wrapped__().names

    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"kwip.css", "embed.css"}


def test_every_source_is_in_a_bundle():
    sources = {
        path.relative_to(assets.FOLDER).as_posix()
        for kind in ("css", "js")
        for path in assets.FOLDER.rglob(f"*.{kind}")
    }

    assert sources == {name for names in assets.BUNDLES.values() for name in names}


def test_a_file_is_sent_compressed_to_who_can_read_it(client, address):
    for name in ("kwip.css", "kwip.js", "icons.svg"):
        plain, packed = (
            client.get(address(name)),
            client.get(address(name), headers=GZIP),
        )

        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert int(packed.headers["Content-Length"]) == len(packed.data)


def test_who_refuses_gzip_gets_none(client, address):
    for accepted in ("identity", "gzip;q=0", "br"):
        headers = {"Accept-Encoding": accepted}

        for path in (address("kwip.css"), "/login"):
            assert "Content-Encoding" not in client.get(path, headers=headers).headers


def test_bundles_are_minified_and_say_what_the_sources_say(client, address):
    sheet = client.get(address("kwip.css")).text

    assert "/*" not in sheet
    assert len(sheet) < sum(p.stat().st_size for p in assets.FOLDER.glob("*.css"))
    assert sheet.count("{") == sheet.count("}")
    assert "prefers-reduced-motion:reduce" in sheet
    for path in assets.FOLDER.rglob("*.js"):
        # What the minifier takes for punctuation is in no text.
        assert not re.search(r",[)\]}]|;}", path.read_text("utf-8")), path


def test_no_style_is_nested_for_the_minifier_would_misread_it():
    for source in assets.BUNDLES["kwip.css"]:
        sheet = (assets.FOLDER / source).read_text("utf-8")
        around = []
        for before, brace in re.findall(r"([^{};]*)([{};])", uncommented(sheet)):
            if brace == "{":
                assert all(outer.startswith("@") for outer in around), before
                around.append(before.strip())
            elif brace == "}":
                around.pop()


def uncommented(sheet):
    return re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)


@pytest.mark.parametrize("name", ["kwip.css", "../app.py", "%2e%2e/app.py", "x", ""])
def test_a_name_that_is_none_is_404(client, name):
    answer = client.get(f"/assets/{name}")

    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_page_is_compressed_and_both_forms_say_that_they_differ(
    app, wiring, alice, monkeypatch
):
    browser = sign_in(app, wiring, alice)
    alice.say("hello there")

    plain, packed = browser.get("/@alice"), browser.get("/@alice", headers=GZIP)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "hello there" in gzip.decompress(packed.data).decode()
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    for answer in (plain, packed):
        assert {"Accept-Encoding", "Cookie"} <= set(answer.vary)
        assert "ETag" not in answer.headers


def test_an_error_page_is_compressed_too(client):
    answer = client.get("/nowhere", headers=GZIP)

    assert answer.status_code == 404
    assert b"Page not found" in gzip.decompress(answer.data)


def test_an_answer_of_the_api_is_left_to_a_proxy(alice):
    alice.say("x" * 500)

    answer = alice.get("/api/v1/timelines/home", headers=GZIP)

    assert "Content-Encoding" not in answer.headers
    assert answer.json[0]["content"]


def test_a_way_to_another_page_is_not_compressed(client):
    answer = client.get("/home", headers=GZIP)

    assert answer.status_code == 303
    assert "Content-Encoding" not in answer.headers


def test_a_phone_can_keep_the_site_among_its_apps(client):
    answer = client.get("/manifest.webmanifest")

    told = json.loads(answer.text)
    assert answer.mimetype == "application/manifest+json"
    assert told["name"] == "Kwip"
    assert {icon["sizes"] for icon in told["icons"]} >= {"192x192", "512x512"}
    for icon in told["icons"]:
        sent = client.get(icon["src"])
        assert (sent.status_code, sent.mimetype) == (200, icon["type"])


def test_who_asks_by_habit_gets_an_icon_and_rules(client):
    icon, rules = client.get("/favicon.ico"), client.get("/robots.txt")

    assert icon.data[:4] == b"\0\0\1\0"
    assert "Disallow: /settings/" in rules.text.splitlines()
    for answer in (icon, rules):
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert "Set-Cookie" not in answer.headers


def test_what_is_around_a_page_has_the_colour_of_its_ground():
    light, dark = files.GROUNDS["light"], files.GROUNDS["dark"]

    assert f"--ground: light-dark({light}, {dark});" in TOKENS


def test_other_sites_load_the_script_of_widgets_by_two_addresses(client, app):
    found = assets.load()
    address = found.address("widgets/kwip.js")

    stable, lasting = client.get("/widgets/v1/kwip.js"), client.get(address)
    etag = {"If-None-Match": stable.headers["ETag"]}
    digest = b64encode(sha384(lasting.data).digest()).decode()

    assert stable.data == lasting.data
    assert stable.headers["Content-Location"] == address
    assert stable.headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/widgets/v1/kwip.js", headers=etag).status_code == 304
    assert found.integrity("widgets/kwip.js") == f"sha384-{digest}"
    assert client.get("/widgets/v1/none.js").status_code == 404
    for answer in (stable, lasting, client.get("/avatars/1-4-b.svg")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.content_type.endswith("charset=utf-8")
        assert "Set-Cookie" not in answer.headers


def test_pages_and_frames_name_the_files_at_a_cdn(wiring, settings, alice):
    cdn = "https://cdn.example.org"
    settings = replace(settings, static_url=f"{cdn}/files")
    visitor = create_app(wiring, settings).test_client()
    page, frame, builder = (
        visitor.get(path) for path in ("/@alice", "/embed/user/alice", "/widgets")
    )
    names = assets.load().names

    for name in ("kwip.css", "kwip.js", "favicon.svg", "icon-touch.png"):
        assert f'"{cdn}/files/{names[name]}"' in page.text
    for name in ("embed.css", "frame.js"):
        assert f'"{cdn}/files/{names[name]}"' in frame.text
    # Browsers take these from this site alone.
    assert f'href="/assets/{names["icons.svg"]}#' in page.text
    assert f'src="/assets/{names["widgets/kwip.js"]}"' in builder.text
    for answer in (page, frame):
        policy = answer.headers["Content-Security-Policy"].split("; ")
        allowed = {rule.split()[0] for rule in policy if cdn in rule.split()}
        assert {"script-src", "style-src"} <= allowed
        assert allowed <= {"script-src", "style-src", "img-src"}
