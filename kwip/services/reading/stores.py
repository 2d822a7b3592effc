"""The stores of one database, made once and shared by the services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.store.accounts.access_keys import AccessKeyStore
from kwip.store.accounts.closures import ClosureStore
from kwip.store.accounts.credentials import CredentialStore
from kwip.store.accounts.people import PeopleStore
from kwip.store.accounts.users import UserStore
from kwip.store.delivery.pull_authors import PullAuthorStore
from kwip.store.discovery.endorsements import EndorsementStore
from kwip.store.discovery.featured_tags import FeaturedTagStore
from kwip.store.discovery.suggestions import SuggestionStore
from kwip.store.discovery.trends import TrendStore
from kwip.store.moderation.strikes import StrikeStore
from kwip.store.posting.active_order import ActivityStore
from kwip.store.posting.blogs import BlogStore
from kwip.store.posting.drafts import DraftStore
from kwip.store.posting.guest_replies import GuestReplyStore
from kwip.store.posting.imported import ImportedPostStore
from kwip.store.posting.posts import PostStore
from kwip.store.posting.pushdown import PushdownStore
from kwip.store.posting.quotes import QuoteStore
from kwip.store.posting.reactions.reactions import ReactionStore
from kwip.store.posting.reactions.votes import VoteStore
from kwip.store.posting.repeats import RepeatStore
from kwip.store.posting.search import SearchStore
from kwip.store.posting.statistics import StatisticsStore
from kwip.store.social.follow_requests import FollowRequestStore
from kwip.store.social.followed_conversations import FollowedConversationStore
from kwip.store.social.followed_tags import FollowedTagStore
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

if TYPE_CHECKING:
    from kwip.store.client import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The stores that services use."""

    users: UserStore
    credentials: CredentialStore
    closures: ClosureStore
    people: PeopleStore
    posts: PostStore
    repeats: RepeatStore
    quotes: QuoteStore
    search: SearchStore
    activity: ActivityStore
    pushdown: PushdownStore
    statistics: StatisticsStore
    relationships: RelationshipStore
    follow_requests: FollowRequestStore
    mutes: MuteStore
    notes: NoteStore
    nudges: NudgeStore
    lists: ListStore
    followed_tags: FollowedTagStore
    muted_conversations: MutedConversationStore
    followed_conversations: FollowedConversationStore
    trends: TrendStore
    suggestions: SuggestionStore
    featured_tags: FeaturedTagStore
    endorsements: EndorsementStore
    timelines: TimelineStore
    pull_authors: PullAuthorStore
    drafts: DraftStore
    imported: ImportedPostStore
    blogs: BlogStore
    guest_replies: GuestReplyStore
    reactions: ReactionStore
    votes: VoteStore
    notifications: NotificationStore
    markers: MarkerStore
    strikes: StrikeStore
    filters: FilterStore
    sessions: AccessKeyStore
    tokens: AccessKeyStore

    @classmethod
    def over(cls, store: Store) -> Stores:
        """Make the stores of one database."""
        return cls(
            users=UserStore(store),
            credentials=CredentialStore(store),
            closures=ClosureStore(store),
            people=PeopleStore(store),
            posts=PostStore(store),
            repeats=RepeatStore(store),
            quotes=QuoteStore(store),
            search=SearchStore(store),
            activity=ActivityStore(store),
            pushdown=PushdownStore(store),
            statistics=StatisticsStore(store),
            relationships=RelationshipStore(store),
            follow_requests=FollowRequestStore(store),
            mutes=MuteStore(store),
            notes=NoteStore(store),
            nudges=NudgeStore(store),
            lists=ListStore(store),
            followed_tags=FollowedTagStore(store),
            muted_conversations=MutedConversationStore(store),
            followed_conversations=FollowedConversationStore(store),
            trends=TrendStore(store),
            suggestions=SuggestionStore(store),
            featured_tags=FeaturedTagStore(store),
            endorsements=EndorsementStore(store),
            timelines=TimelineStore(store),
            pull_authors=PullAuthorStore(store),
            drafts=DraftStore(store),
            imported=ImportedPostStore(store),
            blogs=BlogStore(store),
            guest_replies=GuestReplyStore(store),
            reactions=ReactionStore(store),
            votes=VoteStore(store),
            notifications=NotificationStore(store),
            markers=MarkerStore(store),
            strikes=StrikeStore(store),
            filters=FilterStore(store),
            sessions=AccessKeyStore(store, "sessions"),
            tokens=AccessKeyStore(store, "tokens"),
        )
