"""Every store, and documents to put into them."""

from __future__ import annotations

import datetime as dt

from kwip.domain.accounts.audit_log import Action, Actor, AuditEntry
from kwip.domain.accounts.closures import Closure
from kwip.domain.accounts.joining import Application, Invitation
from kwip.domain.accounts.transfers import Transfer
from kwip.domain.accounts.users import User
from kwip.domain.ids import AttachmentId, first_id_at
from kwip.domain.mail.mails import Mail, MailKind
from kwip.domain.media.attachments import (
    Attachment,
    AttachmentKind,
    Upload,
    UploadState,
)
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.domain.moderation.reports import Category, Report
from kwip.domain.moderation.strikes import Act, Strike
from kwip.domain.posting.blogs import Blog
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.social.nudges import Nudge, NudgeKind
from kwip.domain.text import Mention
from kwip.store.accounts.access_keys import AccessKeyStore
from kwip.store.accounts.applications import ApplicationStore
from kwip.store.accounts.audit_log import AuditLogStore
from kwip.store.accounts.closures import ClosureStore
from kwip.store.accounts.credentials import CredentialStore
from kwip.store.accounts.email_domains import EmailDomainStore
from kwip.store.accounts.invitations import InvitationStore
from kwip.store.accounts.members import MemberStore
from kwip.store.accounts.people import PeopleStore
from kwip.store.accounts.roles import RoleStore
from kwip.store.accounts.setup import SetupStore
from kwip.store.accounts.site import SiteStore
from kwip.store.accounts.transfers import TransferStore
from kwip.store.accounts.two_factor import TwoFactorStore
from kwip.store.accounts.users import UserStore
from kwip.store.accounts.verification import VerificationStore
from kwip.store.accounts.wait_list import WaitListStore
from kwip.store.administration.announcements import AnnouncementStore
from kwip.store.administration.discovery_rules import DiscoveryRuleStore
from kwip.store.administration.figures import FiguresStore
from kwip.store.administration.hourly_figures import HourlyFigureStore
from kwip.store.changes import ChangeStore
from kwip.store.delivery.hibernation import HibernationStore
from kwip.store.delivery.outbox import OutboxStore
from kwip.store.delivery.pull_authors import PullAuthorStore
from kwip.store.discovery.endorsements import EndorsementStore
from kwip.store.discovery.featured_tags import FeaturedTagStore
from kwip.store.discovery.suggestions import SuggestionStore
from kwip.store.discovery.trends import TrendStore
from kwip.store.emojis import EmojiStore
from kwip.store.fence import FenceStore
from kwip.store.jobs import JobStore
from kwip.store.mail.mails import MailStore
from kwip.store.mail.preferences import MailPreferenceStore
from kwip.store.maintenance.audit import AuditStore
from kwip.store.maintenance.deletion import DeletionStore
from kwip.store.maintenance.joining_audit import JoiningAuditStore
from kwip.store.maintenance.loading import LoadStore
from kwip.store.maintenance.migrating import MigrationStore
from kwip.store.maintenance.processes import ProcessStore
from kwip.store.maintenance.repairs import RepairStore
from kwip.store.maintenance.retagging import RetagStore
from kwip.store.moderation.reports import ReportStore
from kwip.store.moderation.strikes import StrikeStore
from kwip.store.posting.active_order import ActivityStore
from kwip.store.posting.blogs import BlogStore
from kwip.store.posting.claims import ClaimStore
from kwip.store.posting.drafts import DraftStore
from kwip.store.posting.guest_replies import GuestReplyStore
from kwip.store.posting.imported import ImportedPostStore
from kwip.store.posting.marks import MarkStore
from kwip.store.posting.media.attachments import AttachmentStore
from kwip.store.posting.media.link_previews import LinkPreviewStore, PostPreviewStore
from kwip.store.posting.media.processing import Conversion, ProcessingStore
from kwip.store.posting.media.withheld import WithheldStore
from kwip.store.posting.posts import PostStore
from kwip.store.posting.pushdown import PushdownStore
from kwip.store.posting.quotes import QuoteStore
from kwip.store.posting.reactions.poll_ends import PollEndStore
from kwip.store.posting.reactions.reactions import ReactionStore
from kwip.store.posting.reactions.votes import VoteStore
from kwip.store.posting.repeats import RepeatStore
from kwip.store.posting.search import SearchStore
from kwip.store.posting.statistics import StatisticsStore
from kwip.store.purges import PurgeStore
from kwip.store.push.subscriptions import PushSubscriptionStore
from kwip.store.social.edges import EdgeStore
from kwip.store.social.follow_requests import FollowRequestStore
from kwip.store.social.followed_conversations import FollowedConversationStore
from kwip.store.social.followed_tags import FollowedTagStore
from kwip.store.social.list_edges import ListEdgeStore
from kwip.store.social.lists import ListStore
from kwip.store.social.muted_conversations import MutedConversationStore
from kwip.store.social.mutes import MuteStore
from kwip.store.social.notes import NoteStore
from kwip.store.social.nudges import NudgeStore
from kwip.store.social.relationships import RelationshipStore
from kwip.store.timelines.filters import FilterStore
from kwip.store.timelines.markers import MarkerStore
from kwip.store.timelines.notifications import NotificationStore
from kwip.store.timelines.timelines import TimelineStore

