"""Mastodon's admin API: reports and accounts as moderators see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from kwip.domain.accounts.members import MemberQuery, MemberState
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import User
from kwip.domain.ids import UserId
from kwip.domain.moderation.reports import Category, ReportFilter
from kwip.domain.moderation.strikes import Act, Decision
from kwip.domain.timelines.views import PostView
from kwip.schemas.accounts.roles import own_role
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.body import BodySchema, Flag, Id, Ids, Text
from kwip.schemas.dumping import DumpSchema, Instant, constant, instant
from kwip.schemas.posting.posts import StatusSchema
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.accounts.joining import Application
    from kwip.domain.moderation.reports import ReportView
    from kwip.schemas.urls import Urls

_UNKNOWN = lazy_gettext("Must be one of: {choices}.")
#: Mastodon's words for acts on accounts; `none` only sends the text.
_ACTS = {"none": Act.WARN, "silence": Act.SILENCE, "suspend": Act.SUSPEND}
_MOST = 200


@dataclass(frozen=True, slots=True)
class AccountAction:
    """What to do to an account, and the report that it is about, if there is one."""

    decision: Decision
    report_id: int | None


class ReportsQuery(BodySchema[ReportFilter]):
    """Which reports to list; by default those that are open."""

    resolved = Flag(load_default=False)
    account_id = Id(load_default=None)
    target_account_id = Id(load_default=None)

    def make(
        self, *, resolved: bool, account_id: int | None, target_account_id: int | None
    ) -> ReportFilter:
        """Build the filter."""
        return ReportFilter(
            is_open=not resolved,
            reporter_id=None if account_id is None else UserId(account_id),
            target_id=None if target_account_id is None else UserId(target_account_id),
        )


class _AccountsQuery(BodySchema["MemberQuery | None"]):
    """What both versions of the API can search for.

    Accounts of other servers and addresses of the network are not known here, so
    nobody has them. Who may see email addresses finds a whole one, which is recorded.
    """

    username = Text(load_default="")
    display_name = Text(load_default="")
    email = Text(load_default="")
    by_domain = Text(load_default="")
    ip = Text(load_default="")


class AdminAccountsQuery(_AccountsQuery):
    """Which accounts to list, in the words of the first version of the API.

    None is those who wait for approval. Nobody is disabled or on another server here.
    """

    active = Flag(load_default=False)
    silenced = Flag(load_default=False)
    suspended = Flag(load_default=False)
    pending = Flag(load_default=False)
    staff = Flag(load_default=False)
    remote = Flag(load_default=False)
    disabled = Flag(load_default=False)
    sensitized = Flag(load_default=False)

    def make(self, **asked: Any) -> MemberQuery | None:
        """Build the query; of several states, the gravest one counts."""
        if asked["pending"]:
            return None
        states = (MemberState.SUSPENDED, MemberState.SILENCED, MemberState.ACTIVE)
        return _query(
            asked,
            next((state for state in states if asked[state]), None),
            is_staff=asked["staff"],
            is_elsewhere=asked["remote"] or asked["disabled"] or asked["sensitized"],
        )


class AdminAccountsV2Query(_AccountsQuery):
    """The same in the words of the second version."""

    status = fields.String(
        load_default=None,
        validate=validate.OneOf(
            ["active", "pending", "silenced", "suspended", "disabled"], error=_UNKNOWN
        ),
    )
    origin = Text(load_default="")
    permissions = Text(load_default="")

    def make(self, **asked: Any) -> MemberQuery | None:
        """Build the query."""
        status = asked["status"]
        if status == "pending":
            return None
        is_elsewhere = asked["origin"] == "remote" or status == "disabled"
        return _query(
            asked,
            MemberState(status) if status and not is_elsewhere else None,
            is_staff=asked["permissions"] == "staff",
            is_elsewhere=is_elsewhere,
        )


def _query(
    asked: dict[str, Any],
    state: MemberState | None,
    *,
    is_staff: bool,
    is_elsewhere: bool,
) -> MemberQuery:
    return MemberQuery(
        search=asked["username"] or asked["display_name"] or asked["email"],
        state=state,
        is_staff=is_staff,
        is_impossible=bool(is_elsewhere or asked["by_domain"] or asked["ip"]),
    )


class ReportChangeBody(BodySchema[tuple[Category | None, tuple[int, ...] | None]]):
    """Another category of a report, and the rules that were broken."""

    category = fields.String(
        load_default=None,
        validate=validate.OneOf([each.value for each in Category], error=_UNKNOWN),
    )
    rule_ids = Ids(_MOST)

    def make(
        self, *, category: str | None, rule_ids: list[int]
    ) -> tuple[Category | None, tuple[int, ...] | None]:
        """Return both; None leaves one as it is."""
        return Category(category) if category else None, tuple(rule_ids) or None


class ActionBody(BodySchema[AccountAction]):
    """What to do to an account. Warning presets are not supported."""

    type = fields.String(
        required=True, validate=validate.OneOf(list(_ACTS), error=_UNKNOWN)
    )
    report_id = Id(load_default=None, allow_none=True)
    text = Text(load_default="", allow_none=True)
    send_email_notification = Flag(load_default=True)

    def make(
        self,
        *,
        type: str,  # noqa: A002 -- the field's name
        report_id: int | None,
        text: str | None,
        send_email_notification: bool,
    ) -> AccountAction:
        """Build the action."""
        decision = Decision(
            act=_ACTS[type], text=text or "", sends_mail=send_email_notification
        )
        return AccountAction(decision, report_id)


class AdminAccountSchema(DumpSchema):
    """A `User` as Mastodon's Admin::Account, without addresses.

    Staff who may see email addresses find them on the pages, where it is recorded.
    """

    id = fields.String()
    username = fields.String()
    domain = constant(None)
    created_at = fields.Function(lambda user: instant(user.created_at))
    email = constant(None)
    ip = constant(None)
    ips = constant([])
    locale = constant("en")
    invite_request = constant(None)
    role = fields.Function(lambda user: own_role(user.role))
    confirmed = constant(value=True)
    approved = constant(value=True)
    disabled = constant(value=False)
    silenced: fields.Field[Any] = fields.Boolean(attribute="is_silenced")
    suspended: fields.Field[Any] = fields.Boolean(attribute="is_suspended")
    sensitized = constant(value=False)
    account = fields.Method("get_account")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._account = AccountSchema(urls, is_signed_in=is_signed_in)

    def get_account(self, user: User) -> object:
        """Return the account as everybody sees it."""
        return self._account.dump(user)


class PendingAccountSchema(AdminAccountSchema):
    """An `Application` as Mastodon's Admin::Account, with what it says."""

    created_at = fields.Function(lambda application: instant(application.at))
    invite_request = fields.String(attribute="reason")
    role = fields.Function(lambda _: own_role(Role.MEMBER))
    confirmed = constant(value=False)
    approved = constant(value=False)
    silenced = constant(value=False)
    suspended = constant(value=False)
    account = fields.Method("get_pending")

    def get_pending(self, application: Application) -> object:
        """Return the account that it would become."""
        return self._account.dump(
            User(
                id=application.id,
                username=application.username,
                display_name=application.display_name,
            )
        )


