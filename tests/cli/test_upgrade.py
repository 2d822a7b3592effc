"""A site of an older version: read as it is, migrated by half, and migrated.

`tests/data/world-2026-11-29.zip` is a backup of a small site that commit 009d50fb has
written, with users of schema 4 and posts of schema 5. Nobody writes it again.
"""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from redis import Redis

from config.settings import PROJECT
from kwip.app import create_app
from kwip.domain.accounts.users import READ
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.posting.posts import Draft, ReplyPolicy
from kwip.services.backups.archive import Archive
from kwip.services.backups.restoring import Restore
from kwip.services.maintenance import migration
from kwip.store.maintenance.migrating import BEGINNING, MigrationStore
from kwip.store.maintenance.restoring import RestoreStore
from kwip.store.upgrades import SCHEMAS
from tests.signed_up import create_token
from tests.wired import Silence

ARCHIVE = PROJECT / "tests" / "data" / "world-2026-11-29.zip"
ANN, ROOT, REPLY = 117700069978145647, 117700070072124263, 117700070080981729
PIC, FOLLOWERS, DIRECT = 117700070104695658, 117700070108234607, 117700070109610855
POLL, LIST = 117700070119385829, 117700070191530849
#: Answers of the API, and pages, that a reader sees; each reads other documents.
API = (
    f"accounts/{ANN}",
    f"accounts/{ANN}/statuses",
    f"accounts/{ANN}/followers",
    f"statuses/{ROOT}",
    f"statuses/{ROOT}/context",
    f"statuses/{ROOT}/favourited_by",
    f"statuses/{DIRECT}",
    f"polls/{POLL}",
    "timelines/home",
    "timelines/public",
    "timelines/tag/bread",
    f"timelines/list/{LIST}",
    "notifications",
    "bookmarks",
)
PAGES = ("/", "/?order=active", "/@ann", f"/@ann/{ROOT}", "/tags/bread")


@pytest.fixture
def database(wiring, settings, monkeypatch):
    """Return the database of the older version; its indexes are there already."""
    monkeypatch.setattr(RestoreStore, "clear", lambda _: None)
    monkeypatch.setattr(RestoreStore, "index", lambda _: None)
    archive = Archive(ARCHIVE)
    restore = Restore(archive, RestoreStore(wiring.store), system_clock_ms)
    restore.database(Silence(), replaces=False)
    media = wiring.services.attachments.files.media
    assert restore.files(Silence(), media.save) > 0
    archive.close()
    return wiring.store.database


@pytest.fixture
def look(wiring, settings, endpoints, database):
    """Return a function that reads everything as Ann and as a visitor, uncached."""
    app = create_app(wiring, settings)
    user = wiring.stores.users.get_many([ANN])[ANN]
    token = create_token(wiring, user, frozenset({READ}))

    cache = Redis.from_url(endpoints.redis_cache_uri)

    def look():
        cache.flushdb()
        client = app.test_client(use_cookies=False)
        ann = {"Authorization": f"Bearer {token}"}
        seen = {path: client.get(f"/api/v1/{path}", headers=ann) for path in API}
        pages = {path: client.get(path) for path in PAGES}
        codes = {path: r.status_code for path, r in {**seen, **pages}.items()}
        assert codes == dict.fromkeys(codes, 200)
        return {p: r.json for p, r in seen.items()}, {
            path: _articles(answer.text) for path, answer in pages.items()
        }

    yield look
    cache.close()


def _articles(page):
    """Return what a page shows, without how long ago that was."""
    shown = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"<time.*?</time>", "", shown, flags=re.DOTALL)


#: What the older version of the archive did not have, as the first schema is.
LATER = {
    "applications": {
        "_id": 1,
        "username": "dave",
        "display_name": "",
        "email": "dave@example.org",
        "email_key": "dave@example.org",
        "password_hash": "",
        "reason": "Bread",
        "at": at(0),
    },
    "wait_list": {
        "_id": "a",
        "email": "erin@example.org",
        "created_at": at(0),
        "is_confirmed": True,
        "confirmed_at": at(0),
        "expires_at": None,
    },
}


def schemas(database, name):
    return sorted(database[name].distinct("schema"))


def findings_of(kwip):
    """Return what the checks of stored data find."""
    fsck = kwip("fsck", "--json").json["findings"]
    verified = [kwip("reindex", "verify", "--all", "--json").json]
    verified += [
        kwip("reindex", "verify", what, "--json").json
        for what in ("counters", "tags", "repeats", "search")
    ]
    return [*fsck, *(line for each in verified for line in each["differences"])]


