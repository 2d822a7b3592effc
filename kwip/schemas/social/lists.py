"""Lists: Mastodon's List, and the bodies and form that create and fill one."""

from __future__ import annotations

from marshmallow import fields, validate

from kwip.domain.ids import UserId
from kwip.domain.timelines.lists import (
    MAX_MEMBERS,
    MEMBERS_AT_ONCE,
    ListChange,
    RepliesPolicy,
)
from kwip.schemas.body import BodySchema, Flag, Ids, StrictSchema, Text, choice, line
from kwip.schemas.dumping import DumpSchema
from kwip.schemas.pages import Limit, PageQuery
from kwip.text.translation import lazy_gettext

_POLICIES = [policy.value for policy in RepliesPolicy]


class ListSchema(DumpSchema):
    """A `UserList` as Mastodon's List."""

    id = fields.String()
    title = fields.String()
    replies_policy = fields.Function(lambda each: each.replies_policy.value)
    exclusive = fields.Boolean(attribute="is_exclusive")


class Policy(fields.String):
    """Which replies a list shows; empty means not given."""

    def __init__(self) -> None:
        one_of = lazy_gettext("Must be one of: list, followed, none.")
        super().__init__(
            load_default="",
            validate=validate.OneOf(["", *_POLICIES], error=one_of),
        )


class ListBody(BodySchema[ListChange]):
    """A list to create, or changes to one."""

    title = Text(load_default=None)
    replies_policy = Policy()
    exclusive = Flag(load_default=None)

    def make(
        self, *, title: str | None, replies_policy: str, exclusive: bool | None
    ) -> ListChange:
        """Build the change."""
        return ListChange(
            title=title,
            replies_policy=RepliesPolicy(replies_policy) if replies_policy else None,
            is_exclusive=exclusive,
        )


class MembersBody(BodySchema[list[UserId]]):
    """`account_ids[]`: whom to add to a list, or remove from it."""

    account_ids = Ids(MEMBERS_AT_ONCE)

    def make(self, *, account_ids: list[UserId]) -> list[UserId]:
        """Return the ids, each once."""
        return list(dict.fromkeys(account_ids))


class _Limit(Limit):
    """How many accounts; 0 means as many as a list can hold."""

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> int:
        return MAX_MEMBERS if value == "0" else super()._deserialize(value)


class MembersQuery(PageQuery):
    """A page of a list's accounts; with a `limit` of 0 all of them."""

    limit = _Limit()


class ListForm(StrictSchema[ListChange]):
    """A list's title and what it shows; an unchecked box is not sent."""

    title = line()
    replies_policy = choice(*(policy.value for policy in RepliesPolicy))
    is_exclusive = fields.Boolean(load_default=False)
    is_public = fields.Boolean(load_default=False)

    def make(
        self, *, title: str, replies_policy: str, is_exclusive: bool, is_public: bool
    ) -> ListChange:
        """Build the change."""
        return ListChange(
            title=title,
            replies_policy=RepliesPolicy(replies_policy),
            is_exclusive=is_exclusive,
            is_public=is_public,
        )
