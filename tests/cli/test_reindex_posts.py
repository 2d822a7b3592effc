"""`kwip reindex counters` and `kwip reindex tags`: repair, resume, verify."""

from __future__ import annotations

import pytest

from kwip.cli.parts import retagging_by
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.timelines.pages import PageRequest
from kwip.jobs.registry import jobs
from kwip.services.maintenance.reindexing import rebuild, retagging, search_rebuild
from kwip.store.maintenance.retagging import RetagStore
from kwip.store.posting.counters import CounterStore
from kwip.store.posting.search import SearchStore
from tests.thorough import part
from tests.wired import sign_up

INTERRUPTED = 130


@pytest.fixture
def world(wiring, once):
    """Return alice and bob, and a conversation of theirs with reactions."""

    def make():
        return make_world(wiring)

    return once(make)


def make_world(wiring):
    alice, bob = (sign_up(wiring, name) for name in ("alice", "bob"))
    services, do = wiring.services, jobs(wiring.services)
    services.relationships.follow(bob, alice.id)
    do["edge"](f"{bob.id}:{alice.id}")
    poll = NewPoll(titles=("Green", "Black"), duration_s=3_600)
    root = services.posts.publish(alice.id, Draft(text="@bob any #tea?", poll=poll))
    reply = services.posts.publish(
        bob.id, Draft(text="#Tea and #toast", in_reply_to_id=root.id)
    )
    other = services.posts.publish(bob.id, Draft(text="No tags", quote_of_id=reply.id))
    for post in (root, reply, other):
        do["fanout"](str(post.id))
    services.reactions.favourite(bob, root.id)
    services.polls.vote(bob, root.id, [1])
    return alice, bob, root, reply, other


def put(wiring, collection, document_id, **fields):
    result = wiring.store.database[collection].update_one(
        {"_id": document_id}, {"$set": fields}
    )
    assert result.modified_count == 1


def break_counters(wiring, world):
    alice, bob, root, reply, _ = world
    put(wiring, "users", alice.id, posts_count=7, followers_count=0)
    put(wiring, "users", bob.id, following_count=3)
    put(wiring, "posts", root.id, replies_count=0, favourites_count=5)
    put(wiring, "posts", root.id, **{"poll.voters": 2, "poll.options.1.votes": 0})
    put(wiring, "posts", reply.id, reposts_count=2, quotes_count=0)


def break_tags(wiring, world):
    _, _, root, reply, _ = world
    put(wiring, "posts", root.id, hashtags=[], tags=[])
    put(wiring, "posts", reply.id, tags=["tea", "coffee"])


def break_repeats(wiring, world):
    _, _, root, reply, other = world
    put(wiring, "posts", root.id, said=7)
    put(wiring, "posts", other.id, repeats_id=reply.id)


def tagged(wiring, tag):
    page = wiring.services.timelines.tag(
        None, wiring.services.loaders.begin(), tag, PageRequest()
    )
    return [view.post.id for view in page.items]


def break_search(wiring, world):
    _, _, root, reply, _ = world
    put(wiring, "search_posts", root.id, terms=["coffee"], version=0)
    wiring.store.database["search_posts"].delete_one({"_id": reply.id})


BREAKS = {
    "search": (break_search, 2),
    "counters": (break_counters, 4),
    "tags": (break_tags, 2),
    "repeats": (break_repeats, 2),
}
#: What each of them counts, and how many of it there are.
LOOKED_AT = {
    "counters": ("posts", 3),
    "tags": ("posts", 3),
    "repeats": ("authors", 2),
    "search": ("posts", 3),
}
each_kind = pytest.mark.parametrize("what", BREAKS)


@each_kind
def test_verify_finds_nothing_in_a_sound_world(kwip, world, what):
    run = kwip("reindex", "verify", what, "--json")

    assert (run.code, run.json["differences"]) == (0, [])
    name, count = LOOKED_AT[what]
    assert run.json[name] == count


@each_kind
def test_what_differs_is_named_and_mended(kwip, wiring, world, what):
    corrupt, broken = BREAKS[what]
    corrupt(wiring, world)
    before = kwip("reindex", "verify", what, "--json")
    dry = kwip("reindex", what, "--dry-run", "--json")
    run = kwip("reindex", what, "--json")

    assert (before.code, dry.code, run.code) == (1, 1, 0)
    assert before.json["differences"] == dry.json["differences"]
    assert len({text.partition(":")[0] for text in before.json["differences"]}) == (
        broken
    )
    assert (run.json["repaired"], run.json["differences"]) == (broken, [])
    assert kwip("reindex", "verify", what).code == 0
    assert kwip("fsck").code == 0
    assert kwip("reindex", what, "--json").json["repaired"] == 0