class AdminReportSchema(DumpSchema):
    """A `ReportView` as Mastodon's Admin::Report."""

    id = fields.String(attribute="report.id")
    action_taken = fields.Boolean(attribute="report.action_taken")
    action_taken_at = Instant(attribute="report.resolved_at")
    category = fields.String(attribute="report.category.value")
    comment = fields.String(attribute="report.comment")
    forwarded = constant(value=False)
    created_at = Instant(attribute="report.created_at")
    updated_at = Instant(attribute="report.updated_at")
    account = fields.Method("get_reporter")
    target_account = fields.Method("get_target")
    assigned_account = fields.Method("get_assigned")
    action_taken_by_account = fields.Method("get_resolved_by")
    statuses = fields.Method("get_statuses")
    rules = fields.Function(
        lambda view: [
            {"id": str(rule.id), "text": rule.text, "hint": ""} for rule in view.rules
        ]
    )

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._account = AdminAccountSchema(urls, is_signed_in=is_signed_in)
        self._status = StatusSchema(urls, is_signed_in=is_signed_in)

    def get_reporter(self, view: ReportView) -> object:
        """Return who reported; nobody if that account is deleted."""
        return self._person(view.reporter)

    def get_target(self, view: ReportView) -> object:
        """Return the account that it is about."""
        return self._person(view.target)

    def get_assigned(self, view: ReportView) -> object:
        """Return the moderator who has taken it on."""
        return self._person(view.assigned)

    def get_resolved_by(self, view: ReportView) -> object:
        """Return the moderator who resolved it."""
        return self._person(view.resolved_by)

    def get_statuses(self, view: ReportView) -> object:
        """Return the reported statuses that are still there."""
        author = view.target
        posts = [] if author is None else view.now
        shown = [PostView(post=p, author=author) for p in posts if author]
        return self._status.dump(shown, many=True)

    def _person(self, user: User | None) -> object:
        return None if user is None else self._account.dump(user)