def test_a_site_of_an_older_version_is_read_and_migrated(kwip, database, look):
    assert (schemas(database, "users"), schemas(database, "posts")) == ([4], [5])
    for name, document in LATER.items():
        database[name].insert_one(document | {"schema": 1})
    answers, pages = look()
    store = MigrationStore(SimpleNamespace(database=database))
    for name in ("users", "posts"):
        page = store.page(name, BEGINNING, 100)
        store.upgrade(name, store.older(name, list(page.older)[::2]))
    assert schemas(database, "users") == [4, SCHEMAS["users"]]
    assert schemas(database, "posts") == [5, SCHEMAS["posts"]]
    assert look() == (answers, pages)

    before = {name: database[name].count_documents({}) for name in SCHEMAS}
    run = kwip("db", "migrate", "--json")

    assert (run.code, run.json["findings"]) == (0, []), run.err
    assert {name: schemas(database, name) for name in SCHEMAS} == {
        name: [schema] for name, schema in SCHEMAS.items()
    }
    assert before == {name: database[name].count_documents({}) for name in SCHEMAS}
    assert look() == (answers, pages)
    for name in LATER:  # nobody has reserved their names
        database[name].delete_many({})
    assert findings_of(kwip) == []
    _says_what_was_written(answers)


def _says_what_was_written(answers):
    assert answers[f"accounts/{ANN}"]["display_name"] == "Ann Baker"
    root, reply = answers[f"statuses/{ROOT}"], answers["bookmarks"][0]
    counts = {"favourites_count": 2, "reblogs_count": 1, "replies_count": 1}
    assert {name: root[name] for name in counts} == counts
    assert reply["id"] == str(REPLY)
    assert reply["edited_at"]
    assert [o["votes_count"] for o in answers[f"polls/{POLL}"]["options"]] == [1, 1]
    home = {each["id"]: each for each in answers["timelines/home"]}
    assert home[str(PIC)]["media_attachments"][0]["description"] == "A loaf."
    assert home[str(FOLLOWERS)]["visibility"] == "private"
    kinds = {each["type"] for each in answers["notifications"]}
    assert kinds >= {"follow", "favourite", "reblog", "mention"}
    assert "Good morning!" in json.dumps(answers[f"timelines/list/{LIST}"])


def test_a_document_that_the_migration_leaves_out_fails_the_checks(
    kwip, wiring, database, monkeypatch
):
    convert = MigrationStore.upgrade

    def all_but_one(self, collection, documents):
        convert(self, collection, [d for d in documents if d["_id"] != ROOT])

    monkeypatch.setattr(MigrationStore, "upgrade", all_but_one)
    monkeypatch.setattr(migration, "TRIES", 1)
    run = kwip("db", "migrate")
    assert (run.code, "posts: some documents" in run.err) == (2, True)

    finding = "posts: 1 document of a version before the ones that run"
    dry = kwip("db", "migrate", "--dry-run", "--json")
    check = kwip("deploy", "check", "--json")

    assert (dry.code, dry.json["documents"]["posts"]) == (1, 1)
    assert check.code == 1
    assert f"{finding}: run `kwip db migrate` first" in check.json["findings"]
    monkeypatch.undo()
    assert kwip("db", "migrate").code == 0
    assert finding not in kwip("deploy", "check").out


def test_old_and_new_code_write_side_by_side(kwip, wiring, database):
    """The version before goes on writing its form; each reads what the other wrote."""
    assert kwip("db", "migrate").code == 0
    new = wiring.services.posts.publish(ANN, Draft(text="By the new version"))
    newer = database["posts"].find_one({"_id": new.id})
    kept = {name: value for name, value in newer.items() if name != "reply_policy"}
    old = {**kept, "_id": new.id + 1, "root_id": new.id + 1, "schema": 6}
    database["posts"].insert_one({**old, "last_public_reply_id": new.id + 1})

    found = wiring.stores.posts.get_many([new.id, new.id + 1])

    policies = {post.reply_policy for post in found.values()}
    assert policies == {ReplyPolicy.PUBLIC}
    assert kwip("db", "migrate", "--dry-run", "--json").json["documents"]["posts"] == 1
    assert kwip("db", "migrate").code == 0
    assert schemas(database, "posts") == [7]
