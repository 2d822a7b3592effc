from __future__ import annotations

import io
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.schemas.timelines.widget_shapes import WIDGET_SCHEMA
from kwip.schemas.timelines.widgets import (
    WidgetAuthorSchema,
    WidgetMediaSchema,
    WidgetPostSchema,
    WidgetProfileSchema,
    WidgetStatsSchema,
)
from kwip.schemas.urls import Urls
from tests.conversations import grow
from tests.people import sign_in
from tests.pictures import opened, plain

ROOT = "/api/widgets/v1"
CHECK = Draft202012Validator(
    WIDGET_SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER
)
#: What version 1 had first; pages out there rely on it.
FIRST_KEYS = {
    "id", "url", "text", "html", "created_at", "edited_at", "in_reply_to_id", "author"
}  # fmt: skip
AUTHOR_KEYS = {
    *("id", "username", "display_name", "url", "avatar", "avatar_small", "emojis")
}
CACHE_CONTROL = (
    "public, max-age=0, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400"
)


@pytest.fixture
def paths(alice):
    """Let Alice say something; return the path of each widget that shows it."""
    said = alice.say("hello #fox <b> https://example.org")
    return [
        f"{ROOT}/public",
        f"{ROOT}/user/alice",
        f"{ROOT}/tag/Fox",
        f"{ROOT}/thread/{said['id']}",
    ]


def ids(answer):
    return [post["id"] for post in answer.json["posts"]]


def walk(client, path):
    """Follow `next` to its end; return the ids of each page."""
    pages = []
    while path:
        answer = client.get(path)
        pages.append(ids(answer))
        parts = urlsplit(answer.json["next"] or "")
        path = f"{parts.path}?{parts.query}" if parts.path else None
        assert len(pages) < 20, "paging does not end"
    return pages


def test_a_widget_has_the_shape_of_version_1(client, paths, settings):
    for path in paths:
        body = client.get(path).json

        assert body.pop("guests", []) == []
        assert set(body) == {"version", "posts", "next"}
        assert body["version"] == 1
        assert body["next"] is None
        (post,) = body["posts"]
        assert set(post) >= FIRST_KEYS
        assert post["text"] == "hello #fox <b> https://example.org"
        assert post["html"].startswith("<p>hello <a href=")
        assert "&lt;b&gt; <a href=" in post["html"]
        assert post["hashtags"] == [
            {"name": "fox", "url": f"{settings.origin}/tags/fox"}
        ]
        assert post["warning"] == ""
        assert post["reposted_by"] is None
        assert post["cursor"] == post["id"]
        assert post["url"] == f"{settings.origin}/@alice/{post['id']}"
        assert post["edited_at"] is None
        assert set(post["author"]) == AUTHOR_KEYS
        assert post["author"]["display_name"] == "Alice"
        assert post["author"]["avatar"].startswith(f"{settings.origin}/avatars/")


def test_a_browser_always_asks_and_a_shared_cache_keeps_half_a_minute(client, paths):
    for path in paths:
        headers = client.get(path).headers

        assert headers["Cache-Control"] == CACHE_CONTROL
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "Vary" not in headers


def test_who_has_the_body_gets_304_until_it_changes(alice, client, paths):
    for path in paths:
        first = client.get(path)
        asked = {"If-None-Match": f'"other", W/{first.headers["ETag"]}'}

        again = client.get(path, headers=asked)

        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"] == CACHE_CONTROL
        assert again.headers["Access-Control-Allow-Origin"] == "*"

    last = ids(first)[0]
    alice.ask("PUT", f"/api/v1/statuses/{last}", json={"status": "other"})
    for path in paths:
        assert client.get(path, headers=asked).status_code == 200


def test_an_etag_names_the_bytes(client, paths):
    answers = [client.get(path) for path in (paths[0], paths[1], paths[0] + "?limit=5")]

    tags = [answer.headers["ETag"].strip('"') for answer in answers]

    assert all(len(tag) == 32 for tag in tags)
    assert tags[0] == tags[1] == tags[2]
    assert answers[0].data == answers[1].data


