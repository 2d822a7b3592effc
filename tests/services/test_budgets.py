"""What each read path costs, warm and cold, in round trips and MongoDB commands."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from kwip.domain.accounts.users import READ, User, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import ListId, PostId, UserId
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.lists import ListChange
from kwip.domain.timelines.notifications import SPOKEN_TO, Selection
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.pushdown import ALL_KINDS
from kwip.domain.timelines.search import SearchRequest
from kwip.services.accounts.authentication import Credential
from kwip.store.timelines.buckets import home_of

WARM_REDIS, COLD_REDIS, COLD_MONGODB = 3, 6, 14


@dataclass
class Cost:
    redis: int
    mongodb: int


@pytest.fixture
def cost_of(kwip, commands):
    """Return a function that says what a call costs, and what it returned."""

    def measure(work):
        redis, mongodb = kwip.cache.round_trips, len(commands)
        result = work()
        return Cost(kwip.cache.round_trips - redis, len(commands) - mongodb), result

    return measure


@dataclass
class World:
    """A viewer who follows many people, and the people."""

    viewer_id: UserId
    credential: Credential
    token: Credential
    author_id: UserId
    post_id: PostId
    list_id: ListId
    named_posts: tuple[PostId, ...] = ()
    named_users: tuple[UserId, ...] = ()


def credential_of(kwip, viewer):
    return kwip.services.authentication.begin_session(
        viewer.id, viewer.username, "a test"
    )


def token_of(kwip, viewer_id):
    viewer = Viewer(id=viewer_id, username="viewer", digest="")
    scopes = frozenset({READ})
    _, text = kwip.services.authentication.create_token(viewer, "an app", scopes)
    return Credential.parse("token", text)


@pytest.fixture
def world(kwip, rings, new_user, once, request):
    """Return a viewer with `follows` followees, 45 posts in home, and a thread."""

    def make(follows):
        return make_world(kwip, rings, new_user, follows)

    return once(make, request.param)


def make_world(kwip, rings, new_user, follows):
    viewer, author = new_user("viewer"), new_user("author")
    others = [
        User(id=UserId(number << 16), username=f"n{number}", display_name="")
        for number in range(1, follows)
    ]
    kwip.stores.users.create_many(others)
    now = at(system_clock_ms())
    kwip.edges.load_edges([(viewer.id, other.id) for other in [author, *others]], now)
    listed = kwip.services.lists.create(viewer, ListChange(title="Some"))
    some = [author.id, *(other.id for other in others)][:20]
    kwip.services.lists.add(viewer, listed.id, some)
    root = kwip.services.posts.publish(author.id, Draft(text="The beginning"))
    writers = [author.id, *(other.id for other in others)][:20]
    for number in range(45):
        quoted_id = None if number % 3 else root.id
        draft = Draft(text=f"Post {number} #tea", quote_of_id=quoted_id)
        post = kwip.services.posts.publish(writers[number % len(writers)], draft)
        kwip.services.reactions.favourite(viewer, post.id)
    kwip.services.reactions.favourite(viewer, root.id)
    kwip.services.pins.pin(author, root.id)
    kwip.services.reposts.repost(author, post.id)
    replies = [
        kwip.services.posts.publish(
            writers[number % len(writers)],
            Draft(
                text=f"Reply {number}",
                in_reply_to_id=root.id,
                quote_of_id=None if number % 3 else post.id,
            ),
        ).id
        for number in range(45)
    ]
    for number in range(45):
        draft = Draft(
            text=f"@viewer {number}", in_reply_to_id=None if number % 3 else root.id
        )
        kwip.services.posts.publish(writers[number % len(writers)], draft)
    rings.run()
    credential = credential_of(kwip, viewer)
    named_posts, named_users = (post.id, *replies), (viewer.id, *writers)
    return World(
        viewer.id,
        credential,
        token_of(kwip, viewer.id),
        author.id,
        root.id,
        listed.id,
        named_posts,
        named_users,
    )


def read_home(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.timelines.home(viewer, loader, page).items


def read_list(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.timelines.of_list(viewer, loader, world.list_id, page).items


def list_lists(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.lists.overview(viewer, loader)


def read_list_members(kwip, world, page):
    loader, lists = kwip.services.loaders.begin(), kwip.services.lists
    viewer = kwip.services.authentication.open(world.credential, loader)
    return lists.members(viewer, loader, world.list_id, page).items


def read_public(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.timelines.public(viewer, loader, page).items


def read_profile(kwip, world, page):
    loader = kwip.services.loaders.begin()
    access = kwip.services.authentication
    viewer = access.open(world.credential, loader, username="author")
    return kwip.services.profiles.profile(viewer, loader, "author", page)[1].items


def read_public_as_nobody(kwip, world, page):
    loader = kwip.services.loaders.begin()
    return kwip.services.timelines.public(None, loader, page).items


def read_profile_as_nobody(kwip, world, page):
    loader = kwip.services.loaders.begin()
    return kwip.services.profiles.profile(None, loader, "author", page)[1].items


def read_thread(kwip, world, page):
    loader = kwip.services.loaders.begin()
    access = kwip.services.authentication
    viewer = access.open(world.credential, loader, post_id=world.post_id)
    thread = kwip.services.threads.thread(viewer, loader, world.post_id)
    return (thread.post, *thread.descendants)


def read_post(kwip, world, page):
    loader = kwip.services.loaders.begin()
    access = kwip.services.authentication
    viewer = access.open(world.credential, loader, post_id=world.post_id)
    return (kwip.services.posts.get(viewer, loader, world.post_id),)


def read_tag(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.timelines.tag(viewer, loader, "tea", page).items


def read_favourites(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.id_lists.posts(viewer, loader, "favourites", page).items


def read_followers(kwip, world, page):
    loader = kwip.services.loaders.begin()
    access, people = kwip.services.authentication, kwip.services.people
    viewer = access.open(world.credential, loader, username="author")
    user_id = kwip.services.users.id_of(loader, "author")
    return people.followers(viewer, loader, user_id, page).items


def read_following(kwip, world, page):
    loader = kwip.services.loaders.begin()
    access, people = kwip.services.authentication, kwip.services.people
    viewer = access.open(world.credential, loader, username="viewer")
    user_id = kwip.services.users.id_of(loader, "viewer")
    return people.following(viewer, loader, user_id, page).items


def read_who_favourited(kwip, world, page):
    loader = kwip.services.loaders.begin()
    access, people = kwip.services.authentication, kwip.services.people
    viewer = access.open(world.credential, loader, post_id=world.post_id)
    name = "favourited_by"
    return people.reacted(viewer, loader, world.post_id, name, page).items


def read_named_posts(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    ids = world.named_posts[: page.limit]
    return tuple(kwip.services.id_lists.named(viewer, loader, ids))


def read_named_users(kwip, world, page):
    loader = kwip.services.loaders.begin()
    kwip.services.authentication.open(world.credential, loader)
    ids = world.named_users[: page.limit]
    return tuple(kwip.services.people.named(loader, ids))


def read_profile_widget(kwip, world, page):
    return (kwip.services.widgets.profile(kwip.services.loaders.begin(), "author"),)


def read_user_widget(kwip, world, page):
    loader = kwip.services.loaders.begin()
    return kwip.services.widgets.user(loader, "author", page, ALL_KINDS)[1].items


def read_tag_widget(kwip, world, page):
    loader = kwip.services.loaders.begin()
    return kwip.services.widgets.tag(loader, "tea", page).items


def poll_home(kwip, world, page):
    """Look as a long poll does first: the gate asks who it is before it waits."""
    access, loaders = kwip.services.authentication, kwip.services.loaders
    viewer = access.open(world.credential, loaders.begin())
    return kwip.services.timelines.home(viewer, loaders.begin(), page).items


def read_notifications(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    return kwip.services.notifications.overview(viewer, loader, page).page.items


def list_notifications(kwip, world, page):
    """Read as an app does, whose token brings no count of what is unread."""
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.token, loader)
    return kwip.services.notifications.page(viewer, loader, page).items


def poll_notifications(kwip, world, page):
    access, loaders = kwip.services.authentication, kwip.services.loaders
    viewer = access.open(world.credential, loaders.begin())
    return kwip.services.notifications.page(viewer, loaders.begin(), page).items


def read_mentions(kwip, world, page):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    wanted = Selection(SPOKEN_TO)
    return kwip.services.notifications.overview(viewer, loader, page, wanted).page.items


def in_active_order(read):
    """Give what reads the same timeline in the active order."""

    def read_active(kwip, world, page):
        return read(kwip, world, replace(page, is_active=True))

    read_active.__name__ = f"{read.__name__}_in_active_order"
    return read_active


PATHS = [
    read_home,
    poll_home,
    read_list,
    list_lists,
    read_list_members,
    read_public,
    read_profile,
    read_public_as_nobody,
    read_profile_as_nobody,
    read_thread,
    read_post,
    read_tag,
    read_favourites,
    read_followers,
    read_following,
    read_who_favourited,
    read_notifications,
    read_mentions,
    list_notifications,
    poll_notifications,
    read_named_posts,
    read_named_users,
    read_profile_widget,
    read_user_widget,
    read_tag_widget,
    *map(
        in_active_order,
        (read_home, read_list, read_public, read_profile, read_tag, read_user_widget),
    ),
]


def search(kwip, world, text):
    loader = kwip.services.loaders.begin()
    viewer = kwip.services.authentication.open(world.credential, loader)
    asked = SearchRequest(text=text, kind="statuses", name=text, page=PageRequest())
    return kwip.services.search.everything(viewer, loader, asked).statuses


@pytest.mark.parametrize("world", [500], indirect=True)
@pytest.mark.parametrize(
    ("text", "queries"),
    [
        ("tea", 1),
        ("from:author", 1),
        ("post tea", 2),
        ('"post 7"', 3),
        ("tea -reply", 1),
        ("tea -from:ann -from:ben -from:cy -from:dan", 1),
        ("in:library tea", 3),
    ],
)
def test_a_search_keeps_its_budget(kwip, cost_of, world, text, queries):
    found = search(kwip, world, text)
    warm, again = cost_of(lambda: search(kwip, world, text))

    assert found
    assert [view.post.id for view in again] == [view.post.id for view in found]
    assert warm.redis <= WARM_REDIS
    assert warm.mongodb == queries


@pytest.mark.parametrize("world", [5, 500], indirect=True, ids="{} follows".format)
def test_every_read_path_keeps_its_budget_at_every_page_size(
    kwip, cost_of, world, redis_cache
):
    read_home(kwip, world, PageRequest())  # a new server learns the scripts once
    for read in PATHS:
        for limit in (1, 20, 40):
            page = PageRequest(limit=limit, shows_parents=True)
            redis_cache.flushdb()
            cold, items = cost_of(lambda: read(kwip, world, page))  # noqa: B023 -- called at once
            warm, again = cost_of(lambda: read(kwip, world, page))  # noqa: B023 -- called at once

            case = (read.__name__, limit)
            assert items, case
            assert again == items, case
            assert (case, warm.redis <= WARM_REDIS, warm.mongodb) == (case, True, 0)
            assert (case, cold.redis <= COLD_REDIS) == (case, True), cold
            assert (case, cold.mongodb <= COLD_MONGODB) == (case, True), cold


@pytest.mark.parametrize("world", [500], indirect=True, ids="{} follows".format)
def test_below_the_floor_each_200_followees_cost_one_query(
    kwip, cost_of, world, redis_cache
):
    owner = home_of(world.viewer_id)
    newest = max(kwip.stores.timelines.stored(owner).ids)
    kwip.store.database["timelines"].update_one(
        {"_id": owner}, {"$set": {"floor": newest + 1}}
    )
    redis_cache.flushdb()
    page = PageRequest(limit=20)
    read_home(kwip, world, page)

    warm, items = cost_of(lambda: read_home(kwip, world, page))

    assert len(items) == 20
    assert (warm.redis, warm.mongodb) == (3, 3)  # 501 authors


@pytest.mark.parametrize("world", [500], indirect=True, ids="{} follows".format)
def test_pull_authors_cost_one_more_round_trip(kwip, cost_of, world, redis_cache):
    """However many of them, on the first page and further down."""
    users = kwip.store.database["users"]
    newest = max(world.named_posts) + (1 << 40)
    users.update_many({}, [{"$set": {"last_pull_id": {"$add": [newest, "$_id"]}}}])
    users.update_many({"_id": {"$gt": 20 << 16}}, {"$set": {"last_pull_id": 0}})
    redis_cache.flushdb()
    first = PageRequest(limit=20)
    second = PageRequest(limit=20, max_id=read_home(kwip, world, first)[-1].post.id)
    read_home(kwip, world, second)
    for page in (first, second):
        warm, items = cost_of(lambda: read_home(kwip, world, page))  # noqa: B023 -- called at once

        assert len(items) == 20
        assert (warm.redis, warm.mongodb) == (WARM_REDIS + 1, 0)


@pytest.mark.parametrize("world", [5], indirect=True, ids="{} follows".format)
def test_a_forged_session_loads_nothing_of_the_user_it_names(
    kwip, commands, world, redis_cache
):
    redis_cache.flushdb()
    forged = Credential("session", world.viewer_id, "guessed")
    loader, before = kwip.services.loaders.begin(), len(commands)

    assert kwip.services.authentication.open(forged, loader) is None
    assert commands.names[before:] == ["find"]


@pytest.mark.parametrize("world", [5], indirect=True, ids="{} follows".format)
def test_hidden_entries_cost_one_more_round_trip_each_round(
    kwip, cost_of, world, redis_cache, rings
):
    posts = kwip.services.posts
    drafts = [Draft(text=f"Gone {number}") for number in range(30)]
    published = [posts.publish(world.author_id, draft) for draft in drafts]
    rings.run()
    for post in published:
        kwip.stores.posts.delete(post.id, world.author_id, at(system_clock_ms()))
    redis_cache.flushdb()
    page = PageRequest(limit=20)
    read_home(kwip, world, page)

    warm, items = cost_of(lambda: read_home(kwip, world, page))

    assert len(items) == 20
    # One for the second round; and one where the top of home ends before it does.
    assert 4 <= warm.redis <= 5
    assert warm.mongodb == 0


@pytest.mark.parametrize("world", [5], indirect=True, ids="{} follows".format)
def test_what_became_of_an_open_page_costs_one_round_trip(kwip, cost_of, world):
    viewer = Viewer(id=world.viewer_id, username="viewer", digest="")

    def look():
        loader = kwip.services.loaders.begin(viewer.id)
        return kwip.services.open_pages.look(viewer, loader, world.named_posts[:40])

    def look_again():
        loader, posts = kwip.services.loaders.begin(viewer.id), world.named_posts[:40]
        first = [kwip.services.open_pages.first(posts)]
        kwip.services.authentication.open(world.credential, loader, first=first)
        return kwip.services.open_pages.look(viewer, loader, posts)

    for each in (look, look_again):
        each()
        warm, found = cost_of(each)

        assert found == (45, (), (), ())
        assert (warm.redis, warm.mongodb) == (1, 0)
