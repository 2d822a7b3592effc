"""What is cached: the name, the loading and the encoding of each entity.

Payloads are JSON or packed integers. A process remembers what it decoded from the same
bytes, so an unchanged value is decoded, and dumped as JSON, only once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.reading import (
    account_entities,
    discovery_entities,
    post_entities,
    social_entities,
    timeline_entities,
)
from kwip.services.reading.slices import Entries, StoredLoader

if TYPE_CHECKING:
    from kwip.services.reading.stores import Stores


class Entities:
    """Every kind of cached entity."""

    def __init__(self, stores: Stores):
        entries = Entries(stores.posts)
        stored = StoredLoader(stores.timelines, entries)
        self.users = account_entities.users(stores)
        self.handles = account_entities.handles(stores)
        self.sessions = account_entities.sessions(stores)
        self.tokens = account_entities.tokens(stores)
        self.relations = social_entities.relations(stores)
        self.lists = social_entities.lists(stores)
        self.list_owners = social_entities.list_owners(stores)
        self.listings = social_entities.listings(stores)
        self.pulls = social_entities.pulls(stores)
        self.trends = discovery_entities.trends(stores)
        self.suggestions = discovery_entities.suggestions(stores)
        self.people_orders = discovery_entities.people_orders(stores)
        self.statistics = discovery_entities.statistics(stores)
        self.posts = post_entities.posts(stores, entries)
        self.reactions = post_entities.reactions(stores)
        self.threads = post_entities.threads(stores)
        self.guests = post_entities.guests(stores)
        self.id_lists = post_entities.id_lists(stores)
        self.active = post_entities.active(stores)
        self.homes = timeline_entities.homes(stored)
        self.list_timelines = timeline_entities.list_timelines(stored)
        self.user_timelines = timeline_entities.user_timelines(stores)
        self.media_timelines = timeline_entities.media_timelines(stores)
        self.public = timeline_entities.public(stores)
        self.tags = timeline_entities.tags(stores)
        self.notifications = timeline_entities.notifications(stores)
        self.unread = timeline_entities.unread(stores)
        self.markers = timeline_entities.markers(stores)
