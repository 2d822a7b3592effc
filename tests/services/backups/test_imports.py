"""Imports of archives and tables into an account that is there already."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
import zipfile

import pytest

from kwip.domain.accounts.transfers import ARCHIVE
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import ConflictError, InvalidError, RateLimitedError
from kwip.domain.ids import MAX_ID, first_id_at, ms_of
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.lists import ListChange
from kwip.services.backups.kwips_import import KwipsImport
from kwip.services.backups.post_import import PostImport
from kwip.services.backups.sources import containers
from kwip.services.backups.sources.items import ImportedKwip
from kwip.services.delivery.search_index import SearchIndex
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.store.maintenance.audit import AuditStore
from kwip.text.translation import in_language
from tests.pictures import plain
from tests.servers import settings_in
from tests.wired import Silence, home_of

SITE, PUBLIC = "https://old.example/users/alice", "as:Public"
ID = 109_000_000_000_000_000


def note(number, text, *, second=0, visible=PUBLIC, **fields):
    made = {
        "id": f"{SITE}/statuses/{ID + (number << 16)}",
        "type": "Note",
        "published": f"2022-10-01T10:00:{second:02}Z",
        "content": f"<p>{text}</p>",
        "to": [visible],
    }
    return {"type": "Create", "object": made | fields}


def tarred(**members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    file.seek(0)
    return file


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def outbox(*rows):
    return json.dumps({"orderedItems": rows}).encode()


def mastodon():
    picture = {"url": "/media_attachments/files/1.png", "name": "A loaf"}
    first = note(1, "Rye &amp; <a href='#'>#bread</a><br>again")
    rows = (
        first,
        note(2, "more", second=1, inReplyTo=first["object"]["id"]),
        note(3, "@bob yes", second=2, inReplyTo="https://far.example/1"),
        note(4, "A loaf", second=3, attachment=[picture], sensitive=True),
        note(5, "x" * 501, second=4),
        note(6, "for followers", second=5, visible=f"{SITE}/followers"),
        {"type": "Announce", "object": "https://far.example/2"},
        {"type": "Create", "object": {"id": 3}},
        *(note(7, "same moment", second=6, id=f"{SITE}/statuses/{i}") for i in "ab"),
    )
    members = {"media_attachments/files/1.png": plain(), "actor.json": b"{}"}
    return tarred(**{"outbox.json": outbox(*rows)}, **members)


@pytest.fixture
def imports(kwip, monkeypatch):
    monkeypatch.setattr(KwipsImport, "sleep", lambda *_: None, raising=False)
    return kwip.services.imports


@pytest.fixture
def bring(imports, rings, alice):
    """Return a function that imports a file for alice; gives what became of it."""

    def bring(file, kind=ARCHIVE):
        imports.request(alice, file, kind, "archive.zip")
        rings.run()
        return imports.find(alice)

    return bring


def kwips(mongodb, user):
    found = mongodb["posts"].find({"author_id": user.id}, sort=[("_id", 1)])
    return {each["text"]: each for each in found}


def check_kwips(found):
    first, reply = found["Rye & #bread\nagain"], found["more"]
    assert [tag["name"] for tag in first["hashtags"]] == ["bread"]
    assert f"{first['created_at']:%Y-%m-%dT%H:%M:%S}" == "2022-10-01T10:00:00"
    assert reply["in_reply_to_id"] == reply["root_id"] == first["_id"]
    other = found["@bob yes"]
    assert (other["in_reply_to_id"], other["mentions"]) == (None, [])
    [loaf] = found["A loaf"]["media"]
    assert (loaf["description"], found["A loaf"]["is_sensitive"]) == ("A loaf", True)
    assert found["for followers"]["visibility"] == "followers"
    assert {each["source"] for each in found.values()} == {"import"}


def test_kwips_from_mastodon_keep_dates_threads_and_files_and_disturb_nobody(
    kwip, imports, bring, alice, bob, rings, mongodb
):
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()
    mongodb["notifications"].delete_many({})

    with in_language("de"):
        done = bring(mastodon())

    assert (done.state, done.problem) == ("done", "")
    assert dict(done.counts) == {"kwips": 7, "known": 0, "left_out": 3}
    found = kwips(mongodb, alice)
    check_kwips(found)
    assert home_of(kwip, bob) == home_of(kwip, alice) == []
    posts = kwip.stores.posts
    assert posts.listed(below=MAX_ID, limit=9) == []
    assert posts.tagged("bread", below=MAX_ID, limit=9) == []
    assert mongodb["notifications"].count_documents({}) == 0
    assert mongodb["search_posts"].count_documents({}) == 7
    assert Fsck(AuditStore(kwip.store), system_clock_ms).run(Silence()).findings == []
    kwip.services.home_backfill.rebuild(bob.id)
    assert home_of(kwip, bob) == []
    with imports.report(alice).content as report:
        text = report.read().decode()
    assert "2022-10-01T10:00:04" in text
    assert "Reposts werden nicht importiert." in text
    assert not imports.media.has(done.path)

    again = bring(mastodon())

    assert dict(again.counts) == {"kwips": 0, "known": 7, "left_out": 3}
    assert mongodb["posts"].count_documents({}) == 7


def test_tweets_come_in_parts_with_their_addresses_and_files(bring, alice, mongodb):
    def tweet(number, text, **fields):
        made = {
            "id_str": str(number),
            "full_text": text,
            "created_at": "Wed Oct 10 20:19:24 +0000 2018",
        }
        return {"tweet": made | fields}

    def part(number, *tweets):
        return f"window.YTD.tweets.part{number} = {json.dumps(tweets)}"

    urls = [{"url": "https://t.co/a", "expanded_url": "https://example.org/rye"}]
    media = [{"url": "https://t.co/b", "media_url_https": "https://pbs/x.png"}]
    first = tweet(10, "Rye &lt;3 https://t.co/a", entities={"urls": urls}, lang="en")
    second = tweet(11, "loaf https://t.co/b", extended_entities={"media": media})
    thread = tweet(12, "more", in_reply_to_status_id_str="10")
    members = {
        "data/tweets.js": part(0, tweet(13, "RT @bob: hi"), thread, second),
        "data/tweets-part1.js": part(1, first),
        "data/tweets_media/11-x.png": plain(),
    }

    done = bring(zipped(**members))

    assert dict(done.counts) == {"kwips": 3, "known": 0, "left_out": 1}
    found = kwips(mongodb, alice)
    rye = found["Rye <3 https://example.org/rye"]
    assert f"{rye['created_at']:%Y-%m-%d %H:%M:%S}" == "2018-10-10 20:19:24"
    assert [link["url"] for link in rye["links"]] == ["https://example.org/rye"]
    assert len(found["loaf"]["media"]) == 1


def relate(kwip, bob, carol):
    """Let bob follow, list and note carol, and follow a hashtag."""
    kwip.services.relationships.follow(bob, carol.id)
    bakers = kwip.services.lists.create(bob, ListChange(title="Bakers"))
    kwip.services.lists.add(bob, bakers.id, [carol.id])
    kwip.services.followed_tags.follow(bob, "rye")
    kwip.stores.notes.write(bob.id, carol.id, "met at the fair")


def check_relations(kwip, alice, carol):
    relations = kwip.stores.relationships.relations([alice.id])[alice.id]
    assert (relations.follows, relations.tags) == ({carol.id}, {"rye"})
    [made] = kwip.stores.lists.of_owners([alice.id])[alice.id]
    assert kwip.stores.lists.find(made.id).member_ids == {carol.id}


def test_an_archive_of_kwip_adds_what_is_not_here(
    kwip, imports, bring, alice, bob, carol, rings, mongodb
):
    relate(kwip, bob, carol)
    root = kwip.services.posts.publish(bob.id, Draft(text="Rye"))
    reply = Draft(text="wheat", in_reply_to_id=root.id)
    kwip.services.posts.publish(bob.id, reply)
    rings.run()
    exports = kwip.services.exports
    exports.request(bob)
    rings.run()
    mongodb["posts"].delete_one({"text": "wheat"})
    mongodb["posts"].update_one({}, {"$set": {"last_public_reply_id": root.id}})

    with exports.open(bob).content as file:
        own = imports.run(bob, file, ARCHIVE, Silence())
        assert mongodb["posts"].count_documents({"root_id": root.id}) == 2
        # A reply that is brought back is no news in homes.
        assert kwips(mongodb, bob)["Rye"]["last_public_reply_id"] == root.id
        done = bring(file)

    assert {n: c for n, c in own.counts.items() if c} == {"kwips": 1, "known": 3}
    added = {"kwips": 2, "follows": 1, "lists": 1, "notes": 1}
    assert {n: c for n, c in done.counts.items() if c} == added
    check_relations(kwip, alice, carol)
    assert mongodb["notifications"].count_documents({"recipient_id": carol.id}) == 1
    found = kwips(mongodb, alice)
    assert ms_of(found["Rye"]["_id"]) == ms_of(root.id)
    assert found["wheat"]["in_reply_to_id"] == found["Rye"]["_id"]
    assert found["Rye"]["last_public_reply_id"] == found["wheat"]["_id"]


@pytest.mark.parametrize(
    ("where", "step"),
    [(PostImport, "insert_many"), (SearchIndex, "put")],
    ids=["between two batches", "before they are indexed"],
)
def test_an_import_goes_on_where_its_worker_died(
    imports, rings, alice, mongodb, monkeypatch, where, step
):
    monkeypatch.setattr("kwip.services.backups.kwips_import._BATCH", 2)
    imports.request(alice, mastodon(), ARCHIVE, "archive.tar.gz")
    rings.waiting.clear()
    real, calls = getattr(where, step), []

    def dies(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as killed:
        killed.setattr(where, step, dies)
        with pytest.raises(KeyboardInterrupt):
            imports.settle(alice.id)
    assert 0 < mongodb["posts"].count_documents({}) < 7
    assert imports.settle(alice.id) == "nothing"  # the lease lasts
    past = {"$set": {"leased_until": at(0)}}
    mongodb["imports"].update_one({"_id": alice.id}, past)

    assert imports.settle(alice.id) == "done"

    ids = {each["_id"] for each in mongodb["posts"].find()}
    assert len(ids) == 7
    assert {each["_id"] for each in mongodb["search_posts"].find()} == ids
    assert mongodb["users"].find_one({"_id": alice.id})["posts_count"] == 7


def test_workers_that_die_one_after_the_other_leave_nothing_unindexed(
    imports, rings, alice, mongodb, monkeypatch
):
    monkeypatch.setattr("kwip.services.backups.kwips_import._BATCH", 2)
    imports.request(alice, mastodon(), ARCHIVE, "archive.tar.gz")
    rings.waiting.clear()
    insert_many, put = PostImport.insert_many, SearchIndex.put
    stored = []

    def stores(*arguments):
        stored.append(1)
        return insert_many(*arguments)

    def dies(index, posts):
        if stored:  # between the two
            raise KeyboardInterrupt
        put(index, posts)

    for _ in "12":
        stored.clear()
        with monkeypatch.context() as killed:
            killed.setattr(PostImport, "insert_many", stores)
            killed.setattr(SearchIndex, "put", dies)
            with pytest.raises(KeyboardInterrupt):
                imports.settle(alice.id)
        past = {"$set": {"leased_until": at(0)}}
        mongodb["imports"].update_one({"_id": alice.id}, past)
    assert imports.settle(alice.id) == "done"

    ids = {each["_id"] for each in mongodb["posts"].find()}
    assert {each["_id"] for each in mongodb["search_posts"].find()} == ids
    assert len(ids) == 7


def old(number, text="", **fields):
    """Make a kwip that is a second younger than the one before."""
    made = {"key": str(number), "written_ms": 1_600_000_000_500 + number * 1_000}
    return ImportedKwip(text=text or f"Number {number}", **made | fields)


OLD = (
    old(1, "again"),
    old(2, "yes #rye", reply_to="1"),
    old(3, reply_to="2"),
    old(4, "again"),
    old(5, quote_of="2"),
    old(6, reply_to="9"),
)


def test_kwips_are_stored_together_as_each_would_be_alone(
    kwip, imports, alice, mongodb, monkeypatch
):
    def stored():
        report = imports.kwips.run(alice, None, OLD, Silence())
        assert (report.counts["kwips"], report.left_out) == (len(OLD), [])
        audit = Fsck(AuditStore(kwip.store), system_clock_ms)
        assert audit.run(Silence()).findings == []
        return [d | {"fanout": None} for d in mongodb["posts"].find().sort("_id")]

    together = stored()
    mongodb["posts"].delete_many({})
    mongodb["users"].update_many({}, {"$set": {"posts_count": 0}})
    monkeypatch.setattr(PostImport, "insert_many", refuse)
    alone = stored()

    assert together == alone
    assert [d["replies_count"] for d in together] == [1, 1, 0, 0, 0, 0]
    assert [d["quotes_count"] for d in together] == [0, 1, 0, 0, 0, 0]
    assert together[3]["repeats_id"] == together[0]["_id"]


def refuse(*_):
    raise ConflictError("An id is taken.")


def test_kwips_of_the_same_millisecond_come_with_ids_of_their_own(
    imports, alice, mongodb, monkeypatch
):
    first = first_id_at(1_600_000_000_000)
    monkeypatch.setattr(ImportedKwip, "ids", lambda *_: iter(range(first, first + 3)))
    done = imports.kwips.run(alice, None, OLD[:3], Silence())
    again = imports.kwips.run(alice, None, OLD[:3], Silence())

    assert (done.counts["kwips"], again.counts["known"]) == (3, 3)
    assert mongodb["posts"].count_documents({}) == 3


def test_a_cancelled_import_stops_and_leaves_no_file(
    imports, rings, alice, mongodb, monkeypatch
):
    monkeypatch.setattr("kwip.services.backups.kwips_import._BATCH", 2)
    monkeypatch.setattr("kwip.services.backups.transferring._NOTE_S", 0)
    imports.request(alice, mastodon(), ARCHIVE, "archive.tar.gz")
    with pytest.raises(ConflictError):
        imports.request(alice, mastodon(), ARCHIVE, "archive.tar.gz")
    put = SearchIndex.put
    monkeypatch.setattr(SearchIndex, "put", lambda *a: (put(*a), imports.cancel(alice)))

    rings.run()

    found = imports.find(alice)
    assert (found.state, mongodb["posts"].count_documents({})) == ("cancelled", 2)
    assert not imports.media.has(found.path)


def test_bombs_and_what_is_no_archive_are_refused_before_anything_is_stored(
    imports, alice, mongodb
):
    bad = {
        "no archive": io.BytesIO(b"hello"),
        "a bomb": zipped(**{"outbox.json": bytes(30_000_000)}),
        "a packed bomb": tarred(**{"outbox.json": bytes(30_000_000)}),
        "of nobody": zipped(**{"../../etc/passwd": b"x"}),
    }
    for file in bad.values():
        with pytest.raises(InvalidError) as error:
            imports.request(alice, file, ARCHIVE, "x")
        assert error.value.fields["file"]
    with pytest.raises(InvalidError):
        imports.request(alice, io.BytesIO(b"a,b,c"), "lists", "x")
    assert mongodb["imports"].count_documents({}) == 0
    assert list(imports.media.files()) == []


def pax_bomb():
    """Return a small archive with a header that is read into memory as a whole."""
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, 64_000_000
    return gzip.compress(header.tobuf() + bytes(header.size) + bytes(1024))


def headers_bomb(kind):
    """Return an archive of headers that are small, and too many together."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
        for number in range(40):
            header, folder = tarfile.TarInfo("header"), tarfile.TarInfo("folder")
            header.type, folder.type = kind, tarfile.DIRTYPE
            header.size = 512 * 1_000
            text = f"{header.size} key{number}=".encode()
            packed.write(header.tobuf() + text.ljust(header.size - 1, b"x") + b"\n")
            packed.write(folder.tobuf())
        packed.write(bytes(1024))
    return file.getvalue()


