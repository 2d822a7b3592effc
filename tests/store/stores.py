"""Every store, and documents to put into them."""

from __future__ import annotations

import datetime as dt

from kwip.domain.attachments import (
    Attachment,
    AttachmentKind,
    Upload,
    UploadState,
)
from kwip.domain.audit_log import Action, Actor, AuditEntry
from kwip.domain.ids import AttachmentId, first_id_at
from kwip.domain.mail.mails import Mail, MailKind
from kwip.domain.posts import Post, Visibility
from kwip.domain.text import Mention
from kwip.domain.users import User
from kwip.store.accounts.access_keys import AccessKeyStore
from kwip.store.accounts.audit_log import AuditLogStore
from kwip.store.accounts.credentials import CredentialStore
from kwip.store.accounts.email_domains import EmailDomainStore
from kwip.store.accounts.people import PeopleStore
from kwip.store.accounts.setup import SetupStore
from kwip.store.accounts.site import SiteStore
from kwip.store.accounts.users import UserStore
from kwip.store.changes import ChangeStore
from kwip.store.delivery.hibernation import HibernationStore
from kwip.store.delivery.outbox import OutboxStore
from kwip.store.delivery.pull_authors import PullAuthorStore
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
from kwip.store.maintenance.loading import LoadStore
from kwip.store.maintenance.migrating import MigrationStore
from kwip.store.maintenance.processes import ProcessStore
from kwip.store.maintenance.repairs import RepairStore
from kwip.store.maintenance.retagging import RetagStore
from kwip.store.posting.active_order import ActivityStore
from kwip.store.posting.attachments import AttachmentStore
from kwip.store.posting.claims import ClaimStore
from kwip.store.posting.link_previews import LinkPreviewStore, PostPreviewStore
from kwip.store.posting.poll_ends import PollEndStore
from kwip.store.posting.posts import PostStore
from kwip.store.posting.processing import Conversion, ProcessingStore
from kwip.store.posting.pushdown import PushdownStore
from kwip.store.posting.quotes import QuoteStore
from kwip.store.posting.reactions import ReactionStore
from kwip.store.posting.repeats import RepeatStore
from kwip.store.posting.search import SearchStore
from kwip.store.posting.votes import VoteStore
from kwip.store.posting.withheld import WithheldStore
from kwip.store.purges import PurgeStore
from kwip.store.social.edges import EdgeStore
from kwip.store.social.followed_tags import FollowedTagStore
from kwip.store.social.list_edges import ListEdgeStore
from kwip.store.social.lists import ListStore
from kwip.store.social.muted_conversations import MutedConversationStore
from kwip.store.social.relationships import RelationshipStore
from kwip.store.timelines.markers import MarkerStore
from kwip.store.timelines.notifications import NotificationStore
from kwip.store.timelines.timelines import TimelineStore

NOW_MS = 1_800_000_000_000
NOW = dt.datetime.fromtimestamp(NOW_MS / 1000, dt.UTC)
LATER = NOW + dt.timedelta(seconds=30)


class Stores:
    def __init__(self, store):
        self.store, self.withheld = store, WithheldStore(store)
        self.processing, self.deletion = ProcessingStore(store), DeletionStore(store)
        self.authentication = AccessKeyStore(store, "tokens")
        self.attachments, self.purges = AttachmentStore(store), PurgeStore(store)
        self.audit, self.changes = AuditStore(store), ChangeStore(store)
        self.repairs, self.retags = RepairStore(store), RetagStore(store)
        self.claims, self.poll_ends = ClaimStore(store), PollEndStore(store)
        self.previews, self.of_posts = LinkPreviewStore(store), PostPreviewStore(store)
        self.hibernation, self.mails = HibernationStore(store), MailStore(store)
        self.edges, self.list_edges = EdgeStore(store), ListEdgeStore(store)
        self.emojis, self.fence = EmojiStore(store), FenceStore(store.database)
        self.jobs, self.processes = JobStore(store), ProcessStore(store)
        self.followed_tags = FollowedTagStore(store)
        self.muted_conversations = MutedConversationStore(store)
        self.featured_tags, self.lists = FeaturedTagStore(store), ListStore(store)
        self.mail_preferences, self.credentials = (
            MailPreferenceStore(store),
            CredentialStore(store),
        )
        self.loading, self.migrating = LoadStore(store), MigrationStore(store)
        self.markers, self.pushdown = MarkerStore(store), PushdownStore(store)
        self.notifications = NotificationStore(store)
        self.posts, self.outbox = PostStore(store), OutboxStore(store)
        self.pull_authors = PullAuthorStore(store)
        self.activity = ActivityStore(store)
        self.repeats, self.quotes = RepeatStore(store), QuoteStore(store)
        self.reactions, self.votes = ReactionStore(store), VoteStore(store)
        self.relationships = RelationshipStore(store)
        self.search, self.people = SearchStore(store), PeopleStore(store)
        self.setup, self.suggestions = SetupStore(store), SuggestionStore(store)
        self.domains, self.site = EmailDomainStore(store), SiteStore(store)
        self.timelines, self.trends = TimelineStore(store), TrendStore(store)
        self.users, self.audit_log = UserStore(store), AuditLogStore(store)


def audited(number):
    """Make an entry of the audit log about user `number`."""
    return AuditEntry(
        id=post_id(number),
        at=NOW,
        actor=Actor("command line", "deploy"),
        action=Action.SUSPEND_USER,
        subject=f"@u{number}",
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
