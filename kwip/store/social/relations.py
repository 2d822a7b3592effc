"""All relations to others that decide what a viewer may read, in one query."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from kwip.domain.clock import to_ms
from kwip.domain.social.relationships import Relations
from kwip.store.client import ONE_BATCH
from kwip.store.social.edges import PRESENT, REQUESTED
from kwip.store.social.followed_conversations import followed_conversations
from kwip.store.social.followed_tags import followed_tags
from kwip.store.social.list_edges import exclusive_members
from kwip.store.social.muted_conversations import muted_conversations
from kwip.store.social.mutes import mutes_in
from kwip.store.social.notes import noted
from kwip.store.timelines.filters import filters_of, to_filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.database import Database

    from kwip.domain.ids import UserId
    from kwip.store.client import Document

    Groups = dict[str, dict[int, set[Any]]]

#: What each user has one document of, and its field with a list.
_LISTED = {"tags": "tags", "conversations": "root_ids", "followed": "root_ids"}


def read_relations(
    database: Database[dict[str, Any]], viewers: Sequence[UserId]
) -> dict[UserId, Relations]:
    """Read all relations of some viewers, in one command.

    A viewer who follows thousands costs a document or two with their ids, not one for
    each.
    """
    ids = {"$in": list(viewers)}
    groups: Groups = defaultdict(lambda: defaultdict(set))
    of_viewers = {"$match": {"user_id": ids}}
    pair = {"_id": 0, "user_id": 1, "other_id": 1}
    blocks = [of_viewers, {"$project": {**pair, "direction": 1}}]
    for d in database["follows"].aggregate(
        [
            *_followees(ids),
            {"$unionWith": mutes_in(ids)},
            {"$unionWith": {"coll": "blocks", "pipeline": blocks}},
            {"$unionWith": exclusive_members(ids)},
            {"$unionWith": followed_tags(ids)},
            {"$unionWith": muted_conversations(ids)},
            {"$unionWith": filters_of(ids)},
            {"$unionWith": followed_conversations(ids)},
            {"$unionWith": noted(ids)},
        ],
        batchSize=ONE_BATCH,
    ):
        _add(groups, d)
    return {viewer: _relations(groups, viewer) for viewer in viewers}


def _add(groups: Groups, d: Document) -> None:
    """Add what a document says to the groups of its viewer."""
    viewer, group = d["user_id"], d["direction"]
    if group == "follows":
        _add_follows(groups, viewer, d["_id"], d["followees"])
    elif group in _LISTED:
        groups[group][viewer].update(d[_LISTED[group]])
    elif group == "mutes":
        _add_mute(groups, viewer, d)
    elif group == "filters":
        groups[group][viewer].update(to_filters(d[group]))
    else:
        groups[group][viewer].add(d["other_id"])


def _add_follows(
    groups: Groups, viewer: int, which: Document, followees: list[UserId]
) -> None:
    if which["is_requested"]:
        groups["requested"][viewer].update(followees)
        return
    groups["follows"][viewer].update(followees)
    if which.get("notify"):
        groups["notifies"][viewer].update(followees)
    if which.get("hides_reposts"):
        groups["no_reposts"][viewer].update(followees)


def _add_mute(groups: Groups, viewer: int, d: Document) -> None:
    if d["is_over"]:
        return
    groups["mutes"][viewer].add(d["other_id"])
    if d.get("expires_at") is not None:
        groups["mute_ends"][viewer].add((d["other_id"], to_ms(d["expires_at"])))
    if not d.get("hides_notifications", True):
        groups["heard"][viewer].add(d["other_id"])


def _relations(groups: Groups, viewer: UserId) -> Relations:
    return Relations(
        follows=frozenset(groups["follows"][viewer]),
        mutes=frozenset(groups["mutes"][viewer]),
        blocks=frozenset(groups["out"][viewer]),
        blocked_by=frozenset(groups["in"][viewer]),
        notifies=frozenset(groups["notifies"][viewer]),
        exclusive=frozenset(groups["exclusive"][viewer]),
        requested=frozenset(groups["requested"][viewer]),
        no_reposts=frozenset(groups["no_reposts"][viewer] & groups["follows"][viewer]),
        heard=frozenset(groups["heard"][viewer]),
        conversations=frozenset(groups["conversations"][viewer]),
        followed=frozenset(groups["followed"][viewer]),
        tags=frozenset(groups["tags"][viewer]),
        filters=tuple(sorted(groups["filters"][viewer], key=attrgetter("id"))),
        noted=frozenset(groups["noted"][viewer]),
        mute_ends=tuple(sorted(groups["mute_ends"][viewer])),
    )


def _followees(follower_ids: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a document or a few per follower; answered from the index alone.

    The followees whose every post the follower is notified of are in one of their own,
    and so are those whose reposts are hidden, and those who have not accepted the
    follower: one array with conditions for each element takes twice as long.
    """
    whose = {
        "follower": "$follower_id",
        "notify": "$notify",
        "hides_reposts": "$hides_reposts",
        "is_requested": {"$eq": ["$state", REQUESTED]},
    }
    states = {"$in": [*PRESENT["$in"], REQUESTED]}
    return [
        {"$match": {"follower_id": follower_ids, "state": states}},
        {"$group": {"_id": whose, "followees": {"$push": "$followee_id"}}},
        {"$set": {"user_id": "$_id.follower", "direction": "follows"}},
    ]
