"""What lists must hold, worked out from the documents without any rule of Kwip's."""

from __future__ import annotations

from kwip.domain.accounts.users import Viewer
from kwip.domain.timelines.pages import PageRequest


def waiting(database):
    """Name the places in lists that still wait, and lists that are to be removed."""
    places = database["list_members"].find({"state": {"$ne": "active"}})
    deleted = database["lists"].find({"state": {"$ne": "active"}})
    return [d["_id"] for d in places] + [d["_id"] for d in deleted]


def check_lists(kwip, oracle, *, is_unfollowed):
    """Assert that every list is exactly right, and that nothing is left of others.

    With `is_unfollowed` they may store, without showing it, what was under way when
    its author left them.
    """
    lists, members = oracle.all["lists"].values(), oracle.all["list_members"].values()
    assert {d["state"] for d in (*lists, *members)} <= {"active"}
    places = {(d["list_id"], d["member_id"]) for d in members}
    assert places == {(d["_id"], i) for d in lists for i in d["member_ids"]}
    for each in lists:
        assert len(each["member_ids"]) == len(set(each["member_ids"]))
        assert oracle.follows[each["owner_id"]] >= set(each["member_ids"])
        _check_list(kwip, oracle, each, is_unfollowed=is_unfollowed)
    owners = {name for name in oracle.timelines if name.startswith("list:")}
    assert owners == {f"list:{each['_id']}" for each in lists}


def _check_list(kwip, oracle, each, *, is_unfollowed):
    members = set(each["member_ids"])
    floor, stored = oracle.stored_in(f"list:{each['_id']}")
    belonging = {
        i
        for i in oracle.belonging(each["owner_id"])
        if oracle.posts[i]["author_id"] in members
    }
    pulled = {i for i in belonging if oracle.posts[i]["fanout"]["mode"] == "pull"}
    wanted = {i for i in belonging - pulled if i >= floor}
    assert wanted <= stored, each["title"]
    # Some may have come before it was decided that they are pulled.
    stray = stored - wanted - pulled
    extra = {i for i in stray if not oracle.posts[i]["is_tombstone"]}
    assert is_unfollowed or not extra, each["title"]
    shown = {i for i in belonging if oracle.posts[i]["in_reply_to_author_id"] is None}
    assert _read(kwip, each) == sorted(shown, reverse=True), each["title"]


def _read(kwip, each):
    """Read a whole list, page by page; give the ids, newest first."""
    viewer = Viewer(id=each["owner_id"], username="somebody", digest="")
    ids, max_id = [], None
    while True:
        page = kwip.services.timelines.of_list(
            viewer,
            kwip.services.loaders.begin(),
            each["_id"],
            PageRequest(limit=40, max_id=max_id),
        )
        ids += [view.post.id for view in page.items]
        max_id = page.next_max_id
        if max_id is None:
            return ids
