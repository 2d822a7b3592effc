"""Votes in polls: one document for each voter, counted in the post."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from kwip.domain.errors import ConflictError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.polls import chosen, round_of
from kwip.domain.posting.reactions import Act
from kwip.store.posting.reactions.reaction_documents import name_of, reaction_document

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from kwip.domain.ids import PostId
    from kwip.domain.posting.reactions import Reaction
    from kwip.store.client import Document, Store


class VoteStore:
    """The votes in `reactions`, and their counts in `posts`."""

    def __init__(self, store: Store):
        self._store = store
        self._reactions = store.database["reactions"]
        self._posts = store.database["posts"]

    def vote(self, vote: Reaction) -> bool:
        """Write a vote and count it; False if the user has voted in this round.

        One transaction. The post is written last, so that it is locked only for the
        commit.

        Raises:
            ConflictError: The poll is no longer the one that the ballot is for.
        """
        ballot = vote.ballot or 0

        def work(session: Any) -> bool:
            name = {"_id": name_of(vote.user_id, Act.VOTE, vote.post_id)}
            held = self._reactions.find_one(name, {"ballot": 1}, session=session)
            if held and round_of(held["ballot"]) == round_of(ballot):
                return False
            self._reactions.replace_one(
                name, reaction_document(vote), upsert=True, session=session
            )
            if not count_ballot(self._posts, vote.post_id, ballot, 1, session):
                raise ConflictError(
                    lazy_gettext(
                        "This poll was changed meanwhile. Reload it and try again."
                    ),
                    post_id=vote.post_id,
                )
            return True

        try:
            return self._store.transact(work)
        except DuplicateKeyError:  # the same vote at the same moment
            return False


def count_ballot(
    posts: Collection[Document], post_id: PostId, ballot: int, by: int, session: Any
) -> bool:
    """Count a ballot; False if the post has no poll of its round."""
    counts = {f"poll.options.{each}.votes": by for each in chosen(ballot)}
    result = posts.update_one(
        {"_id": post_id, "poll.round": round_of(ballot)},
        {"$inc": {**counts, "poll.voters": by}},
        session=session,
    )
    return result.matched_count == 1
