"""All services in one object, for endpoints, jobs and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from kwip.services.accounts.joining.invitations import Invitations
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.joining.wait_list import WaitList
    from kwip.services.accounts.password_reset import PasswordReset
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
    from kwip.services.accounts.two_factor.passkeys import Passkeys
    from kwip.services.accounts.two_factor.second_step import SecondStep
    from kwip.services.accounts.two_factor.two_factor import TwoFactorSettings
    from kwip.services.accounts.users import Users
    from kwip.services.backups.blogs.blogs import Blogs
    from kwip.services.backups.blogs.posting import BlogPosting
    from kwip.services.backups.csv_exports import CsvExports
    from kwip.services.backups.exports import Exports
    from kwip.services.backups.imports import Imports
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.delivery.fanout import Fanout
    from kwip.services.delivery.hibernation import Hibernation
    from kwip.services.delivery.home_backfill import HomeBackfill
    from kwip.services.delivery.list_backfill import ListBackfill
    from kwip.services.delivery.long_polls import Live
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.delivery.nudging import Nudging
    from kwip.services.delivery.poll_ends import PollEnds
    from kwip.services.delivery.publication import Publication
    from kwip.services.delivery.search_index import SearchIndex
    from kwip.services.discovery.endorsements import Endorsements
    from kwip.services.discovery.featured_tags import FeaturedTags
    from kwip.services.discovery.statistics import ProfileStatistics
    from kwip.services.discovery.suggestions import Suggestions
    from kwip.services.discovery.trending import Trending
    from kwip.services.discovery.trends import Trends
    from kwip.services.links.previews import Previews
    from kwip.services.links.verification import Verification
    from kwip.services.mail.mails import Mails
    from kwip.services.mail.notification_mail import NotificationMail
    from kwip.services.maintenance.closure_ends import ClosureEnds
    from kwip.services.maintenance.deletion import Deletion
    from kwip.services.media.attachments import Attachments
    from kwip.services.media.cards import Cards
    from kwip.services.media.emojis import Emojis
    from kwip.services.media.media import Media
    from kwip.services.media.processing import Processing
    from kwip.services.moderation.decisions import Decisions
    from kwip.services.moderation.execution import Execution
    from kwip.services.moderation.guest_replies import GuestReplies
    from kwip.services.moderation.limits import Limits
    from kwip.services.moderation.post_acts import PostActs
    from kwip.services.moderation.queue import Queue
    from kwip.services.moderation.reports import Reports
    from kwip.services.moderation.strikes import Strikes
    from kwip.services.posting.conversation_invites import ConversationInvites
    from kwip.services.posting.conversations import Conversations
    from kwip.services.posting.drafts import Drafts
    from kwip.services.posting.pins import Pins
    from kwip.services.posting.polls import Polls
    from kwip.services.posting.posts import Posts
    from kwip.services.posting.quotes import Quotes
    from kwip.services.posting.reactions import Reactions
    from kwip.services.posting.reposts import Reposts
    from kwip.services.posting.scheduled import Scheduled
    from kwip.services.posting.updates import Updates
    from kwip.services.push.pushing import Pushing
    from kwip.services.push.subscriptions import PushSubscriptions
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.rate_limits import RateLimits
    from kwip.services.search.search import Search
    from kwip.services.search.widget import SearchWidget
    from kwip.services.social.buzzes import Buzzes
    from kwip.services.social.follow_requests import FollowRequests
    from kwip.services.social.followed_tags import FollowedTags
    from kwip.services.social.lists import Lists
    from kwip.services.social.notes import Notes
    from kwip.services.social.people import People
    from kwip.services.social.relationships import Relationships
    from kwip.services.timelines.catch_up import CatchUp
    from kwip.services.timelines.filters import Filters
    from kwip.services.timelines.hashtag_timelines import HashtagTimelines
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.id_lists import IdLists
    from kwip.services.timelines.markers import Markers
    from kwip.services.timelines.notifications import Notifications
    from kwip.services.timelines.open_pages import OpenPages
    from kwip.services.timelines.quote_pages import QuotePages
    from kwip.services.timelines.threads import Threads
    from kwip.services.timelines.timelines import Timelines
    from kwip.services.timelines.widgets import Widgets


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The services of delivery."""

    notifier: Notifier
    nudging: Nudging
    publication: Publication
    home_backfill: HomeBackfill
    list_backfill: ListBackfill
    hibernation: Hibernation
    search_index: SearchIndex
    poll_ends: PollEnds
    fanout: Fanout
    live: Live


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The services of timelines."""

    hydration: Hydration
    id_lists: IdLists
    threads: Threads
    quote_pages: QuotePages
    timelines: Timelines
    hashtag_timelines: HashtagTimelines
    notifications: Notifications
    markers: Markers
    filters: Filters
    catch_up: CatchUp
    widgets: Widgets
    open_pages: OpenPages


@dataclass(frozen=True, kw_only=True)
class Social:
    """The services of social."""

    people: People
    relationships: Relationships
    follow_requests: FollowRequests
    notes: Notes
    buzzes: Buzzes
    lists: Lists
    followed_tags: FollowedTags


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """The services of media, which share a folder and a drawing process."""

    media: Media
    cards: Cards
    processing: Processing
    attachments: Attachments
    emojis: Emojis


@dataclass(frozen=True, kw_only=True)
class Links:
    """The services of links."""

    previews: Previews
    verification: Verification


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """The services of mail."""

    mails: Mails
    notification_mail: NotificationMail


@dataclass(frozen=True, kw_only=True)
class Push:
    """The services of push."""

    push_subscriptions: PushSubscriptions
    pushing: Pushing


@dataclass(frozen=True, kw_only=True)
class Posting:
    """The services of posting."""

    posts: Posts
    updates: Updates
    drafts: Drafts
    scheduled: Scheduled
    reactions: Reactions
    reposts: Reposts
    polls: Polls
    conversations: Conversations
    conversation_invites: ConversationInvites
    quotes: Quotes
    pins: Pins


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The services of search."""

    search: Search
    search_widget: SearchWidget


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The services of discovery."""

    trending: Trending
    trends: Trends
    suggestions: Suggestions
    featured_tags: FeaturedTags
    endorsements: Endorsements
    statistics: ProfileStatistics


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """The services of accounts, with rate limits."""

    site: Site
    announcements: Announcements
    discovery_changes: DiscoveryChanges
    invitations: Invitations
    applications: Applications
    wait_list: WaitList
    users: Users
    authentication: Authentication
    account: Account
    password_reset: PasswordReset
    email_address: EmailAddress
    setup: Setup
    sign_in: SignIn
    audit_log: AuditLog
    staff_mail: StaffMail
    email_domains: EmailDomains
    moderation: Moderation
    staff: Staff
    members: Members
    site_activity: SiteActivity
    analysis: Analysis
    app_figures: AppFigures
    access_recovery: AccessRecovery
    second_step: SecondStep
    two_factor: TwoFactorSettings
    passkeys: Passkeys
    emoji_changes: EmojiChanges
    profiles: Profiles
    closures: Closures
    closing: AccountClosing
    rate_limits: RateLimits


@dataclass(frozen=True, kw_only=True)
class Moderating:
    """The services of moderation."""

    reports: Reports
    queue: Queue
    decisions: Decisions
    limits: Limits
    execution: Execution
    post_acts: PostActs
    strikes: Strikes
    guest_replies: GuestReplies


@dataclass(frozen=True, kw_only=True)
class OwnData:
    """The services with which users take their data along."""

    exports: Exports
    csv_exports: CsvExports
    imports: Imports


@dataclass(frozen=True, kw_only=True)
class Blogging:
    """The services with which users have their blogs posted."""

    blogs: Blogs
    blog_posting: BlogPosting


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """The services that delete accounts."""

    deletion: Deletion
    closure_ends: ClosureEnds


@dataclass(frozen=True, kw_only=True)
class Services(
    Delivery,
    Reading,
    Social,
    Uploads,
    Links,
    Mailing,
    Push,
    Posting,
    Finding,
    Discovery,
    Accounts,
    Moderating,
    OwnData,
    Blogging,
    Leaving,
):
    """All services, one attribute per feature."""

    loaders: Loaders
    clock_guard: ClockGuard