def test_a_widget_knows_neither_cookies_nor_tokens(app, wiring, alice, client, paths):
    hidden = alice.say("for followers", visibility="private")
    browser = sign_in(app, wiring, alice)

    for path in [*paths, f"{ROOT}/thread/{hidden['id']}"]:
        plain = client.get(path)
        for known in (browser.get(path), alice.get(path)):
            assert known.status_code == plain.status_code
            assert known.data == plain.data
            assert "Set-Cookie" not in known.headers
            assert "Vary" not in known.headers


def test_head_has_the_headers_of_get(client, paths):
    for path in paths:
        head, got = client.head(path), client.get(path)

        assert head.data == b""
        assert head.headers["ETag"] == got.headers["ETag"]
        assert head.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize("path", ["public", "user/alice"])
def test_next_leads_through_everything_and_ends(alice, client, path):
    said = [alice.say(f"kwip {n}")["id"] for n in range(5)][::-1]

    pages = walk(client, f"{ROOT}/{path}?limit=2")

    assert pages == [said[:2], said[2:4], said[4:]]
    assert ids(client.get(f"{ROOT}/{path}?before={said[3]}")) == said[4:]


def test_a_thread_is_read_from_its_beginning_page_by_page(alice, bob, client):
    root = alice.say("one")["id"]
    first = bob.say("two", in_reply_to_id=root)["id"]
    second = bob.say("three", in_reply_to_id=root)["id"]
    below = alice.say("four", in_reply_to_id=first)["id"]
    path = f"{ROOT}/thread/{root}"

    assert walk(client, path) == [[root, first, below, second]]
    assert walk(client, f"{path}?limit=2") == [[root, first], [below, second]]
    assert walk(client, f"{path}?limit=3") == [[root, first, below], [second]]
    assert ids(client.get(f"{path}?before={below}")) == [second]
    assert client.get(f"{path}?before=1").status_code == 400
    posts = client.get(f"{ROOT}/thread/{first}").json["posts"]
    assert [p["id"] for p in posts] == [root, first, below]
    assert [p["in_reply_to_id"] for p in posts] == [None, root, first]


def test_a_long_thread_is_read_to_its_end(alice, wiring, client):
    root = alice.say("root")["id"]
    made = grow(wiring.store.database, int(root), [0, 1, *[2] * 250])
    path = f"{ROOT}/thread/{made[2]}"

    pages = walk(client, f"{path}?limit=40")

    assert [len(page) for page in pages] == [40] * 6 + [13]
    assert [post_id for page in pages for post_id in page] == list(map(str, made))
    wrong = client.get(f"{path}?before=1")
    assert wrong.status_code == 400
    assert list(wrong.json["details"]) == ["before"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("order=loud", "order"),
        ("max_id=1", "max_id"),
        ("limit[]=1", "limit"),
        ("callback=x", "callback"),
        ("%3Cscript%3E=x", "<script>"),
        ("limit=0", "limit"),
        ("limit=41", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=" + "9" * 4_500, "limit"),
        ("before=x", "before"),
        ("fields=", "fields"),
        ("fields=id,secret", "fields"),
        ("fields[]=id", "fields"),
        ("before=9223372036854775808", "before"),
    ],
)
def test_a_parameter_that_a_widget_does_not_take_is_400(client, paths, query, field):
    for path in paths:
        answer = client.get(f"{path}?{query}")

        assert answer.status_code == 400
        assert answer.json["error"]
        assert list(answer.json["details"]) == [field]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_deleted_post_is_gone_at_once(alice, client, paths):
    answers = [client.get(path) for path in paths]
    last = ids(answers[0])[0]

    alice.ask("DELETE", f"/api/v1/statuses/{last}")

    thread = client.get(f"{ROOT}/thread/{last}")
    assert thread.status_code == 404
    assert thread.json["error"]
    assert thread.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(paths[0]).json["posts"] == []
    assert client.get(paths[1]).json["posts"] == []
    assert client.get(paths[2]).json["posts"] == []


