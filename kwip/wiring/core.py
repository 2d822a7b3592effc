"""Make all services, each once, from the parts below them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip.cache.rate_limits import RateLimiter
from kwip.domain.rate_limits import SPANS_S, windows
from kwip.services.accounts.account import Account
from kwip.services.accounts.authentication import Authentication
from kwip.services.accounts.moderation import Moderation
from kwip.services.accounts.passwords import Passwords
from kwip.services.accounts.profiles import Profiles
from kwip.services.accounts.setup import Setup
from kwip.services.accounts.sign_in import SignIn
from kwip.services.accounts.users import Users
from kwip.services.bundle import Services
from kwip.services.coherence.clock_guard import ClockGuard
from kwip.services.delivery.compaction import Compactor
from kwip.services.delivery.fanout import Fanout
from kwip.services.delivery.hibernation import Attendance, Hibernation, HibernationParts
from kwip.services.delivery.home_compaction import HomeCompaction
from kwip.services.delivery.list_compaction import ListCompaction
from kwip.services.delivery.list_fanout import ListFanout
from kwip.services.delivery.live import Live
from kwip.services.delivery.notifier import Notifier
from kwip.services.delivery.publication import Publication
from kwip.services.delivery.pull_authors import PullAuthors
from kwip.services.media.media import Media
from kwip.services.posting.permissions import Permissions
from kwip.services.posting.pins import Pins
from kwip.services.posting.posts import Posts
from kwip.services.posting.reactions import Reactions
from kwip.services.posting.reposts import Reposts
from kwip.services.posting.texts import Texts
from kwip.services.reading.entities import Entities
from kwip.services.reading.rate_limits import RateLimits
from kwip.services.social.followed_tags import FollowedTags
from kwip.services.social.lists import Lists
from kwip.services.social.people import People
from kwip.services.social.relationships import Relationships
from kwip.services.timelines.catch_up import CatchUp
from kwip.services.timelines.hashtag_timelines import HashtagTimelines
from kwip.services.timelines.hydration import Hydration
from kwip.services.timelines.id_lists import IdLists
from kwip.services.timelines.markers import Markers
from kwip.services.timelines.notifications import Notifications
from kwip.services.timelines.open_pages import OpenPages
from kwip.services.timelines.sources import Sources
from kwip.services.timelines.threads import Threads
from kwip.services.timelines.timelines import Timelines
from kwip.services.timelines.widgets import Widgets
from kwip.store.claims import ClaimStore
from kwip.store.hibernation import HibernationStore
from kwip.store.setup import SetupStore

if TYPE_CHECKING:
    import random

    from config.settings import Settings
    from kwip.cache.client import Client
    from kwip.domain.ids import IdGenerator
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Enqueue, Signal
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.stores import Stores
    from kwip.store.client import Store
    from kwip.store.edges import EdgeStore
    from kwip.store.jobs import JobStore
    from kwip.store.list_edges import ListEdgeStore
    from kwip.store.outbox import OutboxStore
    from kwip.wiring.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The services, made from the parts below them."""

    store: Store
    stores: Stores
    outbox: OutboxStore
    edges: EdgeStore
    list_edges: ListEdgeStore
    jobs: JobStore
    fence: Fence
    loaders: Loaders
    cache: Client
    realtime: Client
    enqueue: Enqueue
    signal: Signal
    options: Options
    settings: Settings
    rng: random.Random
    ids: IdGenerator

    def services(self) -> Services:
        """Make all services, each once."""
        stores, options, fence = self.stores, self.options, self.fence
        guard = ClockGuard(self.store.hello, options.clock, _monotonic_ms)
        entities = Entities(stores)
        hydration = Hydration(entities)
        threads = Threads(entities, hydration)
        passwords = Passwords(
            at_once=self.settings.password_hashes,
            room=self.settings.web_threads // 2,
        )
        media = Media(self.settings.media_folder, self.settings.media_max_bytes)
        notifier = Notifier(stores, self.edges, fence, self.signal, self.ids)
        relationships = Relationships(
            stores=stores,
            entities=entities,
            notifier=notifier,
            fence=fence,
            enqueue=self.enqueue,
            clock=options.clock,
        )
        compactor = Compactor(stores.timelines, stores.posts, fence, options.clock)
        home_compaction = HomeCompaction(
            timelines=stores.timelines,
            edges=self.edges,
            posts=stores.posts,
            compactor=compactor,
        )
        users = Users(
            store=stores.users,
            entities=entities,
            fence=fence,
            passwords=passwords,
            media=media,
            relationships=relationships,
            ids=self.ids,
            clock_guard=guard,
        )
        attendance = Attendance(self.enqueue, options.clock)
        sources = Sources(entities, stores.posts, attendance)
        timelines = Timelines(entities, hydration, sources, stores)
        markers = Markers(entities, stores.markers, fence, self.signal, options.clock)
        notifications = Notifications(entities, hydration, stores, fence)
        permissions = Permissions(stores)
        publication = Publication(
            stores.timelines, stores.activity, fence, self.enqueue, self.signal
        )
        posts = Posts(
            stores=stores,
            claims=ClaimStore(self.store),
            hydration=hydration,
            threads=threads,
            permissions=permissions,
            publication=publication,
            notifier=notifier,
            loaders=self.loaders,
            fence=fence,
            clock_guard=guard,
            ids=self.ids,
            clock=options.clock,
            texts=Texts(
                stores.users,
                max_chars=self.settings.post_max_chars,
                host=urlsplit(self.settings.origin).netloc,
            ),
        )
        id_lists = IdLists(entities, hydration)
        people = People(entities, hydration, threads, id_lists)
        authentication = Authentication(
            stores, entities, fence, passwords, options.clock
        )
        limits = windows({n: getattr(self.settings, f"quota_{n}") for n in SPANS_S})
        setup = Setup(SetupStore(self.store), users, options.clock)
        sign_in = SignIn(
            authentication, users, setup, limits, RateLimiter(self.realtime)
        )
        return Services(
            loaders=self.loaders,
            authentication=authentication,
            account=Account(stores, fence, passwords, sign_in, options.clock),
            sign_in=sign_in,
            setup=setup,
            rate_limits=RateLimits(limits, RateLimiter(self.cache), fence),
            users=users,
            media=media,
            posts=posts,
            reactions=Reactions(
                store=stores.reactions,
                permissions=permissions,
                posts=posts,
                loaders=self.loaders,
                notifier=notifier,
                fence=fence,
                ids=self.ids,
            ),
            reposts=Reposts(
                stores=stores,
                permissions=permissions,
                publication=publication,
                posts=posts,
                loaders=self.loaders,
                fence=fence,
                clock_guard=guard,
                ids=self.ids,
                clock=options.clock,
            ),
            pins=Pins(stores, permissions, posts, self.loaders, fence),
            id_lists=id_lists,
            people=people,
            relationships=relationships,
            followed_tags=FollowedTags(stores.followed_tags, hydration, fence),
            lists=Lists(
                store=stores.lists,
                entities=entities,
                people=people,
                fence=fence,
                enqueue=self.enqueue,
                ids=self.ids,
                clock=options.clock,
            ),
            moderation=Moderation(stores, self.jobs, fence, passwords, options.clock),
            notifications=notifications,
            markers=markers,
            threads=threads,
            timelines=timelines,
            hashtag_timelines=HashtagTimelines(
                timelines, entities, hydration, sources, stores.pushdown
            ),
            catch_up=CatchUp(markers, timelines),
            profiles=Profiles(entities, users, timelines),
            widgets=Widgets(entities, sources, stores),
            fanout=Fanout(
                stores=stores,
                outbox=self.outbox,
                edges=self.edges,
                compactor=compactor,
                pull_authors=PullAuthors(
                    stores.pull_authors, fence, pull_at=self.settings.pull_followers
                ),
                lists=ListFanout(stores.lists, self.list_edges, compactor),
                notifier=notifier,
                fence=fence,
                signal=self.signal,
                clock=options.clock,
                rng=self.rng,
                times=options.fanout_times,
            ),
            home_compaction=home_compaction,
            list_compaction=ListCompaction(
                stores.lists, self.list_edges, stores.timelines, compactor, fence
            ),
            hibernation=Hibernation(
                HibernationParts(
                    store=HibernationStore(self.store),
                    compactor=compactor,
                    home_compaction=home_compaction,
                    fence=fence,
                    clock=options.clock,
                    after_days=self.settings.dormant_days,
                )
            ),
            open_pages=OpenPages(entities, notifications),
            live=Live(options.live_times),
            clock_guard=guard,
        )


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000
