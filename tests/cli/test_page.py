"""`docs/cli.md` is the contract of the command line; the commands keep it."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from config.settings import PROJECT
from docs import generate
from kwip.cli import backup, deploy, doctor, world
from kwip.cli import cache as cache_command
from kwip.cli.deploying.reloading import Reload, Replaced
from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.media.link_previews import LinkPreview, PreviewImage, PreviewKind
from kwip.domain.moderation.reports import NewReport
from kwip.domain.posting.posts import Draft
from kwip.jobs.registry import jobs
from kwip.services.delivery.compaction import LEASE_MS
from kwip.services.links.finder import Finder
from kwip.services.maintenance.checks import cache_audit
from kwip.services.maintenance.reindexing import reindex
from kwip.services.world.loader import PHASES, Loaded, WorldLoader
from kwip.store.timelines.buckets import home_of
from tests.docs.test_data_model import examples_in, shapes
from tests.pictures import BLUE, plain, sent
from tests.wired import form_of, sign_up, viewer_of

PAGE = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")
URL = "https://example.org/rye"
EXAMPLES = examples_in(PAGE)
COMMANDS = dict(generate.commands(generate.cli.kwip))


def printed(*runs):
    """Give the shapes of what some runs printed together."""
    return set().union(*(shapes("", run.json) for run in runs))


@pytest.fixture
def posts(wiring):
    """Return what bob, whom nobody follows, wrote; three posts, delivered."""
    bob = sign_up(wiring, "bob")
    found = [
        wiring.services.posts.publish(bob.id, Draft(text=f"Post {number}"))
        for number in range(3)
    ]
    for post in found:
        jobs(wiring.services)["fanout"](str(post.id))
    return found


def users(kwip, _wiring, _posts, _monkeypatch):
    kwip("users", "suspend", "bob", "--reason", "Spam")
    kwip("users", "unsuspend", "bob")
    create = ("users", "create", "alice", "--email", "alice@example.org")
    return {
        "users-create": [kwip(*create, "--password", "correct horse", "--json")],
        "users-token": [kwip("users", "token", "alice", "--json")],
        "users-show": [
            kwip("users", "modify", "alice", "--role", "moderator")
            and kwip("users", "show", "@Alice", "--json")
        ],
        "users-list": [kwip("users", "list", "--role", "moderator", "--json")],
        "users-modify": [
            kwip("users", "modify", "alice", "--role", "moderator", "--json")
        ],
        "users-suspend": [kwip("users", "suspend", "alice", "--json")],
        "users-unsuspend": [kwip("users", "unsuspend", "alice", "--json")],
        "users-silence": [kwip("users", "silence", "alice", "--json")],
        "users-unsilence": [kwip("users", "unsilence", "alice", "--json")],
        "users-password": [
            kwip("users", "password", "alice", "--json", stdin="another horse\n")
        ],
        "users-follow": [kwip("users", "follow", "alice", "bob", "--json")],
        "users-delete": [kwip("users", "delete", "alice", "--yes", "--json")],
        "audit-list": [kwip("audit", "list", "--user", "@bob", "--json")],
    }


def reports(kwip, wiring, posts, _monkeypatch):
    wiring.services.site.change({"rules": "Be kind."}, BY_KWIP)
    alice, bob = sign_up(wiring, "alice"), posts[0].author_id
    wish = NewReport(
        target_id=bob, post_ids=(posts[0].id,), comment="Ads", rule_ids=(1,)
    )
    made = wiring.services.reports.create(viewer_of(alice), wish).report
    wiring.services.queue.note(viewer_of(alice), BY_KWIP, made.id, "Wrote to bob.")
    place = str(made.id)
    return {
        "reports-list": [kwip("reports", "list", "--json")],
        "reports-show": [kwip("reports", "show", place, "--json")],
        "reports-resolve": [kwip("reports", "resolve", place, "--json")],
    }


def domains(kwip, _wiring, _posts, _monkeypatch):
    block = ("users", "block-domain")
    return {
        "users-block-domain-add": [kwip(*block, "add", "spam.example", "--json")],
        "users-block-domain-list": [kwip(*block, "list", "--json")],
        "users-block-domain-remove": [kwip(*block, "remove", "spam.example", "--json")],
    }


def site(kwip, _wiring, _posts, _monkeypatch):
    changed = kwip("site", "set", "name", "Bakers", "--reason", "The vote", "--json")
    undone = kwip("site", "undo", changed.json["changes"][0]["id"], "--json")
    return {
        "site-settings": [kwip("site", "settings", "--json")],
        "site-set": [changed],
        "site-undo": [undone],
        "site-changes": [kwip("site", "changes", "--json")],
    }


def announced(kwip, _wiring, _posts, _monkeypatch):
    until = ("--until", "2031-01-01", "--json")
    draft = kwip("announcements", "add", "Tea", "--draft", *until).json["id"]
    published = kwip("announcements", "publish", draft, "--json")
    return {
        "announcements-add": [kwip("announcements", "add", "Cake", *until)],
        "announcements-publish": [published],
        "announcements-edit": [kwip("announcements", "edit", draft, "Tea!", "--json")],
        "announcements-list": [kwip("announcements", "list", "--json")],
        "announcements-end": [kwip("announcements", "end", draft, "--json")],
        "announcements-delete": [kwip("announcements", "delete", draft, "--json")],
    }


def joining(kwip, wiring, _posts, _monkeypatch):
    services, alice = wiring.services, sign_up(wiring, "alice")
    services.site.change({"members_invite": "yes"}, BY_KWIP)
    for name in ("dave", "erin"):
        services.applications.apply(form_of(name), "I bake.")
    asked = kwip("users", "requests", "--json")
    services.invitations.create(alice, max_uses=5, days=7)
    made = kwip("invites", "create", "--json")
    limited = kwip("invites", "create", "--uses", "5", "--days", "7", "--json")
    frank = services.users.prepare(form_of("frank"))
    services.users.create(frank, services.invitations.using(made.json["code"]))
    services.site.change({"sign_up": "closed"}, BY_KWIP)
    services.wait_list.join("dave@example.org")
    mail = services.mails.store.find(
        wiring.store.database["mails"].find_one({"kind": "waiting_list"})["_id"]
    )
    services.wait_list.confirm(services.mails.link_of(mail))
    return {
        "users-requests": [asked],
        "users-approve": [kwip("users", "approve", "dave", "--json")],
        "users-reject": [kwip("users", "reject", "erin", "--json")],
        "invites-create": [limited],
        "invites-list": [kwip("invites", "list", "--json")],
        "invites-revoke": [kwip("invites", "revoke", made.json["url"], "--json")],
        "invites-waiting": [kwip("invites", "waiting", "--json")],
        "invites-send": [kwip("invites", "send", "dave@example.org", "--json")],
    }


def fanout(kwip, wiring, posts, _monkeypatch):
    wiring.store.database["posts"].update_one(
        {"_id": posts[0].id}, {"$set": {"fanout.state": "dead"}}
    )
    return {
        "fanout-pending": [kwip("fanout", "pending", "--dead", "--json")],
        "fanout-replay": [kwip("fanout", "replay", posts[0].id, "--json")],
        "fanout-stats": [kwip("fanout", "stats", "--json")],
        "queue-stats": [kwip("queue", "stats", "--json")],
        "trace": [kwip("trace", posts[1].id, "--json")],
    }


def cache(kwip, wiring, posts, monkeypatch):
    monkeypatch.setattr(cache_audit, "SETTLED_S", 0.0)
    monkeypatch.setattr(cache_command, "_hit_ratio", lambda _: 0.97)
    assert wiring.fence.await_lease(within_s=30)
    bob = posts[0].author_id
    wiring.services.users.by_id(None, wiring.services.loaders.begin(), bob)
    stats = kwip("cache", "stats", "--json")
    wiring.store.database["users"].update_one({"_id": bob}, {"$set": {"bio": "x"}})
    return {
        "cache-stats": [stats],
        "cache-verify": [kwip("cache", "verify", "--json")],
        "cache-drop": [kwip("cache", "drop", "user", "--json")],
    }


def timelines(kwip, wiring, posts, monkeypatch):
    monkeypatch.setattr(reindex, "TRIES", 1)
    database, home = wiring.store.database, home_of(posts[0].author_id)
    database["timelines"].update_one({"_id": home}, {"$set": {"entries": []}})
    differing = kwip("reindex", "verify", "--all", "--json")
    wiring.store.database["users"].update_one(
        {"_id": posts[0].author_id}, {"$inc": {"posts_count": 1}}
    )
    wiring.store.database["posts"].update_one(
        {"_id": posts[0].id}, {"$set": {"tags": ["tea"]}}
    )
    database["search_posts"].delete_many({})
    database["posts"].update_many({}, {"$set": {"fanout.state": "done"}})
    renewed = {
        f"reindex-{what}": [
            kwip("reindex", what, "--dry-run", "--json"),
            kwip("reindex", what, "--json"),
        ]
        for what in ("counters", "tags", "search")
    }
    now = system_clock_ms()
    wiring.stores.timelines.take(home, "busy", at(now), at(now + LEASE_MS))
    together = [kwip("reindex", "all", "--json")]
    return {
        **renewed,
        "reindex-all": together,
        "reindex-verify": [differing],
        "reindex-timelines": [kwip("reindex", "timelines", "--all", "--json")],
        "reindex-status": [kwip("reindex", "status", "--json")],
    }


def database(kwip, wiring, posts, _monkeypatch):
    wiring.store.database["users"].update_one(
        {"_id": posts[0].author_id}, {"$inc": {"posts_count": 1}}
    )
    wiring.store.database["posts"].drop_index("root_id_1__id_1")
    indexes = [kwip("db", "indexes", *apply, "--json") for apply in ((), ("--apply",))]
    shape = [kwip("db", "shape", "--largest", "--json")]
    return {"db-indexes": indexes, "db-shape": shape, "fsck": [kwip("fsck", "--json")]}


def stack(kwip, wiring, _posts, monkeypatch):
    """Stand in for a stack that runs, which no test here starts."""
    process = doctor.Process("web", 4711, 88_000_000, 61_000_000)
    monkeypatch.setattr(doctor, "processes", lambda _: iter([process]))
    wiring.presence.start("web")
    wiring.presence.save()
    return {
        "doctor": [kwip("doctor", "--json")],
        "check": [kwip("check", "--json")],
    }


def release(kwip, wiring, posts, monkeypatch):
    """Stand in for the programs of a machine; `test_deploy` starts some."""
    drop = {"$set": {"schema": 5}}
    wiring.store.database["posts"].update_one({"_id": posts[0].id}, drop)
    program = SimpleNamespace(role="web")
    replaced = Replaced("web", "reloaded", 4.1)
    wiring.presence.start("web")
    wiring.presence.save()
    # It counts as running, however long the commands take.
    later = at(system_clock_ms() + 3_600_000)
    older = {"$set": {"version": "0.0.9", "expires_at": later}}
    wiring.store.database["processes"].update_one({}, older)
    monkeypatch.setattr(deploy, "drain", lambda _, **__: 0)
    monkeypatch.setattr(deploy, "programs", lambda _: [program])
    monkeypatch.setattr(Reload, "run", lambda *_: [replaced])
    return {
        "db-migrate": [kwip("db", "migrate", "--dry-run", "--json")],
        "deploy-check": [kwip("deploy", "check", "--json")],
        "deploy-drain": [kwip("deploy", "drain", "--json")],
        "deploy-reload": [kwip("deploy", "reload", "--json")],
    }


def settings(kwip, _wiring, _posts, _monkeypatch):
    return {
        "settings": [kwip("settings", "--json")],
        "setup-code": [kwip("setup", "code", "--json")],
    }


def media(kwip, wiring, posts, _monkeypatch):
    bob = Viewer(id=posts[0].author_id, username="bob", digest="")
    change = wiring.services.users.update_profile
    old = change(bob, ProfileChange(avatar=sent(plain()))).avatar
    change(bob, ProfileChange(avatar=sent(plain(colour=BLUE))))
    wiring.stores.users.update_profile(bob.id, {"banner": "0" * 32})
    for path in wiring.services.media._stored._root.rglob(f"{old}*"):
        os.utime(path, (0, 0))
    purges, now = wiring.services.attachments.files.purges.store, at(0)
    purges.add(["ab/abc-400.webp"], now)
    purges.failed(["ab/abc-400.webp"], now, None, "cdn.example.org answered 503")
    return {
        "media-purges": [kwip("media", "purges", "--json")],
        "media-usage": [kwip("media", "usage", "--json")],
        "media-orphans": [kwip("media", "orphans", "--json")],
        "media-prune": [kwip("media", "prune", "--json")],
    }


def emoji(kwip, wiring, _posts, _monkeypatch):
    folder = wiring.services.media._stored._root.parent / "emoji"
    folder.mkdir(parents=True)
    file = folder / "blobcat.png"
    file.write_bytes(plain(size=(8, 8)))
    return {
        "emoji-add": [kwip("emoji", "add", "cat", file, "--json")],
        "emoji-import": [kwip("emoji", "import", folder, "--json")],
        "emoji-list": [kwip("emoji", "list", "--json")],
        "emoji-remove": [kwip("emoji", "remove", ":cat:", "--json")],
    }


def trends(kwip, wiring, posts, _monkeypatch):
    bob, alice = posts[0].author_id, sign_up(wiring, "alice").id
    for author_id in (bob, alice):
        draft = Draft(text="#bread https://example.org/rye")
        post = wiring.services.posts.publish(author_id, draft)
    for name in ("carol", "dave"):
        wiring.services.reactions.favourite(sign_up(wiring, name), post.id)
    recomputed = kwip("trends", "recompute", "--json")
    return {
        "trends-hide": [
            kwip("trends", "hide", "domain", "a.example", "--in", "trends", "--json")
        ],
        "trends-rules": [kwip("trends", "rules", "--json")],
        "trends-recompute": [recomputed],
        "routes": [kwip("routes", "/api/v1/statuses", "--json")],
        "secrets-rotate": [kwip("secrets", "rotate", "--json")],
        "secrets-rotate-mongodb": [_rotate_mongodb(kwip)],
        "trends-show": [kwip("trends", "show", "--json")],
    }


def _rotate_mongodb(kwip):
    own = {"KWIP_HOME": kwip.args[0]["KWIP_HOME"]}
    return kwip.func(own, "secrets", "rotate-mongodb", "--json")


def links(kwip, _wiring, _posts, monkeypatch):
    """Stand in for a page with a picture; `test_links` fetches one."""
    image = PreviewImage(file="0b", width=800, height=450, blurhash="LE")
    found = LinkPreview(url=URL, kind=PreviewKind.LINK, title="Rye", image=image)
    monkeypatch.setattr(Finder, "find", lambda *_: found)
    return {
        "links-preview": [kwip("links", "preview", URL, "--json")],
        "links-forget": [kwip("links", "forget", URL, "--json")],
    }


def backups(kwip, wiring, _posts, monkeypatch):
    """Stand in for other databases; `test_backup` verifies and restores."""
    monkeypatch.setattr(backup, "verified", lambda *_: ["fsck: …"])
    monkeypatch.setattr(backup, "restored", lambda *_, **__: 1_200)
    folder = wiring.services.media._stored._root.parent / "backups"
    created = kwip("backup", "create", "--json")
    file = created.json["file"]
    (folder / "broken.zip").touch()
    # An older one, which is not kept.
    older = folder / "kwip-2026-11-24T020000Z.zip"
    older.write_bytes((folder / file).read_bytes())
    keep = ("--keep-daily", "0", "--keep-weekly", "0")
    return {
        "backup-create": [created],
        "backup-list": [kwip("backup", "list", "--json")],
        "backup-prune": [kwip("backup", "prune", *keep, "--json")],
        "backup-restore": [kwip("backup", "restore", file, "--json")],
        "backup-verify": [kwip("backup", "verify", file, "--json")],
    }


def moves(kwip, wiring, posts, _monkeypatch):
    """Import alice where she is already; her repost is left out."""
    folder = wiring.services.media._stored._root.parent
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alice.zip"
    wiring.services.reposts.repost(sign_up(wiring, "alice"), posts[0].id)
    exported = kwip("export", "user", "alice", file, "--json")
    account = ("--email", "a@example.org", "--password", "correct horse")
    return {
        "export-user": [exported],
        "import": [kwip("import", file, *account, "--json")],
    }


def load(kwip, _wiring, _posts, monkeypatch):
    loaded = Loaded(
        users=2,
        follows=1,
        posts=3,
        deliveries=4,
        entries=4,
        deliveries_per_s=5.0,
        seconds=dict.fromkeys(PHASES, 6.0),
    )
    monkeypatch.setattr(world, "read_world", lambda *_, **__: None)
    monkeypatch.setattr(world, "require_stack", lambda _: None)
    monkeypatch.setattr(WorldLoader, "load", lambda *_: loaded)
    run = kwip("world", "load", __file__, __file__, "--json")

    assert run.json == asdict(loaded)
    return {"world-load": [run]}


PRINTING = [
    *(users, fanout, timelines, database, stack, settings, site, announced),
    *(joining, reports),
    *(release, load, cache, media, emoji, trends, links, backups, moves, domains),
]


@pytest.mark.parametrize("printing", PRINTING)
def test_json_looks_as_its_example_says(kwip, wiring, posts, monkeypatch, printing):
    for name, runs in printing(kwip, wiring, posts, monkeypatch).items():
        [example] = EXAMPLES[name]

        assert shapes("", example) == printed(*runs), name


def test_every_command_has_its_part_and_no_other_has():
    parts = re.findall(r"^<!-- begin (.+) -->$", PAGE, re.MULTILINE)
    titles = re.findall(r"^### kwip (.+)$", PAGE, re.MULTILINE)

    assert parts == titles
    assert sorted(parts) == sorted(COMMANDS)


def test_every_option_of_a_command_is_in_its_part_and_no_other():
    for path, command in COMMANDS.items():
        part = PAGE.partition(f"<!-- begin {path} -->")[2].partition("<!-- end ")[0]
        shown = re.findall(r"^\| `(--[\w-]+)", part, re.MULTILINE)
        options = [o.opts[0] for o in command.params if o.opts[0].startswith("-")]

        assert shown == options, path


def test_every_command_that_prints_json_shows_it():
    printing = {
        path.replace(" ", "-")
        for path, command in COMMANDS.items()
        if any("--json" in option.opts for option in command.params)
    }

    assert set(EXAMPLES) == printing
