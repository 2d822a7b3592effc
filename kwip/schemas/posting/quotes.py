"""Quotes: Mastodon's ShallowQuote and QuoteApproval, and who may quote a new post."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.ids import PostId
from kwip.domain.posts import QuotePolicy
from kwip.domain.quotes import QuoteState, policy_of
from kwip.schemas.body import BodySchema, Id, StrictSchema
from kwip.schemas.dumping import to_text
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.posts import Post
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


def shallow_quote(post: Post) -> dict[str, object] | None:
    """Return what a post quotes where that is not shown; None if it quotes nothing."""
    if post.quote_of_id is None or post.repost_of_id is not None:
        return None
    state = QuoteState.ACCEPTED if post.is_quote else QuoteState.REVOKED
    return {
        "state": state.value,
        "quoted_status_id": str(post.quote_of_id) if post.is_quote else None,
    }


def policy_field(
    default: QuotePolicy | None = QuotePolicy.PUBLIC,
) -> fields.Enum[QuotePolicy]:
    """Return the field of who may quote a post."""
    return fields.Enum(
        QuotePolicy,
        by_value=True,
        load_default=default,
        allow_none=True,
        error_messages={"unknown": lazy_gettext("Must be one of: {choices}.")},
    )


class InteractionPolicyBody(BodySchema[QuotePolicy]):
    """Who may quote a status from now on; everybody, unless it says."""

    quote_approval_policy = policy_field()

    def make(self, *, quote_approval_policy: QuotePolicy | None) -> QuotePolicy:
        """Return it."""
        return quote_approval_policy or QuotePolicy.PUBLIC


class ComposeQuery(StrictSchema["PostId | None"]):
    """`quote`: the post that a new one quotes."""

    quote = Id(load_default=None)

    def make(self, *, quote: int | None) -> PostId | None:
        """Return its id."""
        return None if quote is None else PostId(quote)


class QuotePolicyForm(StrictSchema[QuotePolicy]):
    """Who may quote a kwip from now on."""

    policy = fields.Enum(
        QuotePolicy,
        by_value=True,
        required=True,
        error_messages={"unknown": lazy_gettext("Choose one of the options.")},
    )

    def make(self, *, policy: QuotePolicy) -> QuotePolicy:
        """Return it."""
        return policy
