"""Filters leave posts out of pages, or fold them, in the places that they name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import InvalidError
from kwip.domain.posting.posts import Draft
from kwip.domain.social import keyword_filters
from kwip.domain.social.keyword_filters import (
    FilterAction,
    FilterChange,
    FilterContext,
    Filtering,
    KeywordChange,
)
from kwip.domain.timelines.notifications import NotificationKind, Selection
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.threads import ON_PAGE
from kwip.services.timelines import walk

HOME, THREAD = FilterContext.HOME, FilterContext.THREAD


@pytest.fixture
def people(kwip, new_user):
    reader, bob = new_user("reader"), new_user("bob")
    kwip.services.relationships.follow(reader, bob.id)
    return reader, bob


@pytest.fixture
def say(kwip, rings):
    def say(author, text, **fields):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


def change_of(*words, action="hide", contexts=(HOME,), **fields):
    keywords = tuple(KeywordChange(text=w, is_whole_word=True) for w in words)
    return FilterChange(
        title=words[0],
        contexts=contexts,
        action=FilterAction(action),
        keywords=keywords,
        **fields,
    )


def pages_of(kwip, viewer, context, limit):
    """Read somebody's home page by page."""
    pages, max_id = [], None
    while True:
        asked = PageRequest(
            limit=limit, max_id=max_id, filtering=Filtering(context=context)
        )
        loader = kwip.services.loaders.begin()
        page = kwip.services.timelines.home(viewer, loader, asked)
        pages.append([(v.post.text, v.folded_by) for v in page.items])
        max_id = page.next_max_id
        if max_id is None:
            return pages


def test_home_leaves_out_what_a_filter_hides_and_its_pages_stay_full(kwip, people, say):
    reader, bob = people
    for number in range(12):
        say(bob, f"{number}" if number % 4 == 0 else f"{number} about tea")
    say(reader, "my own tea")
    kwip.services.filters.create(reader, change_of("TEA"))
    shown = [("my own tea", ""), ("8", ""), ("4", ""), ("0", "")]

    assert pages_of(kwip, reader, HOME, 2) == [shown[:2], shown[2:]]
    assert len(pages_of(kwip, reader, FilterContext.PUBLIC, 40)[0]) == 13


def test_a_filter_that_only_warns_folds_and_expires_at_its_moment(kwip, people, say):
    reader, bob = people
    say(bob, "about tea")
    change = change_of("tea", action="warn", expires=True, expires_in_s=60)
    kwip.services.filters.create(reader, change)
    loader = kwip.services.loaders.begin()
    hydration = kwip.services.hydration
    asked = PageRequest(filtering=Filtering(context=HOME))
    page = kwip.services.timelines.home(reader, loader, asked)

    assert [v.folded_by for v in page.items] == ["tea"]
    assert not loader.can_keep  # a cached page would outlive it
    object.__setattr__(hydration, "clock", lambda: system_clock_ms() + 60_000)
    loader = kwip.services.loaders.begin()
    page = kwip.services.timelines.home(reader, loader, asked)
    assert [v.folded_by for v in page.items] == [""]
    assert loader.can_keep


def test_a_page_on_which_everything_would_be_hidden_folds_and_reads_no_further(
    kwip, people, say, monkeypatch
):
    reader, bob = people
    for number in range(8):
        say(bob, f"{number} tea")
    kwip.services.filters.create(reader, change_of("tea"))
    monkeypatch.setattr(walk.Walk.__init__, "__defaults__", (3,))
    pages = pages_of(kwip, reader, HOME, 2)

    assert all(pages)
    assert pages[0] == [("4 tea", "tea"), ("3 tea", "tea")]


def test_a_thread_folds_the_kwip_that_was_asked_for_and_leaves_out_replies(
    kwip, people, say
):
    reader, bob = people
    root = say(bob, "tea for all")
    reply = say(bob, "more tea", in_reply_to_id=root.id)
    say(bob, "milk", in_reply_to_id=reply.id)
    kwip.services.filters.create(reader, change_of("tea", contexts=(THREAD,)))
    part = replace(ON_PAGE, filtering=Filtering(context=THREAD))
    loader = kwip.services.loaders.begin()
    found = kwip.services.threads.thread(reader, loader, root.id, part)

    assert found.post.folded_by == "tea"
    assert [v.post.text for v in found.descendants] == ["milk"]


def test_notifications_of_hidden_kwips_are_left_out_of_the_page_and_of_mail(
    kwip, people, say
):
    reader, bob = people
    say(bob, "@reader tea?")
    say(bob, "@reader milk?")
    change = change_of("tea", contexts=(FilterContext.NOTIFICATIONS,))
    kwip.services.filters.create(reader, change)
    asked = PageRequest(filtering=Filtering(context=FilterContext.NOTIFICATIONS))
    loader = kwip.services.loaders.begin()
    found = kwip.services.notifications.page(reader, loader, asked)
    mailed = kwip.services.mails.digests.unread(
        reader.id,
        "reader",
        0,
        Selection(frozenset({NotificationKind.MENTION})),
    )

    assert [v.post.post.text for v in found.items] == ["@reader milk?"]
    assert [v.id for v in mailed] == [v.id for v in found.items]


def test_reading_with_filters_costs_no_round_trip_more(kwip, people, say, commands):
    reader, bob = people
    say(bob, "tea")
    for word in ("tea", "milk"):
        kwip.services.filters.create(reader, change_of(word))
    pages_of(kwip, reader, HOME, 20)
    redis, mongodb = kwip.cache.round_trips, len(commands)
    pages_of(kwip, reader, HOME, 20)

    assert (kwip.cache.round_trips - redis, len(commands) - mongodb) == (2, 0)


def test_a_change_that_comes_between_is_not_lost(kwip, people, monkeypatch):
    reader, _ = people
    filters = kwip.services.filters
    first = filters.create(reader, change_of("tea"))
    replace_stored, others = filters.store.replace, [change_of("milk")]

    def replaced_late(*args):
        while others:
            filters.create(reader, others.pop())
        return replace_stored(*args)

    monkeypatch.setattr(filters.store, "replace", replaced_late)
    filters.change(reader, first.id, FilterChange(title="No tea"))

    titles = [each.title for each in filters.store.find(reader.id).filters]
    assert titles == ["No tea", "milk"]


def test_too_many_filters_or_keywords_are_refused(kwip, people, monkeypatch):
    reader, _ = people
    monkeypatch.setattr(keyword_filters, "MAX_FILTERS", 1)
    monkeypatch.setattr(keyword_filters, "MAX_KEYWORDS", 2)
    with pytest.raises(InvalidError, match="up to 2"):
        kwip.services.filters.create(reader, change_of("a", "b", "c"))
    kwip.services.filters.create(reader, change_of("a", "b"))

    with pytest.raises(InvalidError, match="up to 1"):
        kwip.services.filters.create(reader, change_of("d"))
