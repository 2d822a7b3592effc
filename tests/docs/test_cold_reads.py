"""`docs/cache.md` lists what each cold read asks of Redis and MongoDB."""

from __future__ import annotations

import re

import pytest

from config.settings import PROJECT
from kwip.domain.timelines.pages import PageRequest
from tests.services import test_budgets as budgets

BEGIN, END = "<!-- begin cold-reads -->\n", "<!-- end cold-reads -->\n"
TITLES = {
    "read_home": "Home",
    "poll_home": "Home, as a long poll looks at it first",
    "read_list": "A list",
    "list_lists": "The lists of the viewer",
    "read_list_members": "Who is in a list",
    "read_public": "Public, signed in",
    "read_profile": "A profile, signed in",
    "read_public_as_nobody": "Public, nobody signed in",
    "read_profile_as_nobody": "A profile, nobody signed in",
    "read_thread": "A thread",
    "read_post": "One post",
    "read_tag": "A hashtag",
    "read_favourites": "Favourites, and bookmarks alike",
    "read_followers": "Followers",
    "read_following": "Whom somebody follows",
    "read_who_favourited": "Who favourited a post, or reposted it",
    "read_notifications": "Notifications",
    "read_mentions": "Mentions",
    "list_notifications": "Notifications, by an app with a token",
    "poll_notifications": "Notifications, as a long poll looks at them first",
    "read_named_posts": "Posts by their ids",
    "read_named_users": "Users by their ids",
    "read_profile_widget": "The widget of a profile",
    "read_user_widget": "The widget of a user's posts",
    "read_tag_widget": "The widget of a hashtag",
    "read_home_in_active_order": "Home in the active order",
    "read_list_in_active_order": "A list in the active order",
    "read_public_in_active_order": "Public in the active order",
    "read_profile_in_active_order": "A profile in the active order",
    "read_tag_in_active_order": "A hashtag in the active order",
    "read_user_widget_in_active_order": "The widget of a user in the active order",
}


@pytest.fixture
def noted(kwip, steps, monkeypatch):
    """Note every script that the cache runs, with the kinds of entity it is for."""
    run = kwip.cache.run
    names = {kwip.services.loaders.objects._read.digest: "read_entries.lua"}

    def noting(script, keys, arguments):
        kinds = dict.fromkeys(re.search(r"{(\w+)", key)[1] for key in keys)
        name = names.get(script.digest, "fill.lua")
        steps.seen.append(f"Redis: `{name}` for {', '.join(kinds)}")
        return run(script, keys, arguments)

    monkeypatch.setattr(kwip.cache, "run", noting)
    return steps.seen


def listed(title, cold, warm):
    counts = [len([step for step in cold if step.startswith("Redis")])]
    counts += [len(cold) - counts[0], len(warm)]
    lines = [f"{number}. {step}" for number, step in enumerate(cold, 1)]
    told = "Cold: {} round trips to Redis, {} commands to MongoDB. Warm: {} and none."
    return "\n".join([f"### {title}", "", told.format(*counts), "", *lines]) + "\n"


def test_the_cold_reads_are_those_of_the_page(
    kwip, world, noted, redis_cache, tmp_path
):
    page = PageRequest(limit=20)
    parts = []
    for read in budgets.PATHS:
        redis_cache.flushdb()
        noted.clear()
        read(kwip, world, page)
        cold = list(noted)
        noted.clear()
        read(kwip, world, page)
        assert all(step.startswith("Redis: `read_entries.lua`") for step in noted)
        parts.append(listed(TITLES[read.__name__], cold, noted))
    text = (PROJECT / "docs" / "cache.md").read_text(encoding="utf-8")
    shown = text.partition(BEGIN)[2].partition(END)[0]
    measured = tmp_path / "cold-reads.md"
    measured.write_text("\n" + "\n".join(parts) + "\n", encoding="utf-8")

    assert shown == measured.read_text(encoding="utf-8"), f"put in {measured}"
