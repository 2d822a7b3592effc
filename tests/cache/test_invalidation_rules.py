from __future__ import annotations

import re

from kwip.cache import invalidation_rules, keys
from kwip.cache.invalidation_page import table


def test_a_listed_post_invalidates_the_public_timeline_too():
    ids = {"post_id": 9, "author_id": 1, "parent_id": 7, "root_id": 5}
    ids["quote_of_id"] = None

    listed = invalidation_rules.post(**ids, is_listed=True, tags=())
    unlisted = invalidation_rules.post(**ids, is_listed=False, tags=())

    assert set(listed) - set(unlisted) == {keys.public(), keys.active("public")}
    assert {
        keys.post(9),
        keys.home(1),
        keys.user_timeline(1),
        keys.thread(5),
        keys.user(1),
        keys.post(7),
    } <= set(unlisted)


def test_a_block_invalidates_what_both_sides_may_see():
    invalidated = invalidation_rules.block(blocker_id=1, blocked_id=2)

    assert {keys.relations(1), keys.relations(2), keys.home(1), keys.home(2)} <= set(
        invalidated
    )


def test_a_mute_invalidates_nothing_of_the_muted():
    assert all(key.endswith(":1") for key in invalidation_rules.mute(muter_id=1))


def test_a_delivered_chunk_invalidates_the_home_of_each_owner():
    assert invalidation_rules.deliver(owners=iter(["home:3", "list:4"])) == (
        keys.home(3),
        keys.timeline("list:4"),
    )


def test_a_deletion_without_a_parent_only_counts_for_the_author():
    ids = {"post_id": 9, "author_id": 1, "recipient_ids": (), "later_ids": ()}
    ids["quote_of_id"] = None

    alone = invalidation_rules.delete(**ids, parent_id=None)
    reply = invalidation_rules.delete(**ids, parent_id=8)

    counts = [keys.counted(key, 1) for key in (keys.user(1), keys.statistics(1))]
    assert alone == (keys.post(9), *counts)
    assert reply == (*alone, keys.counted(keys.post(8), 1))


def test_no_write_invalidates_nothing_and_none_invalidates_a_key_twice():
    for name in invalidation_rules.WRITES:
        row = next(r for r in table().splitlines() if r.startswith(f"| {name} "))
        shown = re.findall("`([^`]+)`", row)

        assert shown, name
        assert len(set(shown)) == len(shown), name


def test_each_id_in_a_key_is_one_that_callers_may_pass():
    for name, rule in invalidation_rules.WRITES.items():
        ids = re.findall(r"{(\w+)}", f"{rule.now} {rule.counts} {rule.arrivals}")

        assert set(ids) <= set(invalidation_rules.Ids.__annotations__), name
        assert not rule.writer or rule.writer in invalidation_rules.Ids.__annotations__


def test_the_printed_table_says_on_what_a_key_depends():
    printed = table()

    assert "`public` within 250 ms if it is listed" in printed
    assert "`post:<parent_id>` within 1000 ms if there is one" in printed
    assert "`<each of owners>`" in printed
    assert len(printed.splitlines()) == len(invalidation_rules.WRITES) + 2