NOW_MS = 1_800_000_000_000
NOW = dt.datetime.fromtimestamp(NOW_MS / 1000, dt.UTC)
LATER = NOW + dt.timedelta(seconds=30)


#: Which attribute holds which store.
KINDS = {
    "activity": ActivityStore,
    "announcements": AnnouncementStore,
    "applications": ApplicationStore,
    "attachments": AttachmentStore,
    "audit": AuditStore,
    "audit_log": AuditLogStore,
    "changes": ChangeStore,
    "claims": ClaimStore,
    "closures": ClosureStore,
    "credentials": CredentialStore,
    "deletion": DeletionStore,
    "discovery_rules": DiscoveryRuleStore,
    "domains": EmailDomainStore,
    "drafts": DraftStore,
    "blogs": BlogStore,
    "guest_replies": GuestReplyStore,
    "edges": EdgeStore,
    "emojis": EmojiStore,
    "endorsements": EndorsementStore,
    "featured_tags": FeaturedTagStore,
    "figures": FiguresStore,
    "filters": FilterStore,
    "follow_requests": FollowRequestStore,
    "followed_conversations": FollowedConversationStore,
    "followed_tags": FollowedTagStore,
    "hibernation": HibernationStore,
    "invitations": InvitationStore,
    "hours": HourlyFigureStore,
    "imported": ImportedPostStore,
    "jobs": JobStore,
    "joining": JoiningAuditStore,
    "list_edges": ListEdgeStore,
    "lists": ListStore,
    "loading": LoadStore,
    "mail_preferences": MailPreferenceStore,
    "mails": MailStore,
    "markers": MarkerStore,
    "members": MemberStore,
    "marks": MarkStore,
    "migrating": MigrationStore,
    "muted_conversations": MutedConversationStore,
    "mutes": MuteStore,
    "notes": NoteStore,
    "nudges": NudgeStore,
    "notifications": NotificationStore,
    "of_posts": PostPreviewStore,
    "outbox": OutboxStore,
    "people": PeopleStore,
    "poll_ends": PollEndStore,
    "posts": PostStore,
    "push": PushSubscriptionStore,
    "previews": LinkPreviewStore,
    "processes": ProcessStore,
    "processing": ProcessingStore,
    "pull_authors": PullAuthorStore,
    "purges": PurgeStore,
    "pushdown": PushdownStore,
    "quotes": QuoteStore,
    "reactions": ReactionStore,
    "relationships": RelationshipStore,
    "repairs": RepairStore,
    "repeats": RepeatStore,
    "reports": ReportStore,
    "retags": RetagStore,
    "roles": RoleStore,
    "search": SearchStore,
    "setup": SetupStore,
    "site": SiteStore,
    "statistics": StatisticsStore,
    "strikes": StrikeStore,
    "suggestions": SuggestionStore,
    "timelines": TimelineStore,
    "trends": TrendStore,
    "two_factor": TwoFactorStore,
    "users": UserStore,
    "verification": VerificationStore,
    "votes": VoteStore,
    "wait_list": WaitListStore,
    "withheld": WithheldStore,
}


class Stores:
    def __init__(self, store):
        self.store = store
        self.authentication = AccessKeyStore(store, "tokens")
        self.exports = TransferStore(store, "exports")
        self.imports = TransferStore(store, "imports")
        self.fence = FenceStore(store.database)
        for name, kind in KINDS.items():
            setattr(self, name, kind(store))


