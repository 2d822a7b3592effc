"""All services in one object, for endpoints, jobs and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.services.accounts.account import Account
    from kwip.services.accounts.authentication import Authentication
    from kwip.services.accounts.moderation import Moderation
    from kwip.services.accounts.profiles import Profiles
    from kwip.services.accounts.setup import Setup
    from kwip.services.accounts.sign_in import SignIn
    from kwip.services.accounts.users import Users
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.delivery.fanout import Fanout
    from kwip.services.delivery.hibernation import Hibernation
    from kwip.services.delivery.home_backfill import HomeBackfill
    from kwip.services.delivery.list_backfill import ListBackfill
    from kwip.services.delivery.live import Live
    from kwip.services.media.media import Media
    from kwip.services.posting.pins import Pins
    from kwip.services.posting.posts import Posts
    from kwip.services.posting.reactions import Reactions
    from kwip.services.posting.reposts import Reposts
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.rate_limits import RateLimits
    from kwip.services.social.followed_tags import FollowedTags
    from kwip.services.social.lists import Lists
    from kwip.services.social.people import People
    from kwip.services.social.relationships import Relationships
    from kwip.services.timelines.catch_up import CatchUp
    from kwip.services.timelines.hashtag_timelines import HashtagTimelines
    from kwip.services.timelines.id_lists import IdLists
    from kwip.services.timelines.markers import Markers
    from kwip.services.timelines.notifications import Notifications
    from kwip.services.timelines.open_pages import OpenPages
    from kwip.services.timelines.threads import Threads
    from kwip.services.timelines.timelines import Timelines
    from kwip.services.timelines.widgets import Widgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All services, one attribute per feature."""

    loaders: Loaders
    authentication: Authentication
    account: Account
    sign_in: SignIn
    setup: Setup
    rate_limits: RateLimits
    users: Users
    media: Media
    posts: Posts
    reactions: Reactions
    reposts: Reposts
    pins: Pins
    id_lists: IdLists
    people: People
    relationships: Relationships
    lists: Lists
    followed_tags: FollowedTags
    moderation: Moderation
    notifications: Notifications
    markers: Markers
    threads: Threads
    timelines: Timelines
    hashtag_timelines: HashtagTimelines
    catch_up: CatchUp
    profiles: Profiles
    widgets: Widgets
    fanout: Fanout
    home_backfill: HomeBackfill
    list_backfill: ListBackfill
    hibernation: Hibernation
    open_pages: OpenPages
    live: Live
    clock_guard: ClockGuard
