"""The settings and the pages of the site, as administrators and everybody see them."""

from __future__ import annotations

from tests.web.pages import check


def fields(page):
    names = ("version", "name", "description", "contact_email", "contact_username")
    return {name: page.value(name) for name in (*names, "rules")}


def test_settings_are_saved_and_shown_everywhere(at_admin, anybody, client, settings):
    page = at_admin.get("/admin/settings")
    changed = {
        "name": "Bakers of Ulm",
        "description": "For people who bake.",
        "contact_username": "@Alice",
        "contact_email": "hello@bakers.example",
        "rules": "Be kind.\nNo <b>ads</b>.",
        "sign_up": "closed",
    }
    saved = at_admin.get(at_admin.send("/admin/settings", **fields(page) | changed))
    about = anybody.get("/about")
    v1, v2 = (client.get(f"/api/{v}/instance").json for v in ("v1", "v2"))

    check(page, settings.origin)
    assert saved.said == "Changes saved."
    assert about.title == "About · Bakers of Ulm"
    assert "Bakers of Ulm" in about.words
    assert about.one("a", class_="brand").words == "Bakers of Ulm"
    assert about.one("a", href="mailto:hello%40bakers.example")
    assert v1["title"] == v2["title"] == "Bakers of Ulm"
    assert v1["short_description"] == "For people who bake."
    assert v1["email"] == v2["contact"]["email"] == "hello@bakers.example"
    assert v2["contact"]["account"]["username"] == "alice"
    assert v2["registrations"]["enabled"] is False
    rules = client.get("/api/v1/instance/rules").json
    assert [(r["id"], r["text"]) for r in rules] == [
        ("1", "Be kind."),
        ("2", "No <b>ads</b>."),
    ]
    assert "No <b>ads</b>." in anybody.get("/rules").words
    assert anybody.get("/signup").words.count("closed") == 1


def test_errors_are_beside_their_fields_and_others_changes_are_not_lost(at_admin):
    page = at_admin.get("/admin/settings")
    sent = fields(page) | {"sign_up": "open"}
    wrong = at_admin.send("/admin/settings", 422, **sent | {"contact_email": "x"})
    at_admin.send("/admin/settings", **sent | {"name": "Bakers"})
    late = at_admin.send("/admin/settings", 409, **sent | {"name": "Millers"})

    assert "Enter an email address" in wrong.wrong("contact_email")
    assert "Someone else changed the settings" in late.words
    assert at_admin.get("/admin/settings").value("name") == "Bakers"


def test_a_text_is_previewed_without_saving_and_cleaned_when_shown(
    at_admin, anybody, settings
):
    page = at_admin.get("/admin/pages/terms")
    markdown = "# Terms\n\n- **one**\n- [two](javascript:x)\n\n<script>x()</script>"
    sent = {"version": page.value("version"), "text": markdown}
    seen = at_admin.send("/admin/pages/terms", 200, **sent, act="preview")
    before = anybody.get("/terms")
    at_admin.send("/admin/pages/terms", **sent, act="save")
    after = anybody.get("/terms")

    check(page, settings.origin)
    check(seen, settings.origin)
    assert [e.words for e in seen.all("strong")] == ["one"]
    assert seen.value("text") == markdown
    assert "hasn't published" in before.words
    assert [e.words for e in after.all("strong")] == ["one"]
    assert "Terms" in [e.words for e in after.all("h2")]
    assert "<script>x()" in after.words
    assert all("script:" not in (e.get("href") or "") for e in after.all("a"))
    assert after.all("a", href="/terms")  # the footer names it now


def test_changes_are_listed_and_undone(at_admin, settings):
    page = at_admin.get("/admin/settings")
    changed = fields(page) | {"sign_up": "open", "name": "Bakers' Kwip"}
    at_admin.send("/admin/settings", **changed)
    listed = at_admin.get("/admin/settings/changes")
    sent = {"change": listed.value("change")}
    undone = at_admin.get(at_admin.send("/admin/settings/changes", **sent))

    check(listed, settings.origin)
    assert "alice" in listed.words
    assert undone.said == "Change undone."
    assert at_admin.get("/admin/settings").value("name") == "Kwip"
