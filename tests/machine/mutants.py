"""Kwip with one thing left out, each of which the machine must notice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from pymongo import UpdateOne

from kwip.cache import invalidation_rules
from kwip.domain.posting.quotes import QuoteState
from kwip.domain.timelines import filters
from kwip.domain.timelines.timelines import plan_buckets
from kwip.domain.timelines.views import QuoteView
from kwip.services.delivery.compaction import Compactor
from kwip.services.delivery.fanout import Fanout
from kwip.services.delivery.search_index import SearchIndex
from kwip.services.discovery import trends
from kwip.services.media.stored.attachment_files import AttachmentFiles
from kwip.services.media.stored.withholding import Withholding
from kwip.services.timelines import hydration
from kwip.store.delivery.hibernation import HibernationStore
from kwip.store.delivery.pull_authors import PullAuthorStore
from kwip.store.posting.reactions import votes
from kwip.store.social.relationships import RelationshipStore
from kwip.store.timelines import timelines
from kwip.store.timelines.buckets import OpenBucket, Stored, bucket_document
from kwip.store.timelines.timelines import TimelineStore
from kwip.text import terms
from tests.machine.machine import PLAIN, WHOLE, Fate
from tests.machine.timelines import TAG

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.machine.machine import Machine

#: A reading of home is noted once in this time.
AN_HOUR_MS = 4_000_000


def _read_sealed_first(store, owners, _):
    sealed = list(store._buckets.find({"owner": {"$in": list(owners)}}))
    stored = {}
    for bucket in store._open_buckets(owners):
        ids = set(bucket.entries)
        for each in sealed:
            if (each["owner"], each["epoch"]) == (bucket.owner, bucket.epoch):
                ids.update(each["entries"])
        kept = sorted((i for i in ids if i >= bucket.floor), reverse=True)
        stored[bucket.owner] = Stored(bucket, tuple(kept))
    return stored


def _insert_without_union(store, documents):
    for document in documents:
        store._buckets.update_one(
            {"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True
        )


def _cut_whatever_arrived(bucket, seal):
    return UpdateOne({"_id": bucket.owner}, {"$set": {"entries": list(seal.keep)}})


def _swap_without_arrivals(compactor, lease, before, ids, floor):
    store = compactor.timelines
    seal, sealed = plan_buckets(i for i in ids if i >= floor)
    store.insert_sealed(
        [bucket_document(lease.owner, lease.term, part) for part in sealed]
    )
    now = store.find_open(lease.owner)
    new = replace(
        now,
        entries=seal.keep,
        floor=floor,
        epoch=lease.term,
        sealed_to=sealed[-1][-1] if sealed else 0,
    )
    return store.replace_open(now, new, holder=lease.holder)


def _take_all_that_is_open(bucket):
    return sorted(set(bucket.entries), reverse=True)


_chunks, _set_active = Fanout._chunks, HibernationStore.set_active


def _move_on_before_pushing(fanout, lease):
    for owners, place in _chunks(fanout, lease):
        if place is not None:
            fanout._advance(lease, cursor=place.cursor, has_wrapped=place.has_wrapped)
        yield owners, place


def _see_all_that_is_not_deleted(viewer_id, relations, post):
    return not post.is_tombstone


def _quote_for_everybody(_, post, posts):
    if post is None or post.quote_of_id is None:
        return None
    return QuoteView(QuoteState.ACCEPTED)


def _settle_without_indexing(index, post_id):
    index.store.settle(post_id, index.posts.get_many([post_id])[post_id].version)


def _never_wake(store, user_id, term, *, is_active):
    if not is_active:
        _set_active(store, user_id, term, is_active=False)


# How each is met, in as few rules as the machine itself has needed: what to do with a
# machine that has just begun, and at which step of it something comes between.


def _many(state, author, count):
    state.write([author] * count, "public", PLAIN, WHOLE, [])


def _read_while_it_is_sealed(state, step):
    state.read_while_jobs_are_done(("alice", "carol"), 6, step, has_cache=False)


def _merge_beside_a_dead_seal(state, step):
    _many(state, "dave", 6)
    state.everybody_sees_what_the_model_says()
    _many(state, "bob", 6)
    state.world.steps.kill(step, state.next_job())
    state.follow(("alice", "dave"), WHOLE, [])


def _deliver_beside_a_seal(state, step):
    _many(state, "bob", 5)
    _many(state, "carol", 1)
    waiting = state.world.rings.waiting
    waiting.insert(1, waiting.pop())
    state.job_fates.append(Fate("interleaved", step))


def _deliver_an_old_post_at_last(state, _):
    state.choose_pages(8, folds_repeats=False)
    _many(state, "bob", 1)
    oldest = state.world.rings.waiting.pop()
    _many(state, "carol", 7)
    state._run_waiting()
    state.world.rings.waiting.append(oldest)
    state._run_waiting()


def _unfollow(state, _):
    state.everybody_sees_what_the_model_says()
    state.unfollow(("alice", "bob"), WHOLE, [])


def _write(state, _):
    state.everybody_sees_what_the_model_says()
    _many(state, "bob", 1)


def _follow_somebody_with_many_posts(state, _):
    _many(state, "dave", 10)
    state.everybody_sees_what_the_model_says()
    state.follow(("alice", "dave"), WHOLE, [])


def _write_beside_a_rebuild(state, step):
    """What was written before the rebuild looked is in it, delivered or not."""

    def write():
        _many(state, "bob", 1)
        state._run_waiting()

    state.everybody_sees_what_the_model_says()
    state.home_backfill("rebuild", "alice", [])
    state.world.steps.interrupt(step, state.next_job(), write)


def _deliver_and_die(state, step):
    _many(state, "bob", 1)
    state.job_fates.append(Fate("killed", step))


def _write_for_all(state, _):
    state.follow(("carol", "bob"), WHOLE, [])
    _many(state, "bob", 1)


def _list(state, _):
    state.everybody_sees_what_the_model_says()
    state.put_into_or_out_of_a_list(("alice", "bob"), WHOLE, [])


def _answer(state, _):
    state.everybody_sees_what_the_model_says()
    state.reply("bob", 5, PLAIN, WHOLE, [])


def _sleep_and_wake(state, _):
    state.fall_asleep("alice", [])
    state.everybody_sees_what_the_model_says()
    state.world.clock.ahead_ms += AN_HOUR_MS
    state.everybody_sees_what_the_model_says()
    _many(state, "bob", 1)


def _quote(state, _):
    _many(state, "alice", 1)
    state.quote("bob", 0, "public", PLAIN, WHOLE, [])
    state.everybody_sees_what_the_model_says()


def _quote_and_block(state, _):
    _quote(state, 0)
    state.relate("block", ("alice", "dave"), WHOLE)


def _quote_and_take_out(state, _):
    _quote(state, 0)
    state.take_out_of_a_quote(0, WHOLE)


def _say_to_followers(state, _):
    state.write(["alice"], "followers", PLAIN | {"tags": {TAG}}, WHOLE, [])


def _edit(state, _):
    _many(state, "alice", 1)
    state.everybody_sees_what_the_model_says()
    state.edit(0, PLAIN | {"tags": {TAG}}, WHOLE)


def _ask_a_locked_account(state, _):
    state.lock_or_not("dave", WHOLE)
    state.follow(("alice", "dave"), WHOLE, [])
    type(state).ran = 0  # so that alice reads next


def _accept_who_asks(state, _):
    _ask_a_locked_account(state, 0)
    state.everybody_sees_what_the_model_says()
    state.answer_a_request(0, is_accepted=True, fate=WHOLE, jobs=[])
    type(state).ran = 0


def _hide_reposts(state, _):
    _many(state, "dave", 1)
    state.repost("bob", 0, WHOLE, [])
    state.hide_reposts_or_not(("alice", "bob"), WHOLE)


def _trend_and_mute(state, _):
    _many(state, "alice", 1)
    for who in ("bob", "carol"):
        state.repost(who, 0, WHOLE, [])
    state.let_posts_trend(WHOLE)
    state.relate("mute", ("dave", "alice"), WHOLE)
    type(state).ran = 3  # so that dave reads next


def _show_and_silence(state, _):
    _many(state, "alice", 1)
    state.everybody_sees_what_the_model_says()
    state.silence_or_not("alice", WHOLE)
    type(state).ran = 4  # so that somebody who is not signed in reads next


def _preview(state, _):
    state.everybody_sees_what_the_model_says()
    state.find_a_link_preview(0, WHOLE)


def _show_and_delete(state, _):
    state.write(["alice"], "public", PLAIN | {"has_picture": True}, WHOLE, [])
    state.delete(0, WHOLE)


def _show_and_suspend(state, _):
    state.write(["alice"], "public", PLAIN | {"has_picture": True}, WHOLE, [])
    state.suspend_or_not("alice", WHOLE)


def _suspend_and_end_it(state, _):
    _show_and_suspend(state, 0)
    state.suspend_or_not("alice", WHOLE)


def _vote(state, _):
    _many(state, "bob", 1)
    state.repost("alice", 0, WHOLE, [])


def _nothing(*_):
    pass


class Mutant(NamedTuple):
    """What is put in whose place, and what a machine has to do to notice."""

    patches: tuple[tuple[Any, str, Callable[..., Any]], ...]
    script: Callable[[Machine, int], None]
    steps: tuple[int, ...] = (1,)


MUTANTS = {
    "a reader takes the sealed buckets first": Mutant(
        ((TimelineStore, "_stored", _read_sealed_first),),
        _read_while_it_is_sealed,
        steps=(2, 3, 4),
    ),
    "a bucket that was sealed before gets nothing added": Mutant(
        ((TimelineStore, "insert_sealed", _insert_without_union),),
        _merge_beside_a_dead_seal,
        steps=(5, 6, 7),
    ),
    "a seal cuts what arrived meanwhile": Mutant(
        ((timelines, "cut_operation", _cut_whatever_arrived),),
        _deliver_beside_a_seal,
        steps=(6, 7, 8, 9),
    ),
    "the newest part takes what lies between sealed ids": Mutant(
        ((OpenBucket, "top", property(_take_all_that_is_open)),),
        _deliver_an_old_post_at_last,
    ),
    "an unfollow drops nothing": Mutant(
        ((invalidation_rules, "unfollow", lambda **_: ()),), _unfollow
    ),
    "a delivery drops nothing": Mutant(
        ((invalidation_rules, "deliver", lambda **_: ()),), _write
    ),
    "the floor stays where it was": Mutant(
        ((TimelineStore, "raise_floor", lambda *_, **__: True),),
        _follow_somebody_with_many_posts,
    ),
    "a rebuild loses what was pushed meanwhile": Mutant(
        ((Compactor, "_swap", _swap_without_arrivals),),
        _write_beside_a_rebuild,
        steps=(5, 6, 7, 8),
    ),
    "the cursor moves before the push": Mutant(
        ((Fanout, "_chunks", _move_on_before_pushing),),
        _deliver_and_die,
        steps=(2, 3, 4, 5),
    ),
    "whom others pull is not remembered": Mutant(
        ((PullAuthorStore, "raise_last_pull", _nothing),), _write_for_all
    ),
    "a change of a list drops nothing": Mutant(
        ((invalidation_rules, "change_list", lambda **_: ()),), _list
    ),
    "an answer drops nothing of its conversation": Mutant(
        ((invalidation_rules, "bump", lambda **_: ()),), _answer
    ),
    "whoever wakes is passed over": Mutant(
        ((HibernationStore, "set_active", _never_wake),), _sleep_and_wake
    ),
    "a vote is not counted": Mutant(((votes, "count_ballot", lambda *_: True),), _vote),
    "everybody is shown what is quoted": Mutant(
        ((hydration._ViewMaker, "quote", _quote_for_everybody),), _quote_and_block
    ),
    "taking a post out of a quote drops nothing": Mutant(
        ((invalidation_rules, "revoke_quote", lambda **_: ()),), _quote_and_take_out
    ),
    "a search finds what others say to their followers": Mutant(
        ((terms, "owner_mark", lambda _: ""),), _say_to_followers
    ),
    "an edited post is not indexed": Mutant(
        ((SearchIndex, "settle", _settle_without_indexing),), _edit
    ),
    "a locked account is followed at once": Mutant(
        ((RelationshipStore, "_is_locked", lambda *_: False),), _ask_a_locked_account
    ),
    "reposts that are hidden are shown": Mutant(
        ((filters, "_shows_repost", lambda mine, _, of: of not in mine.mutes),),
        _hide_reposts,
    ),
    "an answer to a request drops nothing": Mutant(
        ((invalidation_rules, "answer_request", lambda **_: ()),), _accept_who_asks
    ),
    "muted people trend": Mutant(
        ((trends, "hidden_by", lambda _: frozenset()),), _trend_and_mute
    ),
    "silenced people are shown to strangers": Mutant(
        ((hydration, "is_limited", lambda *_: False),), _show_and_silence
    ),
    "a silence drops nothing": Mutant(
        ((invalidation_rules, "silence", lambda **_: ()),), _show_and_silence
    ),
    "a link preview drops nothing": Mutant(
        ((invalidation_rules, "preview", lambda **_: ()),), _preview
    ),
    "the files of deleted posts stay": Mutant(
        ((AttachmentFiles, "drop", lambda *_, **__: None),), _show_and_delete
    ),
    "the files of suspended people stay": Mutant(
        ((Withholding, "withhold", _nothing),), _show_and_suspend
    ),
    "the end of a suspension leaves files where they are": Mutant(
        ((Withholding, "restore", _nothing),), _suspend_and_end_it
    ),
    "everybody may see everything": Mutant(
        ((hydration, "may_see", _see_all_that_is_not_deleted),), _nothing
    ),
}
