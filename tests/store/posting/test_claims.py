from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from kwip.store.posting.claims import Claim
from tests.store.stores import LATER, post_id


def test_a_key_stands_for_what_it_was_first_claimed_for(stores):
    first, second = Claim(post_id(1), "a", "x"), Claim(post_id(2), "b", "y")

    assert stores.claims.claim(1, "key", first, LATER) is first
    assert stores.claims.claim(1, "key", second, LATER) == first
    assert stores.claims.claim(2, "key", second, LATER) is second
    assert stores.claims.claim(1, "other", second, LATER) is second


def test_of_parallel_claims_one_wins_and_all_get_it(stores):
    claims = [Claim(post_id(n), f"nonce{n}", "x") for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        held = list(
            threads.map(lambda c: stores.claims.claim(1, "key", c, LATER), claims)
        )

    assert len(set(held)) == 1


def test_a_claim_is_moved_to_a_new_id_once(stores):
    first = Claim(post_id(1), "a", "x")
    stores.claims.claim(1, "key", first, LATER)

    assert stores.claims.move(1, "key", first, post_id(2))
    assert not stores.claims.move(1, "key", first, post_id(3))
    assert stores.claims.claim(1, "key", first, LATER) == Claim(post_id(2), "a", "x")
