"""Queries for deleting a user: what is left of the account, and the last step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.ids import NOBODY, UserId
from kwip.domain.timelines.notifications import NUDGES
from kwip.store.accounts.users import claims_of, digest_of
from kwip.store.client import translated
from kwip.store.moderation.reports import forget_in_reports
from kwip.store.moderation.strikes import forget_strikes
from kwip.store.social.edges import EITHER, PRESENT, REQUESTED
from kwip.store.timelines.buckets import home_of
from kwip.store.upgrades import upgrade

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.store.client import Store


class DeletionStore:
    """Counts and removals that only the deletion of an account needs."""

    def __init__(self, store: Store):
        self._store = store
        self._database = store.database

    @translated()
    def sizes(self, user_id: UserId) -> dict[str, int]:
        """Count what is left of a user, one query for each step of a deletion."""
        count = self._count
        one_way = count("mutes", user_id=user_id) + count("mutes", other_id=user_id)
        return {
            "follows": count("follows", follower_id=user_id, state=PRESENT),
            "followers": count("followers", followee_id=user_id, active=EITHER),
            "requests": count("follow_requests", followee_id=user_id)
            + count("follows", follower_id=user_id, state=REQUESTED),
            "blocks": count("blocks", user_id=user_id),
            "mutes": one_way,
            "lists": count("lists", owner_id=user_id),
            "reactions": count("reactions", user_id=user_id),
            # Reposts are deleted with the reactions; schema 1 of posts has none.
            "posts": count(
                "posts",
                author_id=user_id,
                is_tombstone=False,
                repost_of_id={"$in": [None, 0]},
            ),
            "attachments": count("attachments", owner_id=user_id, post_id=None),
            "archives": count("exports", _id=user_id) + count("imports", _id=user_id),
            # Only uploaded ones: the names of the others contain a dot.
            "pictures": sum(
                count("users", _id=user_id, **{kind: {"$regex": r"^[^.]+$"}})
                for kind in ("avatar", "banner")
            ),
        }

    def _count(self, collection: str, **query: object) -> int:
        return self._database[collection].count_documents(query)

    @translated()
    def muted_by(self, user_id: UserId) -> list[UserId]:
        """List who mutes a user; index `other_id`."""
        found = self._database["mutes"].find({"other_id": user_id}, {"user_id": 1})
        return [UserId(d["user_id"]) for d in found]

    @translated()
    def forget(self, user_id: UserId) -> None:
        """Delete what nobody else sees: waiting edges, idempotency keys, the home.

        And the user's traces in what others have, as far as they are not posts.
        """
        self._database["follows"].delete_many({"follower_id": user_id})
        own_keys = {"$gte": f"idem:{user_id}:", "$lt": f"idem:{user_id};"}
        self._database["claims"].delete_many({"_id": own_keys})
        self._database["notifications"].delete_many({"recipient_id": user_id})
        self._database["markers"].delete_one({"_id": user_id})
        self._database["filters"].delete_one({"_id": user_id})
        self._database["drafts"].delete_many({"owner_id": user_id})
        self._database["blogs"].delete_many({"owner_id": user_id})
        self._database["guest_replies"].delete_many({"author_id": user_id})
        self._database["followed_tags"].delete_one({"_id": user_id})
        self._database["notes"].delete_many({"user_id": user_id})
        self._database["notes"].delete_many({"other_id": user_id})
        self._database["nudges"].delete_many({"actor_id": user_id})
        self._database["nudges"].delete_many({"recipient_id": user_id})
        self._forget_nudges(user_id)
        self._database["muted_conversations"].delete_one({"_id": user_id})
        self._database["followed_conversations"].delete_one({"_id": user_id})
        self._database["suggestions"].delete_one({"_id": user_id})
        self._database["mail_preferences"].delete_one({"_id": user_id})
        self._database["mails"].delete_many({"user_id": user_id})
        self._database["push_subscriptions"].delete_many({"user_id": user_id})
        forget_in_reports(self._database["reports"], user_id)
        forget_strikes(self._database["strikes"], user_id)
        self._forget_invitations(user_id)
        self._forget_address(user_id)
        home = home_of(user_id)
        self._database["timelines"].delete_one({"_id": home})
        self._database["timeline_buckets"].delete_many({"owner": home})

    def _forget_invitations(self, user_id: UserId) -> None:
        """End a user's invitations, and leave open who made them."""
        invitations = self._database["invitations"]
        own = {"creator_id": user_id}
        invitations.update_many(
            own | {"ended_at": None}, {"$currentDate": {"ended_at": True}}
        )
        invitations.update_many(own, {"$set": {"creator_id": NOBODY}})
        nobody = {"$set": {"inviter_id": NOBODY}}
        self._database["invited"].update_many({"inviter_id": user_id}, nobody)

    def _forget_nudges(self, user_id: UserId) -> None:
        """Delete what a user told others that is about no post of the user."""
        kinds = {"$in": [kind.value for kind in NUDGES]}
        told = {"actor_id": user_id, "kind": kinds}
        self._database["notifications"].delete_many(told)

    def _forget_address(self, user_id: UserId) -> None:
        """Delete a user's address from before there was an account with it."""
        found = self._database["credentials"].find_one({"_id": user_id})
        if found is None:
            return
        known = upgrade("credentials", found)
        entry = {"_id": digest_of(known["email_key"])}
        self._database["wait_list"].delete_one(entry)
        addresses = {"$in": [known["email"], known["email_key"]]}
        strangers = {"user_id": NOBODY, "address": addresses}
        self._database["mails"].delete_many(strangers)

    @translated()
    def featured_by(self, user_id: UserId) -> list[UserId]:
        """List who features a user on their profile; index `endorsed_ids`."""
        featuring = {"endorsed_ids": user_id, "endorsed_ids.0": {"$exists": True}}
        found = self._database["users"].find(featuring, {"_id": 1})
        return [UserId(d["_id"]) for d in found]

    @translated()
    def dismissed_by(self, user_id: UserId) -> list[UserId]:
        """List who doesn't want a user suggested, and forget that."""
        named = {"dismissed": user_id}
        found = self._database["suggestions"].find(named, {"_id": 1})
        ids = [UserId(d["_id"]) for d in found]
        same = {"_id": {"$in": ids}}
        self._database["suggestions"].update_many(same, {"$pull": named})
        return ids

    def remove(self, user: User) -> None:
        """Delete the user, credentials and address, and reserve the username for good.

        One transaction, safe to repeat.
        """

        def work(session: Any) -> None:
            database = self._database
            credentials = database["credentials"].find_one_and_delete(
                {"_id": user.id}, session=session
            )
            key = (
                upgrade("credentials", credentials)["email_key"] if credentials else ""
            )
            handle, address = claims_of(user.username, key)
            database["claims"].update_one(
                {"_id": handle}, {"$set": {"user_id": NOBODY}}, session=session
            )
            database["claims"].delete_one(
                {"_id": address, "user_id": user.id}, session=session
            )
            database["users"].delete_one({"_id": user.id}, session=session)
            came = database["invited"].find_one_and_delete(
                {"_id": user.id}, session=session
            )
            if came is not None:
                invitation, gone = {"_id": came["code"]}, {"$inc": {"gone_count": 1}}
                database["invitations"].update_one(invitation, gone, session=session)

        self._store.transact(work)