@pytest.mark.parametrize("word", ["private", "direct"])
def test_what_is_not_for_everybody_is_in_no_widget(alice, client, word):
    root = alice.say("open")
    said = alice.say("hidden", visibility=word, in_reply_to_id=root["id"])

    assert client.get(f"{ROOT}/thread/{said['id']}").status_code == 404
    assert ids(client.get(f"{ROOT}/thread/{root['id']}")) == [root["id"]]
    assert ids(client.get(f"{ROOT}/user/alice")) == [root["id"]]
    assert ids(client.get(f"{ROOT}/public")) == [root["id"]]


def test_a_widget_of_nobody_is_404(client):
    for path in (
        "user/nobody", "user/nobody/profile", "thread/1", "nothing", "user/a%20b",
        "thread/x", "user/a%20b/profile",
    ):  # fmt: skip
        answer = client.get(f"{ROOT}/{path}")

        assert answer.status_code == 404
        assert answer.json["error"]


def test_a_name_may_be_written_in_any_letter_case(client, paths):
    assert len(ids(client.get(f"{ROOT}/user/ALICE"))) == 1


def test_a_widget_is_read_and_nothing_else(client, paths):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open(paths[0], method=method).status_code == 405


def test_the_schema_is_published_and_is_one(client, alice, paths):
    answer = client.get(f"{ROOT}/schema.json")

    Draft202012Validator.check_schema(answer.json)
    assert answer.json == WIDGET_SCHEMA
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    posts = client.get(paths[0]).json
    for key in FIRST_KEYS:
        broken = dict(posts["posts"][0])
        del broken[key]
        assert not CHECK.is_valid(posts | {"posts": [broken]})


def test_the_schema_names_every_key_that_is_written(settings):
    shapes, urls = WIDGET_SCHEMA["$defs"], Urls(settings.origin)
    written = {
        "post": WidgetPostSchema,
        "author": WidgetAuthorSchema,
        "user": WidgetProfileSchema,
        "media": WidgetMediaSchema,
        "stats": WidgetStatsSchema,
    }
    for name, schema in written.items():
        fields = schema(urls, is_signed_in=False).fields
        keys = [field.data_key or key for key, field in fields.items()]

        assert sorted(shapes[name]["properties"]) == sorted(keys)
        assert shapes[name]["required"] == list(shapes[name]["properties"])


def test_a_widget_has_the_pictures_of_open_posts_alone(client, alice):
    def upload():
        file = (io.BytesIO(plain(size=(640, 480))), "me.png")
        data = {"file": file, "description": "Red."}
        return [alice.post("/api/v2/media", data=data).json["id"]]

    alice.say("#fox", media_ids=upload(), sensitive=True)
    alice.say("#fox", media_ids=upload(), visibility="private")

    body = client.get(f"{ROOT}/tag/fox").json

    (post,) = body["posts"]
    (media,) = post["media"]
    assert post["is_sensitive"]
    assert (media["type"], media["description"]) == ("image", "Red.")
    assert (media["width"], media["height"]) == (640, 480)
    for address in (media["url"], media["preview"]):
        with client.get(urlsplit(address).path) as answer:
            assert opened(answer.get_data()).size == (640, 480)


def test_a_profile_says_who_somebody_is(alice, bob, client, settings):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")

    answer = client.get(f"{ROOT}/user/ALICE/profile")

    assert answer.json["version"] == 1
    user = answer.json["user"]
    assert user["username"] == "alice"
    assert user["url"] == f"{settings.origin}/@alice"
    assert user["banner"].startswith(settings.origin)
    assert (user["followers_count"], user["following_count"]) == (1, 0)
    assert user["fields"] == []
    assert answer.headers["Cache-Control"] == CACHE_CONTROL
    assert client.get(f"{ROOT}/user/alice/profile?limit=1").status_code == 400


def test_the_counts_of_a_user_can_be_asked_for_alone(alice, bob, client):
    alice.say("hello")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")

    answer = client.get(f"{ROOT}/user/Alice/stats")

    stats = answer.json["stats"]
    joined = client.get(f"{ROOT}/user/alice/profile").json["user"]["created_at"]
    assert stats == {
        "id": alice.id,
        "username": "alice",
        "created_at": joined,
        "posts_count": 1,
        "followers_count": 1,
        "following_count": 0,
    }
    refused = client.get(f"{ROOT}/user/alice/stats?limit=1")
    assert refused.status_code == 400


