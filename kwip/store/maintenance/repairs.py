"""Repair what `fsck` finds: one transaction each, which checks again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.ids import NOBODY, UserId
from kwip.store.client import translated
from kwip.store.maintenance.attachment_audit import AttachmentAuditStore
from kwip.store.maintenance.audit import turned_block
from kwip.store.maintenance.personal_audit import PersonalAuditStore
from kwip.store.maintenance.preview_audit import PreviewAuditStore
from kwip.store.maintenance.reaction_audit import ReactionAuditStore
from kwip.store.maintenance.request_audit import RequestAuditStore
from kwip.store.posting.guest_replies import GuestReplyStore
from kwip.store.social.edges import PRESENT, Edge, follow_document, follower_document
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import PostId
    from kwip.store.client import Store


class RepairStore:
    """Writes that make two sides consistent; no-ops where they are already."""

    def __init__(self, store: Store):
        self._store = store
        self._database = store.database
        #: What has stores of its own.
        self.attachments = AttachmentAuditStore(store)
        self.previews = PreviewAuditStore(store)
        self.requests = RequestAuditStore(store)
        self.guests = GuestReplyStore(store)
        self.personal = PersonalAuditStore(store)
        self._problem_of = ReactionAuditStore(store).confirm_reaction

    def repair_edge(
        self, follower_id: UserId, followee_id: UserId, now: dt.datetime, nonce: str
    ) -> None:
        """Make a follow exist on both sides or on neither, as on the follower's side.

        Its home is then backfilled, as it may have missed posts, or purged.
        """

        def work(session: Any) -> None:
            follows, followers = self._database["follows"], self._database["followers"]
            name, turned = (
                f"{follower_id}:{followee_id}",
                f"{followee_id}:{follower_id}",
            )
            stands = follows.find_one({"_id": name, "state": PRESENT}, session=session)
            other = followers.find_one({"_id": turned}, session=session)
            if (stands is None) == (other is None):
                return
            edge = Edge(
                follower_id,
                followee_id,
                "merging" if stands else "removed",
                nonce=nonce,
                notify=bool(stands and stands.get("notify")),
                hides_reposts=bool(stands and stands.get("hides_reposts")),
            )
            document = follow_document(edge, now)
            follows.replace_one({"_id": name}, document, upsert=True, session=session)
            if stands is None:
                followers.delete_one({"_id": turned}, session=session)
            else:
                document = follower_document(
                    followee_id, follower_id, notify=edge.notify
                )
                followers.insert_one(document, session=session)

        self._store.transact(work)

    def repair_block(self, side: str) -> None:
        """Write the other side of a block: in doubt, the block holds."""

        def work(session: Any) -> None:
            blocks, other = self._database["blocks"], turned_block(side)
            found = blocks.find({"_id": {"$in": [side, other]}}, session=session)
            if [d["_id"] for d in found] != [side]:
                return
            user, direction, other_user = other.split(":")
            blocks.insert_one(
                {
                    "_id": other,
                    "schema": schema_of("blocks"),
                    "user_id": int(user),
                    "other_id": int(other_user),
                    "direction": direction,
                },
                session=session,
            )

        self._store.transact(work)

    def drop_claim(self, claim: str) -> None:
        """Delete a claim whose user does not exist."""

        def work(session: Any) -> None:
            claims = self._database["claims"]
            held = claims.find_one(
                {"_id": claim, "user_id": {"$ne": NOBODY}}, session=session
            )
            user = held and self._database["users"].find_one(
                {"_id": held["user_id"]}, {"_id": 1}, session=session
            )
            if user is None:
                claims.delete_one({"_id": claim}, session=session)

        self._store.transact(work)

    @translated()
    def drop_reaction(self, reaction_id: str) -> UserId | None:
        """Delete a reaction without user or post, or the claim of a lost repost.

        Returns whose post it was on, if it existed.
        """
        if not self._problem_of(reaction_id):
            return None
        old = self._database["reactions"].find_one_and_delete({"_id": reaction_id})
        return None if old is None else UserId(old["author_id"])

    @translated()
    def make_due(self, post_id: PostId, now: dt.datetime) -> None:
        """Make a pending post due, so that the sweeper enqueues it at once."""
        self._database["posts"].update_one(
            {"_id": post_id, "fanout.state": "pending"},
            {"$set": {"fanout.due_at": now}},
        )