def sparse_bomb():
    """Return a tar archive with a member whose map of holes never ends."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("outbox.json")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
        rows = b"999999999\n" + b"0\n" * 500_000
        info.size = len(rows)
        tar.addfile(info, io.BytesIO(rows))
    return file.getvalue()


def test_archives_that_would_fill_memory_or_disk_are_refused(imports, alice):
    tracemalloc.start()
    try:
        bombs = (*map(headers_bomb, (tarfile.XGLTYPE, tarfile.XHDTYPE)), pax_bomb())
        for content in (*bombs, sparse_bomb()):
            tracemalloc.reset_peak()
            with pytest.raises(InvalidError) as error:
                imports.request(alice, io.BytesIO(content), ARCHIVE, "x")
            assert error.value.fields["file"]
            assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_an_archive_with_too_many_entries_is_refused_before_all_are_read(
    monkeypatch,
):
    file, folders = zipped(a=b"1", b=b"2"), io.BytesIO()
    with tarfile.open(fileobj=folders, mode="w:gz") as tar:
        for name in "abc":
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
    monkeypatch.setattr(containers, "MOST_MEMBERS", 1)
    monkeypatch.setattr(zipfile.ZipFile, "__init__", None)

    for each in (file, folders):
        with pytest.raises(InvalidError), containers.opened(each):
            pass


def kwip_row(text):
    empty = ("warning", "is_sensitive", "in_reply_to_id", "quote_of_id", "repost_of_id")
    row = dict.fromkeys(empty, "") | {"id": "1", "text": text, "media": []}
    row |= {"visibility": "public", "quote_policy": "public"}
    return json.dumps(row).encode() + b"\n"


@pytest.mark.parametrize("source", ["mastodon", "kwip"])
def test_texts_that_would_fill_memory_are_refused(bring, mongodb, monkeypatch, source):
    monkeypatch.setattr(containers, "MOST_TEXT_BYTES", 1_000_000)
    monkeypatch.setattr(containers, "MOST_VALUES", 1_000, raising=False)
    bombs = {
        "mastodon": {"outbox.json": b'{"orderedItems": [' + b"{}," * 2_000 + b"{}]}"},
        "kwip": {"kwips.jsonl": kwip_row("x" * 3_000) * 500},
    }

    done = bring(zipped(**bombs[source]))

    assert (done.state, "larger than" in done.problem) == ("failed", True)


def ask(name, votes):
    return {"name": name, "replies": {"totalItems": votes}}


def test_hostile_values_in_an_outbox_are_left_out(imports, bring, alice, mongodb):
    rows = (
        note(1, "language", contentMap=[{"$a": 1}]),
        note(2, "words", second=1, contentMap={"<b>" * 99: ""}),
        note(3, "warning", second=2, summary={"a": 1}),
        note(4, "good", second=3, contentMap={"pt-BR": ""}),
        note(5, "path", second=4, attachment=[{"url": "/" * 90_000, "name": [1]}]),
        note(6, "<p>" * 100_000, second=5),
        note(7, "key", second=6, id="\ud800", inReplyTo="\ud800"),
        note(8, "=1+1 " + "x" * 501, second=7),
        note(9, "tea?", second=8, oneOf=[ask("yes", 3), {"name": "no"}]),
        note(10, "votes", second=9, oneOf=[ask("yes", [1])]),
    )

    done = bring(zipped(**{"outbox.json": outbox(*rows)}))

    assert done.state == "done"
    found = kwips(mongodb, alice)
    assert found["good"]["language"] == "pt-BR"
    assert "tea?\n\n- yes: 3\n- no: 0" in found
    assert {each["language"] for each in found.values()} == {None, "pt-BR"}
    assert done.counts["left_out"] > 1
    with imports.report(alice).content as report:
        assert ",'=1+1 x" in report.read().decode()


def test_a_damaged_archive_is_refused_before_anything_is_written(bring, mongodb):
    done = bring(zipped(**{"outbox.json": b'{"orderedItems": ['}))

    assert (done.state, done.problem) == (
        "failed",
        "outbox.json can't be read: it isn't valid JSON.",
    )
    assert mongodb["posts"].count_documents({}) == 0


def test_tables_of_mastodon_add_people_lists_and_bookmarks_of_this_site(
    kwip, bring, alice, bob, carol, mongodb
):
    post = kwip.services.posts.publish(bob.id, Draft(text="Rye"))
    site = kwip.services.mails.site
    host = site.host
    tables = {
        "follows": f"Account address,Show boosts\nbob@{host},true\nx@far.example,true",
        "mutes": f"Account address,Hide notifications\ncarol@{host},true\n",
        "lists": f'"Bakers, best",bob@{host}\n"Bakers, best",nobody@{host}\n',
        "bookmarks": f"{site.page(f'/@bob/{post.id}')}\nhttps://far.example/@x/1\n",
    }
    left_out = {"follows": 1, "mutes": 0, "lists": 1, "bookmarks": 1}

    for known in (0, 1):
        for kind, table in tables.items():
            counts = bring(io.BytesIO(table.encode()), kind).counts
            assert counts["left_out"] == left_out[kind], kind
            assert (counts.get(kind, 0), counts.get("known", 0)) == (1 - known, known)

    relations = kwip.stores.relationships.relations([alice.id])[alice.id]
    assert (relations.follows, relations.mutes) == ({bob.id}, {carol.id})
    assert mongodb["notifications"].count_documents({}) == 0
    [made] = kwip.stores.lists.of_owners([alice.id])[alice.id]
    assert kwip.stores.lists.find(made.id).member_ids == {bob.id}
    assert mongodb["reactions"].count_documents({"act": "bookmark"}) == 1


class TestLimits:
    @pytest.fixture
    def settings(self, tmp_path):
        environ = {"KWIP_QUOTA_FOLLOWS": "1", "KWIP_QUOTA_IMPORTS": "2"}
        return settings_in(tmp_path / "home", **environ)

    @pytest.mark.usefixtures("bob", "carol")
    def test_follows_of_a_table_count_like_others_and_files_are_few_in_a_day(
        self, kwip, imports, bring, alice
    ):
        host = kwip.services.mails.site.host
        table = f"bob@{host}\ncarol@{host}\n".encode()

        done = bring(io.BytesIO(table), "follows")

        assert dict(done.counts) == {"follows": 1, "known": 0, "left_out": 1}
        with imports.report(alice).content as report:
            assert b"You can't follow more people today" in report.read()
        assert bring(io.BytesIO(table), "follows").counts["follows"] == 0
        with pytest.raises(RateLimitedError, match="imported a lot today"):
            bring(io.BytesIO(table), "follows")