def test_a_counter_that_differs_is_one_line(kwip, wiring, world):
    put(wiring, "users", world[0].id, posts_count=7)
    lines = kwip("reindex", "verify", "counters").out.splitlines()

    assert lines[0] == (
        f"user {world[0].id}: posts_count is 7, should be 1"
        " (run `kwip reindex counters`)"
    )
    assert lines[1].startswith("counters: 2 users, 3 posts, 1 difference;")


@each_kind
def test_status_tells_how_far_it_came(kwip, world, what):
    kwip("reindex", what)
    found = kwip("reindex", "status", "--json").json

    name, count = LOOKED_AT[what]
    assert (found[what]["state"], found[what][name]) == ("done", count)
    assert found["state"] == "never"


def test_repeats_that_an_older_version_stored_are_found(kwip, wiring, world):
    alice = world[0]
    made = [
        wiring.services.posts.publish(alice.id, Draft(text="Tea?")).id for _ in range(3)
    ]
    wiring.store.database["posts"].update_many(
        {}, {"$set": {"schema": 2}, "$unset": {"said": "", "repeats_id": ""}}
    )
    run = kwip("reindex", "repeats", "--json")

    assert (run.code, run.json["repaired"]) == (0, 2)
    posts = wiring.stores.posts.get_many(made)
    assert [posts[i].repeats_id for i in made] == [None, *made[:2]]


def test_user_is_for_timelines(kwip):
    run = kwip("reindex", "verify", "tags", "--user", "alice")

    assert (run.code, run.err) == (
        2,
        "kwip: --user only works with timelines, not with tags.\n",
    )


@pytest.mark.parametrize("looks", part(range(1, 7), of=2))
def test_counting_that_died_goes_on(kwip, wiring, world, monkeypatch, looks):
    monkeypatch.setattr(rebuild, "PAGE", 1)
    break_counters(wiring, world)
    settle, left = CounterStore.settle_post, [looks]

    def die(store, post_id, *, repairs=False):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return settle(store, post_id, repairs=repairs)

    with monkeypatch.context() as dying:
        dying.setattr(CounterStore, "settle_post", die)
        assert kwip("reindex", "counters").code == INTERRUPTED
    interrupted = kwip("reindex", "status", "--json").json["counters"]
    assert (interrupted["state"], interrupted["users"]) == ("running", 2)

    run = kwip("reindex", "counters", "--json")

    assert (run.json["users"], run.json["posts"]) == (2, 3)
    assert kwip("reindex", "verify", "counters").code == 0


def test_parsing_that_died_goes_on(kwip, wiring, world, monkeypatch):
    monkeypatch.setattr(retagging, "PAGE", 1)
    break_tags(wiring, world)
    rewrite = RetagStore.rewrite

    def die(store, old, new):
        if old.id == world[3].id:
            raise KeyboardInterrupt
        return rewrite(store, old, new)

    with monkeypatch.context() as dying:
        dying.setattr(RetagStore, "rewrite", die)
        assert kwip("reindex", "tags").code == INTERRUPTED
    assert kwip("reindex", "status", "--json").json["tags"]["posts"] == 1

    run = kwip("reindex", "tags", "--json")

    assert (run.json["posts"], run.json["repaired"]) == (3, 2)
    assert kwip("reindex", "verify", "tags").code == 0


def test_indexing_that_died_goes_on(kwip, wiring, world, monkeypatch):
    monkeypatch.setattr(search_rebuild, "PAGE", 1)
    wiring.store.database["search_posts"].delete_many({})
    put_posts = SearchStore.put

    def die(store, documents):
        documents = list(documents)
        if documents and documents[0]["_id"] == world[4].id:
            raise KeyboardInterrupt
        return put_posts(store, documents)

    with monkeypatch.context() as dying:
        dying.setattr(SearchStore, "put", die)
        assert kwip("reindex", "search").code == INTERRUPTED
    assert kwip("reindex", "status", "--json").json["search"]["posts"] == 2

    run = kwip("reindex", "search", "--json")

    assert (run.json["posts"], run.json["repaired"]) == (3, 3)
    assert kwip("reindex", "verify", "search").code == 0


