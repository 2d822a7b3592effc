"""The bar of developers: the commands of a page, what the cache had, and N+1."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import Client

from kwip.blueprints.toolbar import Toolbar
from kwip.recording import recorded
from tests.servers import settings_in, wait_until


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "home", KWIP_TOOLBAR="1")


def rows_of(response):
    """Return the bar's head and the cells of its commands."""
    _, _, bar = response.get_data(as_text=True).partition('<details class="toolbar">')
    head = bar.partition("</summary>")[0]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in bar.split("<tr>")]
    rows = [row for row in rows if row]
    return head, rows


def test_a_page_shows_what_it_asked_for_and_then_that_it_was_cached(
    client, alice, wiring
):
    alice.say("hello")
    wait_until(lambda: wiring.fence.lease() is not None)

    head, rows = rows_of(client.get("/@alice"))
    assert re.search(
        r"\d+ ms · [1-9]\d* MongoDB .* · [1-9]\d* Redis .* · page miss", head
    )
    plans = {row[2]: row[4] for row in rows if row[0] == "MongoDB"}
    assert "IXSCAN" in plans["posts"] or "IDHACK" in plans["posts"]
    assert "hello" not in str([row[5] for row in rows if len(row) > 5])

    head, rows = rows_of(client.get("/@alice"))
    assert "0 MongoDB" in head
    assert "1 Redis" in head
    assert "page hit" in head


def test_other_answers_have_the_sums_as_a_header(client, alice):
    answer = client.get(f"/api/v1/accounts/{alice.id}")

    assert answer.is_json
    assert re.match(
        r'MongoDB;dur=[\d.]+;desc="\d+", Redis;', answer.headers["Server-Timing"]
    )


@pytest.mark.parametrize(("reads", "is_told"), [(3, True), (2, False)])
def test_one_command_for_each_of_many_is_called_out(app, wiring, reads, is_told):
    def page(_environ, start_response):
        for name in range(reads):
            wiring.store.database["users"].find_one({"username": str(name)})
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<html><body></body></html>"]

    bar = Toolbar(page, app, "/toolbar.css", wiring.plan_of)
    head, rows = rows_of(Client(bar).get("/"))

    assert ("N+1" in head) is is_told
    assert len(rows) == reads


def test_a_page_with_the_bar_is_not_cached_and_head_names_no_length(client, alice):
    page, head = client.get("/@alice"), client.head("/@alice")

    assert "toolbar" in page.get_data(as_text=True)
    assert "X-Accel-Expires" not in page.headers
    assert page.content_length == len(page.data)
    assert head.content_length is None


def test_nothing_is_recorded_for_others(wiring):
    with recorded() as recording:
        pass
    wiring.store.database["users"].find_one({})
    assert recording.commands == []
