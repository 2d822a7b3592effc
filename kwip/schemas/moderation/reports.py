"""Reports: Mastodon's Report, and the forms to make one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.domain.ids import PostId, UserId
from kwip.domain.moderation.reports import Category, NewReport
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.body import BodySchema, Id, Ids, StrictSchema, Text, choice
from kwip.schemas.dumping import DumpSchema, Instant, constant
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.moderation.reports import ReportView
    from kwip.schemas.urls import Urls

_MOST = 200
_CATEGORIES = tuple(category.value for category in Category)


class ReportBody(BodySchema[NewReport]):
    """A report of an app; `forward` is for federation, which Kwip lacks."""

    account_id = Id(required=True)
    status_ids = Ids(_MOST)
    comment = Text(load_default="", allow_none=True)
    category = fields.String(
        load_default=Category.OTHER.value,
        validate=validate.OneOf(
            _CATEGORIES, error=lazy_gettext("Must be one of: {choices}.")
        ),
    )
    rule_ids = Ids(_MOST)

    def make(
        self,
        *,
        account_id: int,
        status_ids: list[int],
        comment: str | None,
        category: str,
        rule_ids: list[int],
    ) -> NewReport:
        """Build the report."""
        return NewReport(
            target_id=UserId(account_id),
            post_ids=tuple(PostId(each) for each in status_ids),
            comment=comment or "",
            category=Category(category),
            rule_ids=tuple(rule_ids),
        )


class ReportForm(StrictSchema[NewReport]):
    """What is wrong, in a form; its address says who it is about."""

    category = choice(*_CATEGORIES)
    comment = Text(load_default="")
    rule_ids = Ids(_MOST)

    def make(self, *, category: str, comment: str, rule_ids: list[int]) -> NewReport:
        """Build the report, about nobody yet."""
        return NewReport(
            target_id=UserId(0),
            category=Category(category),
            comment=comment,
            rule_ids=tuple(rule_ids),
        )


class ReportQuery(BodySchema["int | None"]):
    """Which guest's reply the report is about, if it is about one."""

    guest = Id(load_default=None)

    def make(self, *, guest: int | None) -> int | None:
        """Return its id."""
        return guest


class ReportSchema(DumpSchema):
    """A `ReportView` as Mastodon's Report."""

    id = fields.String(attribute="report.id")
    action_taken = fields.Boolean(attribute="report.action_taken")
    action_taken_at = Instant(attribute="report.resolved_at")
    category = fields.String(attribute="report.category.value")
    comment = fields.String(attribute="report.comment")
    forwarded = constant(value=False)
    created_at = Instant(attribute="report.created_at")
    status_ids = fields.List(fields.String(), attribute="report.post_ids")
    rule_ids = fields.List(fields.String(), attribute="report.rule_ids")
    target_account = fields.Method("get_target")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._account = AccountSchema(urls, is_signed_in=is_signed_in)

    def get_target(self, view: ReportView) -> object:
        """Return the reported account."""
        return None if view.target is None else self._account.dump(view.target)