def test_a_poll_is_shown_without_hidden_votes(alice, bob, client):
    asked = {"options": ["Rye", "Oats"], "expires_in": 300}
    for hides_totals in (True, False):
        poll = alice.say("Which?", poll=asked | {"hide_totals": hides_totals})["poll"]
        bob.post(f"/api/v1/polls/{poll['id']}/votes", json={"choices": [1]})

        body = client.get(f"{ROOT}/user/alice?limit=1").json

        shown = body["posts"][0]["poll"]
        assert shown.pop("ends_at") == poll["expires_at"]
        votes = (None, None) if hides_totals else (0, 1)
        assert shown == {
            "options": [
                {"title": "Rye", "votes": votes[0]},
                {"title": "Oats", "votes": votes[1]},
            ],
            "voters_count": 1,
            "is_multiple": False,
            "is_over": False,
        }


def test_a_repost_shows_what_it_is_of_and_who_reposted_it(alice, bob, client):
    said = alice.say("careful", spoiler_text="loud")
    bob.say("mine")
    repost = bob.post(f"/api/v1/statuses/{said['id']}/reblog").json
    path = f"{ROOT}/user/bob"

    body = client.get(f"{path}?limit=1").json

    (post,) = body["posts"]
    assert (post["id"], post["url"]) == (said["id"], said["url"])
    assert (post["text"], post["warning"]) == ("careful", "loud")
    assert post["author"]["username"] == "alice"
    assert post["reposted_by"]["username"] == "bob"
    assert post["cursor"] == repost["id"]
    assert body["next"].endswith(f"before={repost['id']}")
    texts = [p["text"] for p in client.get(f"{path}?reposts=false").json["posts"]]
    assert texts == ["mine"]


@pytest.mark.parametrize("kind", ["public", "tag/tea", "user/alice"])
def test_a_widget_in_the_active_order(alice, client, wiring, kind):
    made = [alice.say(f"#tea {n}")["id"] for n in range(3)]
    alice.say("hot", in_reply_to_id=made[0])
    wiring.fence.invalidate(["active:public:0", "active:tag:tea"])
    path = f"{ROOT}/{kind}?order=active&limit=2"

    assert walk(client, path) == [[made[0], made[2]], [made[1]]]


def test_a_thread_has_one_order(alice, client):
    root = alice.say("hello")["id"]

    assert client.get(f"{ROOT}/thread/{root}?order=recent").status_code == 200
    answer = client.get(f"{ROOT}/thread/{root}?order=active")
    assert list(answer.json["details"]) == ["order"]


def test_replies_of_a_user_can_be_left_out(alice, bob, client):
    said = bob.say("hello")
    alice.say("@bob hi", in_reply_to_id=said["id"])
    alice.say("mine")

    def texts(query):
        answer = client.get(f"{ROOT}/user/alice?{query}")
        return [post["text"] for post in answer.json["posts"]]

    assert texts("") == texts("replies=true") == ["mine", "@bob hi"]
    assert texts("replies=false&order=recent") == ["mine"]
    assert client.get(f"{ROOT}/user/alice?replies=maybe").status_code == 400
    assert client.get(f"{ROOT}/public?replies=false").status_code == 400


def test_a_page_gets_no_more_of_a_post_than_it_asks_for(client, paths):
    for path in paths:
        (post,) = client.get(f"{path}?fields=html,url").json["posts"]

        assert list(post) == ["url", "html"]


def test_a_hashtag_is_found_in_every_form_of_it_and_nonsense_is_named(client, paths):
    for name in ("fox", "FOX", "%23fox", "\uff26\uff2f\uff38"):
        assert len(client.get(f"{ROOT}/tag/{name}").json["posts"]) == 1
    assert client.get(f"{ROOT}/tag/bear").json["posts"] == []
    answer = client.get(f"{ROOT}/tag/a%20b")
    assert (answer.status_code, list(answer.json["details"])) == (400, ["hashtag"])


