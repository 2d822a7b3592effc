"""Make the services of `kwip.services.accounts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache.rate_limits import RateLimitWindows
from kwip.domain.accounts.site import SignUpMode, SiteSettings
from kwip.domain.clock import at
from kwip.domain.rate_limits import SPANS_S, windows
from kwip.services.accounts.account import Account
from kwip.services.accounts.account_closing import AccountClosing
from kwip.services.accounts.administration.analysis import Analysis
from kwip.services.accounts.administration.announcements import Announcements
from kwip.services.accounts.administration.app_figures import AppFigures
from kwip.services.accounts.administration.discovery_rules import DiscoveryChanges
from kwip.services.accounts.administration.site_activity import SiteActivity
from kwip.services.accounts.authentication import Authentication
from kwip.services.accounts.closures import Closures
from kwip.services.accounts.email_address import EmailAddress
from kwip.services.accounts.joining.applications import Applications
from kwip.services.accounts.joining.entry import Entry
from kwip.services.accounts.joining.invitations import Invitations
from kwip.services.accounts.joining.site import Site
from kwip.services.accounts.joining.wait_list import WaitList
from kwip.services.accounts.notices import Notices
from kwip.services.accounts.password_reset import PasswordReset
from kwip.services.accounts.passwords import Passwords
from kwip.services.accounts.profiles import Profiles
from kwip.services.accounts.setup import Setup
from kwip.services.accounts.sign_in import SignIn
from kwip.services.accounts.staff.audit_log import AuditLog
from kwip.services.accounts.staff.email_domains import EmailDomains
from kwip.services.accounts.staff.emoji_changes import EmojiChanges
from kwip.services.accounts.staff.members import Members
from kwip.services.accounts.staff.moderation import Moderation
from kwip.services.accounts.staff.staff import Staff
from kwip.services.accounts.staff.staff_mail import StaffMail
from kwip.services.accounts.two_factor.access_recovery import AccessRecovery
from kwip.services.accounts.two_factor.ceremonies import Ceremonies
from kwip.services.accounts.two_factor.passkeys import Passkeys
from kwip.services.accounts.two_factor.second_factor import SecondFactor
from kwip.services.accounts.two_factor.second_step import SecondStep
from kwip.services.accounts.two_factor.two_factor import TwoFactorSettings
from kwip.services.accounts.users import Users
from kwip.services.bundle import Accounts
from kwip.services.coherence.cache_lease import boot_clock
from kwip.services.coherence.site_memory import SiteMemory
from kwip.services.reading.rate_limits import RateLimits
from kwip.store.accounts.applications import ApplicationStore
from kwip.store.accounts.audit_log import AuditLogStore
from kwip.store.accounts.email_domains import EmailDomainStore
from kwip.store.accounts.invitations import InvitationStore
from kwip.store.accounts.members import MemberStore
from kwip.store.accounts.roles import RoleStore
from kwip.store.accounts.setup import SetupStore
from kwip.store.accounts.site import SiteStore
from kwip.store.accounts.two_factor import TwoFactorStore
from kwip.store.accounts.wait_list import WaitListStore
from kwip.store.administration.announcements import AnnouncementStore
from kwip.store.administration.discovery_rules import DiscoveryRuleStore
from kwip.store.administration.figures import FiguresStore
from kwip.store.administration.hourly_figures import HourlyFigureStore
from kwip.store.delivery.hibernation import HibernationStore
from kwip.store.mail.preferences import MailPreferenceStore

if TYPE_CHECKING:
    from kwip.domain.rate_limits import Window
    from kwip.services.bundle import Mailing, Reading, Social, Uploads
    from kwip.wiring.core import Core


def make_accounts(
    core: Core,
    reading: Reading,
    social: Social,
    media: Uploads,
    mail: Mailing,
    site: Site,
) -> Accounts:
    """Make them from the services they call."""
    stores, settings, clock = core.stores, core.settings, core.options.clock
    entities, fence = core.entities, core.fence
    passwords = Passwords(
        at_once=settings.password_hashes, room=settings.web_threads // 2
    )
    audit_log = site.audit_log
    email_domains = EmailDomains(EmailDomainStore(core.store), audit_log, clock)
    users = Users(
        store=stores.users,
        email_domains=email_domains,
        entities=entities,
        fence=fence,
        passwords=passwords,
        media=media.media,
        relationships=social.relationships,
        ids=core.ids,
        clock_guard=core.clock_guard,
    )
    notices = Notices(stores, mail.mails)
    moderation = Moderation(
        stores=stores,
        roles=RoleStore(core.store),
        jobs=core.jobs,
        fence=fence,
        passwords=passwords,
        withholding=media.attachments.withholding,
        follow_requests=social.follow_requests,
        audit_log=audit_log,
        clock=clock,
    )
    closures = Closures(moderation, notices)
    authentication = Authentication(stores, entities, fence, passwords, closures, clock)
    setup = Setup(SetupStore(core.store), users, clock)
    staff_mail = StaffMail(
        MemberStore(core.store), MailPreferenceStore(core.store), notices
    )
    joining = _joining(core, users, site, staff_mail)
    sign_in = SignIn(
        authentication=authentication,
        entry=Entry(users, joining.applications, joining.invitations, site),
        setup=setup,
        windows=_limits(core),
        charges=RateLimitWindows(core.realtime),
        mails=mail.mails,
    )
    account = Account(stores, fence, passwords, sign_in, notices, clock)
    ceremonies = Ceremonies(settings.origin, mail.mails.site.host)
    second_factor = SecondFactor(
        store=TwoFactorStore(core.store),
        sealer=core.sealer,
        ceremonies=ceremonies,
        notices=notices,
        clock=clock,
    )
    two_factor = TwoFactorSettings(
        stores=stores,
        sign_in=sign_in,
        second_factor=second_factor,
        account=account,
        notices=notices,
        clock=clock,
        issuer=mail.mails.site.host,
        is_required_of_staff=settings.staff_two_factor,
    )
    staff = Staff(stores.users, entities)
    figures = _figures(core, reading)
    return Accounts(
        site=site,
        announcements=_announcements(core, audit_log),
        discovery_changes=DiscoveryChanges(
            DiscoveryRuleStore(core.store), core.rules, audit_log
        ),
        invitations=joining.invitations,
        applications=joining.applications,
        wait_list=joining.wait_list,
        staff_mail=staff_mail,
        users=users,
        authentication=authentication,
        account=account,
        access_recovery=AccessRecovery(
            stores=stores,
            audit_log=audit_log,
            two_factor=two_factor,
            mails=mail.mails,
        ),
        second_step=SecondStep(
            stores=stores, sign_in=sign_in, second_factor=second_factor
        ),
        two_factor=two_factor,
        passkeys=Passkeys(
            two_factor=two_factor,
            account=account,
            ceremonies=ceremonies,
            clock=clock,
        ),
        setup=setup,
        sign_in=sign_in,
        audit_log=audit_log,
        email_domains=email_domains,
        moderation=moderation,
        closures=closures,
        closing=AccountClosing(two_factor, closures),
        staff=staff,
        emoji_changes=EmojiChanges(media.emojis, audit_log),
        analysis=figures.analysis,
        app_figures=figures,
        site_activity=figures.activity,
        members=Members(
            stores=stores,
            store=MemberStore(core.store),
            homes=HibernationStore(core.store),
            attachments=media.attachments.store,
            invitations=joining.invitations.store,
            audit_log=audit_log,
            moderation=moderation,
            staff=staff,
            clock=clock,
        ),
        email_address=EmailAddress(
            stores=stores,
            mails=mail.mails,
            email_domains=email_domains,
            moderation=moderation,
            two_factor=two_factor,
            passwords=passwords,
            sign_in=sign_in,
            clock=clock,
            site=site,
        ),
        password_reset=PasswordReset(
            stores=stores,
            mails=mail.mails,
            notices=notices,
            passwords=passwords,
            moderation=moderation,
            sign_in=sign_in,
        ),
        profiles=Profiles(entities, users, reading.timelines),
        rate_limits=make_rate_limits(core),
    )


def make_rate_limits(core: Core) -> RateLimits:
    """Make what charges requests."""
    return RateLimits(_limits(core), RateLimitWindows(core.cache), core.fence)


def _limits(core: Core) -> dict[str, Window]:
    settings = core.settings
    return windows({name: getattr(settings, f"quota_{name}") for name in SPANS_S})


def make_site(core: Core) -> Site:
    """Make the settings of the site, which mails need too."""
    settings, options = core.settings, core.options
    return Site(
        store=SiteStore(core.store),
        users=core.stores.users,
        defaults=SiteSettings(
            sign_up=SignUpMode(settings.signup), confirm_email=settings.confirm_email
        ),
        fence=core.fence,
        audit_log=AuditLog(AuditLogStore(core.store), core.ids, options.clock),
        ids=core.ids,
        clock=options.clock,
        lease_s=options.fence_times.lease_s,
        elapsed=boot_clock,
    )


def _announcements(core: Core, audit_log: AuditLog) -> Announcements:
    store, clock = AnnouncementStore(core.store), core.options.clock
    return Announcements(
        store=store,
        memory=SiteMemory(
            (),
            lambda: store.published(at(clock())),
            fence=core.fence,
            lease_s=core.options.fence_times.lease_s,
            elapsed=boot_clock,
        ),
        audit_log=audit_log,
        fence=core.fence,
        ids=core.ids,
        clock=clock,
    )


@dataclass(frozen=True, slots=True)
class _Joining:
    """The ways to join."""

    invitations: Invitations
    applications: Applications
    wait_list: WaitList


def _joining(core: Core, users: Users, site: Site, staff_mail: StaffMail) -> _Joining:
    mails = staff_mail.notices.mails
    audit_log, clock = site.audit_log, core.options.clock
    invitations = Invitations(
        store=InvitationStore(core.store),
        users=core.stores.users,
        site=site,
        audit_log=audit_log,
        clock=clock,
    )
    return _Joining(
        invitations,
        Applications(
            store=ApplicationStore(core.store),
            users=users,
            mails=mails,
            audit_log=audit_log,
            staff_mail=staff_mail,
            clock=clock,
        ),
        WaitList(
            store=WaitListStore(core.store),
            invitations=invitations,
            email_domains=users.email_domains,
            site=site,
            mails=mails,
            audit_log=audit_log,
            clock=clock,
        ),
    )


def _figures(core: Core, reading: Reading) -> AppFigures:
    store, users = FiguresStore(core.store), core.stores.users
    clock = core.options.clock
    return AppFigures(
        store=store,
        activity=SiteActivity(
            users=users,
            figures=store,
            hours=HourlyFigureStore(core.store),
            jobs=core.jobs,
            clock=clock,
        ),
        analysis=Analysis(
            store=store,
            users=users,
            jobs=core.jobs,
            hydration=reading.hydration,
            clock=clock,
        ),
        clock=clock,
    )
