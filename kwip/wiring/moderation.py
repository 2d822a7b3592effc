"""Make the services of `kwip.services.moderation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Moderating
from kwip.services.moderation.decisions import Decisions
from kwip.services.moderation.execution import Execution
from kwip.services.moderation.guest_replies import GuestReplies
from kwip.services.moderation.limits import Limits
from kwip.services.moderation.post_acts import PostActs
from kwip.services.moderation.queue import Queue
from kwip.services.moderation.reports import Reports
from kwip.services.moderation.strikes import Strikes
from kwip.services.posting.marks import Marks
from kwip.store.moderation.reports import ReportStore
from kwip.store.moderation.strikes import StrikeStore
from kwip.store.posting.marks import MarkStore

if TYPE_CHECKING:
    from kwip.services.bundle import Accounts, Finding, Mailing, Posting
    from kwip.wiring.core import Core


def make_moderation(
    core: Core,
    posting: Posting,
    mail: Mailing,
    finding: Finding,
    accounts: Accounts,
) -> Moderating:
    """Make them from the services they call."""
    stores, clock = core.stores, core.options.clock
    reports, strikes = ReportStore(core.store), StrikeStore(core.store)
    notices, audit_log = accounts.account.notices, accounts.audit_log
    marks = Marks(MarkStore(core.store), core.fence, posting.posts.purges)
    execution = Execution(
        store=strikes,
        stores=stores,
        moderation=accounts.moderation,
        posts=posting.posts,
        marks=marks,
        audit_log=audit_log,
    )
    decisions = Decisions(
        store=strikes,
        reports=reports,
        stores=stores,
        notices=notices,
        notifier=posting.reactions.notifier,
        execution=execution,
        ids=core.ids,
        clock=clock,
    )
    return Moderating(
        reports=Reports(
            store=reports,
            stores=stores,
            site=accounts.site,
            staff_mail=accounts.staff_mail,
            ids=core.ids,
            clock=clock,
        ),
        queue=Queue(
            store=reports,
            strikes=strikes,
            stores=stores,
            site=accounts.site,
            audit_log=audit_log,
            clock=clock,
        ),
        decisions=decisions,
        limits=Limits(strikes, decisions, execution, accounts.moderation),
        execution=execution,
        post_acts=PostActs(finding.search, stores, decisions),
        strikes=Strikes(
            store=strikes,
            stores=stores,
            decisions=decisions,
            mails=mail.mails,
            notices=notices,
            staff_mail=accounts.staff_mail,
            clock=clock,
        ),
        guest_replies=GuestReplies(
            store=stores.guest_replies,
            users=stores.users,
            audit_log=audit_log,
            posts=posting.posts,
            site=accounts.site,
            email_domains=accounts.email_domains,
            notifier=posting.posts.notifier,
            fence=core.fence,
            mails=mail.mails,
            ids=core.ids,
            clock=clock,
        ),
    )