def test_fsck_finds_and_repairs_what_search_does_not_have(kwip, wiring, world):
    break_search(wiring, world)
    index = wiring.store.database["search_posts"]
    index.insert_one({"_id": 7, "version": 1, "terms": ["tea"]})

    found = kwip("fsck", "--json")
    repaired = kwip("fsck", "--repair", "--json")

    places = {str(world[2].id), str(world[3].id), "7"}
    assert {each["id"] for each in found.json["findings"]} == places
    assert {each["check"] for each in found.json["findings"]} == {"search"}
    assert (found.code, repaired.code) == (1, 0)
    assert index.count_documents({}) == 3


def test_a_counter_that_moves_meanwhile_is_exact(kwip, wiring, world, monkeypatch):
    alice, bob, root, _, _ = world
    break_counters(wiring, world)
    count = CounterStore._reacted
    moves = [
        lambda: wiring.services.reactions.unfavourite(bob, root.id),
        lambda: wiring.services.reactions.favourite(alice, root.id),
    ]

    def move_meanwhile(store, ids, session=None):
        found = count(store, ids, session)
        if session is not None and moves:
            moves.pop()()
        return found

    monkeypatch.setattr(CounterStore, "_reacted", move_meanwhile)
    kwip("reindex", "counters")

    assert moves == []
    assert kwip("reindex", "verify", "counters").code == 0


def test_a_post_that_is_edited_meanwhile_is_looked_at_again(
    wiring, settings, world, monkeypatch
):
    alice, _, root, _, _ = world
    break_tags(wiring, world)
    rewrite, edits = RetagStore.rewrite, ["Any #coffee?"]

    def edit_first(store, old, new):
        if edits:
            wiring.services.posts.edit(alice, root.id, Edit(text=edits.pop()))
        return rewrite(store, old, new)

    monkeypatch.setattr(RetagStore, "rewrite", edit_first)

    assert retagging_by(wiring, settings).retag(root.id)
    post = wiring.stores.posts.get_many([root.id])[root.id]
    assert (post.text, post.tags) == ("Any #coffee?", ("coffee",))


def test_new_hashtags_are_seen_at_once(kwip, wiring, world):
    _, _, root, reply, _ = world
    assert wiring.fence.await_lease(within_s=30)
    break_tags(wiring, world)
    assert tagged(wiring, "tea") == [reply.id]
    assert tagged(wiring, "coffee") == [reply.id]

    kwip("reindex", "tags")

    assert tagged(wiring, "tea") == [reply.id, root.id]
    assert (tagged(wiring, "coffee"), tagged(wiring, "toast")) == ([], [reply.id])


def test_a_preview_of_a_link_that_was_none_is_looked_up_again(kwip, wiring, world):
    _, _, root, _, _ = world
    url = "https://tea.example/"
    preview = LinkPreview(url=url, kind=PreviewKind.LINK, title="Tea")
    wiring.services.previews.of_posts.settle(root, preview)
    put(wiring, "posts", root.id, links=[{"start": 0, "end": 3, "url": url}])

    kwip("reindex", "tags")

    stored = wiring.store.database["posts"].find_one({"_id": root.id})
    assert (stored["links"], "preview" in stored) == ([], False)
    assert "preview_due_at" in stored
    assert kwip("fsck").code == 0


def test_mentions_and_tombstones_stay_as_they_are(kwip, wiring, world):
    _, bob, root, reply, _ = world
    wiring.services.posts.delete(bob, reply.id)
    put(wiring, "posts", root.id, hashtags=[], tags=[])
    tombstone = wiring.store.database["posts"].find_one({"_id": reply.id})

    kwip("reindex", "tags")

    post = wiring.stores.posts.get_many([root.id])[root.id]
    assert [mention.user_id for mention in post.mentions] == [bob.id]
    assert wiring.store.database["posts"].find_one({"_id": reply.id}) == tombstone


def test_all_does_all_of_it(kwip, wiring, world):
    for corrupt, _ in BREAKS.values():
        corrupt(wiring, world)
    dry = kwip("reindex", "all", "--dry-run", "--json")
    run = kwip("reindex", "all", "--json")

    assert (dry.code, run.code) == (1, 0)
    assert run.json["counters"]["repaired"] == 4
    assert run.json["tags"]["repaired"] == 2
    assert run.json["repeats"]["repaired"] == 2
    assert run.json["timelines"]["rebuilt"] == 2
    assert kwip("reindex", "all", "--dry-run").code == 0