def test_a_search_shows_public_posts_and_nothing_that_was_hidden_since(
    wiring, alice, bob, client
):
    said = [each.say(f"green tea {n}")["id"] for n, each in enumerate((alice, bob))]
    for post_id in said:
        lease = wiring.services.fanout.begin(int(post_id))
        wiring.services.fanout.deliver(lease)
    path = f"{ROOT}/search?q=green+tea"

    first = client.get(path)
    assert first.headers["Cache-Control"] == CACHE_CONTROL
    assert ids(first) == said[::-1]
    assert walk(client, f"{path}&limit=1") == [[said[1]], [said[0]]]
    assert list(client.get(f"{path}&fields=id").json["posts"][0]) == ["id"]
    alice.ask("PUT", f"/api/v1/statuses/{said[0]}", json={"status": "black coffee"})
    assert ids(client.get(path)) == [said[1]]
    opt_out(wiring, bob)
    assert ids(client.get(path)) == []
    for query, field in (
        ("", "q"),
        ("?q=has:wings", "q"),
        ("?q=a&replies=1", "replies"),
    ):
        refused = client.get(f"{ROOT}/search{query}")
        assert (refused.status_code, list(refused.json["details"])) == (400, [field])


def opt_out(wiring, person):
    viewer = Viewer(id=person.user.id, username=person.user.username, digest="")
    wiring.services.users.update_profile(viewer, ProfileChange(is_embeddable=False))


def test_who_does_not_want_to_be_embedded_is_in_no_widget(
    wiring, alice, bob, client, paths
):
    said = ids(client.get(paths[0]))[0]
    answer = bob.say("@alice ho", in_reply_to_id=said)["id"]
    bob.post(f"/api/v1/statuses/{said}/reblog")
    own = bob.say("mine")["id"]
    opt_out(wiring, alice)

    for path, why in (
        (f"{ROOT}/user/alice", "This user has turned widgets off."),
        (f"{ROOT}/user/alice/profile", "This user has turned widgets off."),
        (f"{ROOT}/user/alice/stats", "This user has turned widgets off."),
        (paths[3], "Kwip not found."),
    ):
        refused = client.get(path)
        assert (path, refused.status_code) == (path, 404)
        assert refused.json == {"error": why}
        assert refused.headers["Cache-Control"] == "no-store"
    assert ids(client.get(paths[0])) == [own]
    assert ids(client.get(paths[2])) == []
    assert ids(client.get(f"{ROOT}/user/bob")) == [own, answer]
    assert ids(client.get(f"{ROOT}/thread/{answer}")) == [answer]


def test_a_page_is_full_though_somebody_is_left_out(wiring, alice, bob, client):
    for number in range(3):
        alice.say(f"hers {number}")
        bob.say(f"his {number}")
    opt_out(wiring, alice)

    answer = client.get(f"{ROOT}/public?limit=2").json

    assert [post["text"] for post in answer["posts"]] == ["his 2", "his 1"]
    following = client.get(f"{ROOT}{answer['next'].partition(ROOT)[2]}").json
    assert [post["text"] for post in following["posts"]] == ["his 0"]
    assert following["next"] is None


def test_a_widget_shows_what_is_quoted_unless_its_author_has_turned_them_off(
    client, alice, bob, wiring
):
    said = alice.say("hello", quoted_status_id=bob.say("quoted")["id"])
    path = f"{ROOT}/user/alice"

    shown = client.get(path).json
    viewer = Viewer(id=bob.user.id, username="bob", digest="")
    wiring.services.users.update_profile(viewer, ProfileChange(is_embeddable=False))
    hidden = client.get(path).json

    [post] = shown["posts"]
    quoted = post["quote"]["post"]
    assert (post["id"], post["quote"]["state"]) == (said["id"], "accepted")
    assert (quoted["text"], quoted["quote"]) == ("quoted", None)
    assert hidden["posts"][0]["quote"] == {"state": "unauthorized", "post": None}
