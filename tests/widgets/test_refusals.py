"""Requests to public addresses that no site sends: each gets a clear answer.

An error is in the format of the address, is not cached, and no answer has a cookie.
"""

from __future__ import annotations

from itertools import product

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.timelines.lists import ListChange
from tests.widgets.surfaces import JSON, SURFACES, SVG, TEXT
from tests.wired import viewer_of

#: Parameters that nobody may send, and what the error names.
QUERIES = [
    *(("limit", f"limit={n}") for n in ("0", "41", "-1", "1e9", "", "9" * 10_000)),
    *(("before", f"before={n}") for n in ("-1", "x", "9223372036854775808")),
    *(("limit", query) for query in ("limit[]=1", "limit=1&limit=2x", "limit[a]=1")),
    *(("", query) for query in ("limit=%00", "before=1%01")),
    ("theme", "theme=loud"),
    ("nothing", "nothing=%ff"),
    ("nothing", f"nothing={'x' * 10_000}"),
    ("<script>", "%3Cscript%3E=1"),
]
#: Ids and names of nothing, and those that can't be any.
PLACES = ["9223372036854775807", "9223372036854775808", "0", "x" * 10_000, "%00", "%ff"]
HEADERS = [
    {"Accept": "image/png"},
    {"Accept": "text/html;q=x, */*;q=-1"},
    {"Range": "bytes=9-1"},
    {"If-Modified-Since": "yesterday"},
    {"If-None-Match": 'W/"x", x"y'},
    {"Cookie": "kwip_8000=.eJw; session=x; remember_token=1|x"},
    {"Authorization": "Bearer x"},
]
#: These skip what other programs add to an address.
SKIPPING = ("/api/oembed", "/embed?")
#: A query of each kind for a feed shows what every format does.
ROWS = [row for row in SURFACES if ".atom" not in row.path]


@pytest.fixture
def paths(alice, wiring):
    """Return each address of what Alice says, without limit, with its row."""
    post_id = alice.say("green #tea")["id"]
    change = ListChange(title="Tea", is_public=True)
    viewer = viewer_of(alice.user)
    made = wiring.services.lists.create(viewer, change)
    shown = ProfileChange(shows_favourites=True)
    wiring.services.users.update_profile(viewer, shown)
    named = {"name": "alice", "post_id": post_id, "list_id": made.id}
    return {
        row.path.format(**named).replace("limit=40", "").rstrip("?&"): row
        for row in ROWS
    }


def check_error(answer, row, where):
    """Assert that an error is one that this address may have."""
    assert (where, answer.mimetype) == (where, row.error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    if row.error == JSON:
        assert answer.json["error"]
    elif row.error == TEXT:
        assert answer.text.endswith(".\n")
    else:
        assert "<script>" not in answer.text


def test_a_parameter_that_an_address_does_not_take_is_named(client, paths):
    for (path, row), (name, query) in product(paths.items(), QUERIES):
        where = f"{path}{'&' if '?' in path else '?'}{query}"
        answer = client.get(where)

        if name and any(each in where for each in SKIPPING):
            assert (where, answer.status_code) == (where, 200)
            continue
        assert (where, answer.status_code) == (where, 400)
        check_error(answer, row, where)
        if row.error == JSON and name:
            assert list(answer.json["details"]) == [name], where
        elif row.error == TEXT and name:
            assert f"\n{name}: " in answer.text


def test_no_id_and_no_name_is_more_than_not_found(client):
    for row, place in product(ROWS, PLACES):
        name = "alice" if row.subject == "post" else place
        named = {"name": name, "post_id": place, "list_id": place}
        if row.subject:
            where = row.path.format(**named)
            answer = client.get(where)

            assert answer.status_code in {400, 404}, where
            if answer.mimetype != SVG or not row.missing:
                check_error(answer, row, where)


def test_headers_change_nothing_and_other_methods_are_refused(client, paths):
    for path, row in paths.items():
        plain = client.get(path)
        for headers in HEADERS:
            answer = client.get(path, headers=headers)
            known = (path, headers, answer.status_code, answer.data == plain.data)
            assert known == (path, headers, 200, True)
            assert "Set-Cookie" not in answer.headers
        if "ETag" in plain.headers:
            unchanged = client.get(path, headers={"If-None-Match": "*"})
            assert (unchanged.status_code, unchanged.data) == (304, b"")
        head = client.head(path)
        assert (head.data, head.content_length) == (b"", plain.content_length)
        asked = client.options(path)
        assert (asked.status_code, asked.data) == (200, b"")
        assert set(asked.allow) == {"GET", "HEAD", "OPTIONS"}
        for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
            refused = client.open(path, method=method)
            assert refused.status_code == 405
            check_error(refused, row, path)
