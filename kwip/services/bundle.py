"""All services together, as the doors get them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.services.access import Access
    from kwip.services.account import Account
    from kwip.services.admission import Admission
    from kwip.services.catch_up import CatchUp
    from kwip.services.clock_guard import ClockGuard
    from kwip.services.dormancy import Dormancy
    from kwip.services.fanout import Fanout
    from kwip.services.followed_tags import FollowedTags
    from kwip.services.list_upkeep import ListUpkeep
    from kwip.services.lists import Lists
    from kwip.services.live import Live
    from kwip.services.markers import Markers
    from kwip.services.media import Media
    from kwip.services.moderation import Moderation
    from kwip.services.notifications import Notifications
    from kwip.services.open_pages import OpenPages
    from kwip.services.people import People
    from kwip.services.pins import Pins
    from kwip.services.posts import Posts
    from kwip.services.profiles import Profiles
    from kwip.services.quotas import Quotas
    from kwip.services.reactions import Reactions
    from kwip.services.reading import Readings
    from kwip.services.relationships import Relationships
    from kwip.services.reposts import Reposts
    from kwip.services.rolls import Rolls
    from kwip.services.setup import Setup
    from kwip.services.tag_timelines import TagTimelines
    from kwip.services.threads import Threads
    from kwip.services.timelines import Timelines
    from kwip.services.upkeep import Upkeep
    from kwip.services.users import Users
    from kwip.services.widgets import Widgets


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What Kwip can do, one attribute a feature."""

    readings: Readings
    access: Access
    account: Account
    admission: Admission
    setup: Setup
    quotas: Quotas
    users: Users
    media: Media
    posts: Posts
    reactions: Reactions
    reposts: Reposts
    pins: Pins
    rolls: Rolls
    people: People
    relationships: Relationships
    lists: Lists
    followed_tags: FollowedTags
    moderation: Moderation
    notifications: Notifications
    markers: Markers
    threads: Threads
    timelines: Timelines
    tag_timelines: TagTimelines
    catch_up: CatchUp
    profiles: Profiles
    widgets: Widgets
    fanout: Fanout
    upkeep: Upkeep
    list_upkeep: ListUpkeep
    dormancy: Dormancy
    open_pages: OpenPages
    live: Live
    clock_guard: ClockGuard
