"""Quotes: Mastodon's ShallowQuote and QuoteApproval; who may quote and reply."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kwip.domain.ids import PostId
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.domain.posting.quotes import QuoteState, policy_of
from kwip.schemas.body import BodySchema, Id, StrictSchema
from kwip.schemas.dumping import to_text
from kwip.schemas.policies import policy_field

if TYPE_CHECKING:
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.views import PostView

#: Whom each policy lets quote, in Mastodon's words.
_WHO: dict[QuotePolicy, list[str]] = {
    QuotePolicy.PUBLIC: ["public"],
    QuotePolicy.FOLLOWERS: ["followers"],
    QuotePolicy.NOBODY: [],
}


def quote_approval(view: PostView) -> dict[str, object]:
    """Return who may quote a post, or what it reposts, and whether the viewer may."""
    return _approval(policy_of(view.shown.post), view.shown.may_quote)


def approval_text(view: PostView) -> str:
    """Return it as JSON text."""
    return _approval_text(policy_of(view.shown.post), view.shown.may_quote)


def _approval(policy: QuotePolicy, may_quote: bool) -> dict[str, object]:  # noqa: FBT001 - as views say it
    return {
        "automatic": _WHO[policy],
        "manual": [],
        "current_user": "automatic" if may_quote else "denied",
    }


@lru_cache(8)
def _approval_text(policy: QuotePolicy, may_quote: bool) -> str:  # noqa: FBT001
    return to_text(_approval(policy, may_quote))


def reply_approval(view: PostView) -> dict[str, object]:
    """Return who may reply to a post, or what it reposts, in the same form."""
    shown = view.shown
    return _reply_approval(shown.post.reply_policy, shown.may_reply)


def reply_approval_text(view: PostView) -> str:
    """Return it as JSON text."""
    return _reply_approval_text(view.shown.post.reply_policy, view.shown.may_reply)


def _reply_approval(policy: ReplyPolicy, may_reply: bool | None) -> dict[str, object]:  # noqa: FBT001
    current = {True: "automatic", False: "denied", None: "unknown"}
    return {
        "automatic": [policy.value],
        "manual": [],
        "current_user": current[may_reply],
    }


@lru_cache(12)
def _reply_approval_text(policy: ReplyPolicy, may_reply: bool | None) -> str:  # noqa: FBT001
    return to_text(_reply_approval(policy, may_reply))


def shallow_quote(post: Post) -> dict[str, object] | None:
    """Return what a post quotes where that is not shown; None if it quotes nothing."""
    if post.quote_of_id is None or post.repost_of_id is not None:
        return None
    state = QuoteState.ACCEPTED if post.is_quote else QuoteState.REVOKED
    return {
        "state": state.value,
        "quoted_status_id": str(post.quote_of_id) if post.is_quote else None,
    }


class InteractionPolicyBody(
    BodySchema["tuple[QuotePolicy | None, ReplyPolicy | None]"]
):
    """Who may quote a status from now on, and who may reply.

    As in Mastodon, everybody may quote it if nothing is said.
    """

    quote_approval_policy = policy_field(QuotePolicy)
    reply_approval_policy = policy_field(ReplyPolicy)

    def make(
        self,
        *,
        quote_approval_policy: QuotePolicy | None,
        reply_approval_policy: ReplyPolicy | None,
    ) -> tuple[QuotePolicy | None, ReplyPolicy | None]:
        """Return both."""
        if reply_approval_policy is None:
            return quote_approval_policy or QuotePolicy.PUBLIC, None
        return quote_approval_policy, reply_approval_policy


class ComposeQuery(StrictSchema["PostId | None"]):
    """`quote`: the post that a new one quotes."""

    quote = Id(load_default=None)

    def make(self, *, quote: int | None) -> PostId | None:
        """Return its id."""
        return None if quote is None else PostId(quote)


class PoliciesForm(StrictSchema["tuple[QuotePolicy | None, ReplyPolicy | None]"]):
    """Who may quote a kwip from now on, and who may reply."""

    policy = policy_field(QuotePolicy)
    reply_policy = policy_field(ReplyPolicy)

    def make(
        self, *, policy: QuotePolicy | None, reply_policy: ReplyPolicy | None
    ) -> tuple[QuotePolicy | None, ReplyPolicy | None]:
        """Return both."""
        return policy, reply_policy
