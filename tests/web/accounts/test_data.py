"""The page on which people take their data along."""

from __future__ import annotations

import io
import zipfile


def test_the_archive_is_downloaded_in_parts_by_its_owner_alone(
    at_alice, at_bob, client, alice, wiring
):
    alice.say("Rye")
    at_alice.send("/settings/data/export")
    assert "Preparing your archive" in at_alice.get("/settings/data").words
    wiring.services.exports.settle(alice.user.id)
    page = at_alice.get("/settings/data")
    assert "is ready" in page.words
    [link] = page.all("a", href="/settings/data/archive.zip")

    def download(**headers):
        with at_alice._browser.get(link["href"], headers=headers) as answer:
            return answer.data, answer

    content, whole = download()
    parts = [download(Range=f"bytes={span}") for span in ("0-99", "100-")]

    assert [part.status_code for _, part in parts] == [206, 206]
    assert b"".join(data for data, _ in parts) == content
    assert "index.html" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert 'filename="kwip-alice.zip"' in whole.headers["Content-Disposition"]
    assert whole.headers["Cache-Control"] == "no-store"
    assert at_bob._browser.get(link["href"]).status_code == 404
    assert client.get(link["href"]).status_code in {302, 303}
    at_alice.send("/settings/data/export", 409)


def test_tables_are_those_of_mastodon(at_alice, alice, bob, wiring):
    social = wiring.services
    for act in ("follow", "mute"):
        assert alice.post(f"/api/v1/accounts/{bob.id}/{act}").status_code == 200
    post_id = bob.say("Rye")["id"]
    assert alice.post(f"/api/v1/statuses/{post_id}/bookmark").status_code == 200
    made = alice.post("/api/v1/lists", json={"title": "Bakers, best"}).json
    members = {"account_ids": [bob.id]}
    assert alice.post(f"/api/v1/lists/{made['id']}/accounts", json=members)
    host, origin = social.mails.site.host, social.mails.site.page("")

    def table(name):
        answer = at_alice._browser.get(f"/settings/data/{name}.csv")
        assert answer.content_type == "text/csv; charset=utf-8"
        return answer.text.splitlines()

    assert table("following_accounts") == [
        "Account address,Show boosts,Notify on new posts,Languages",
        f"bob@{host},true,false,",
    ]
    assert table("muted_accounts")[1:] == [f"bob@{host},true"]
    assert table("lists") == [f'"Bakers, best",bob@{host}']
    assert table("bookmarks") == [f"{origin}/@bob/{post_id}"]
    assert table("followers")[1:] == table("blocked_accounts") == []
    at_alice.get("/settings/data/passwords.csv", 404)