def application(number):
    """Make the request of somebody to join as user `number`."""
    return Application(
        id=number,
        username=f"a{number}",
        display_name="",
        email=f"a{number}@example.org",
        email_key=f"a{number}@example.org",
        password_hash="x",
        reason="I bake.",
        at=NOW,
    )


def invitation(number):
    """Make an invitation of user `number`."""
    return Invitation(
        code=f"i{number}",
        creator_id=number,
        is_staff=False,
        created_at=NOW,
        works_until=LATER,
        max_uses=9,
    )


def audited(number):
    """Make an entry of the audit log about user `number`."""
    return AuditEntry(
        id=post_id(number),
        at=NOW,
        actor=Actor("command line", "deploy"),
        action=Action.SUSPEND_USER,
        subject=f"@u{number}",
    )


def reported(number):
    """Make a report by user `number` about the next one, of each category."""
    return Report(
        id=post_id(number),
        reporter_id=number,
        target_id=number + 1,
        posts=(),
        comment="",
        category=list(Category)[number % len(Category)],
        rule_ids=(),
        created_at=NOW,
        assigned_id=number % 20,
    )


def struck(number):
    """Make a strike of user `number` about the report of the same number."""
    return Strike(
        id=post_id(number),
        user_id=number,
        act=Act.WARN,
        text="Read rule 1.",
        by_id=1,
        created_at=NOW,
        report_id=post_id(number),
    )


def mail(number):
    """Make a mail to user `number`."""
    return Mail(
        id=f"m{number}",
        kind=MailKind.PASSWORD_RESET,
        user_id=number,
        address=f"u{number}@example.org",
        message_id=f"<m{number}@kwip.example.org>",
        created_at=NOW,
    )


def closure(number):
    """Make the closure of the account of user `number`."""
    return Closure(user_id=number, closed_at=NOW, delete_at=LATER)


def transfer(number):
    """Make an export that user `number` asked for."""
    return Transfer(user_id=number, file=f"{number:032x}", requested_at=NOW)


def upload(number, owner_id, **fields):
    """Make an upload that has no post; `name` is the name of its file."""
    attachment = Attachment(
        id=AttachmentId(post_id(number)),
        kind=AttachmentKind.IMAGE,
        file=fields.pop("name", f"{number:032x}"),
        variants=("large.webp", "small.webp"),
        width=1_200,
        height=900,
        small_width=800,
        small_height=600,
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    )
    made = {
        "state": UploadState.READY,
        "post_id": None,
        "is_open": False,
        "size_bytes": 1_000,
    }
    return Upload(attachment=attachment, owner_id=owner_id, **made | fields)


def conversion(number, owner_id):
    """Make a worker's lease on an upload."""
    return Conversion(upload=upload(number, owner_id), worker="worker", attempts=1)


def post_id(number):
    """Give the id of the post made `number` milliseconds after the beginning."""
    return first_id_at(NOW_MS + number)


def user(number):
    return User(id=number, username=f"u{number}", display_name=f"User {number}")


def post(number, author_id, **fields):
    """Make a post; `to` is another post that it answers, `named` who is mentioned."""
    parent, named = fields.pop("to", None), fields.pop("named", ())
    return Post(
        id=post_id(number),
        author_id=author_id,
        text=f"Post {number}",
        visibility=Visibility(fields.pop("visibility", "public")),
        created_at=NOW,
        mentions=tuple(Mention(0, 1, i, f"u{i}") for i in named),
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_author_id=parent.author_id if parent else None,
        root_id=parent.root_id if parent else post_id(number),
        **fields,
    )


def blog(number):
    url = f"https://{number}.example/feed"
    return Blog(id=number, owner_id=number, url=url, added_at=NOW)


def nudge(number):
    return Nudge(
        kind=NudgeKind.BUZZ,
        actor_id=number,
        recipient_id=number + 1,
        at=NOW,
        expires_at=NOW + dt.timedelta(days=7),
    )


def guest_reply(number):
    return GuestReply(
        id=number,
        post_id=number,
        author_id=number,
        name="Carla",
        text="Which flour?",
        sender=f"digest {number}",
        created_at=NOW,
        state=list(GuestReplyState)[number % 3],
    )
