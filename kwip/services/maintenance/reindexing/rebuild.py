"""Go through all things of a kind, repair what differs, checkpoint the progress."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.cache import invalidation_rules
from kwip.services.maintenance.reindexing.counting import Counting, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from kwip.services.coherence.fence import Fence
    from kwip.services.maintenance.checkpoint import Checkpoint
    from kwip.services.maintenance.progress import Progress
    from kwip.services.maintenance.reindexing.counting import Suspects
    from kwip.services.maintenance.reindexing.reindex import Pace
    from kwip.services.maintenance.reindexing.repeats import Repeats
    from kwip.services.maintenance.reindexing.retagging import Retagging
    from kwip.store.posting.counters import CounterStore

#: Users or posts that are counted together.
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Phase:
    """One kind of things to check, each with an id.

    Attributes:
        name: What they are called.
        total: About how many there are.
        pages: Yields them above a cursor, with those that seem wrong.
        wrong: Checks one again, and describes what is wrong with it.
        repair: Repairs one, as far as possible.
    """

    name: str
    total: int
    pages: Callable[[int], Iterator[Suspects[Any]]]
    wrong: Callable[[Any], Sequence[str]]
    repair: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Run phases one after the other, while the site runs."""

    phases: Sequence[Phase]
    sleep: Callable[[float], None] = time.sleep

    def verify(self, progress: Progress) -> tuple[dict[str, int], list[str]]:
        """Count what was checked by phase, and describe what differs."""
        checked: dict[str, int] = {}
        found: list[str] = []
        for phase in self.phases:
            progress.begin(phase.name, phase.total)
            checked[phase.name] = 0
            for page in phase.pages(0):
                found += [text for each in page.ids for text in phase.wrong(each)]
                checked[phase.name] += page.size
                progress.advance(page.size)
        return checked, found

    def run(self, checkpoint: Checkpoint, pace: Pace, progress: Progress) -> list[str]:
        """Repair what differs, from the checkpoint on; return what still does.

        The checkpoint has the phase, and the last id of it that is finished.
        """
        begun = checkpoint.job.detail.get("phase", self.phases[0].name)
        names = [phase.name for phase in self.phases]
        left: list[str] = []
        with ThreadPoolExecutor(pace.concurrency) as pool:
            for phase in self.phases[names.index(begun) :]:
                if phase.name != begun:
                    checkpoint.save(cursor=0, detail={"phase": phase.name})
                for page in self._pages(phase, checkpoint, progress):
                    wrong = [each for each in page.ids if phase.wrong(each)]
                    list(pool.map(phase.repair, wrong))
                    left += [text for each in wrong for text in phase.wrong(each)]
                    self._save(phase, checkpoint, page, len(wrong))
                    progress.advance(page.size)
                    self.sleep(pace.throttle_s)
        checkpoint.save(is_done=True)
        return left

    @staticmethod
    def _pages(
        phase: Phase, checkpoint: Checkpoint, progress: Progress
    ) -> Iterator[Suspects[Any]]:
        done = checkpoint.job.counts.get(phase.name, 0)
        progress.begin(phase.name, max(phase.total, done), done)
        return phase.pages(checkpoint.job.cursor)

    @staticmethod
    def _save(
        phase: Phase, checkpoint: Checkpoint, page: Suspects[Any], repaired: int
    ) -> None:
        counts = checkpoint.job.counts
        checkpoint.save(
            cursor=page.cursor,
            counts={
                phase.name: counts.get(phase.name, 0) + page.size,
                "repaired": counts.get("repaired", 0) + repaired,
            },
            detail={"phase": phase.name},
        )


def counter_phases(
    store: CounterStore, fence: Fence, totals: Mapping[str, int]
) -> list[Phase]:
    """Return the phases that recount everything: users, then posts."""
    counting = Counting(store, PAGE)

    def repair_user(user_id: Any) -> None:
        store.settle_user(user_id, repairs=True)
        fence.invalidate(invalidation_rules.recount(user_ids=[user_id], post_ids=()))

    def repair_post(post_id: Any) -> None:
        store.settle_post(post_id, repairs=True)
        fence.invalidate(invalidation_rules.recount(user_ids=(), post_ids=[post_id]))

    def wrong(what: str, look: Callable[[Any], Any], each: Any) -> list[str]:
        found = look(each)
        return [
            f"{what} {each}: {name} is {said}, should be {right}"
            for name, said, right in (differences(*found) if found else ())
        ]

    return [
        Phase(
            "users",
            totals["users"],
            counting.users,
            lambda each: wrong("user", store.settle_user, each),
            repair_user,
        ),
        Phase(
            "posts",
            totals["posts"],
            counting.posts,
            lambda each: wrong("post", store.settle_post, each),
            repair_post,
        ),
    ]


def repeat_phases(repeats: Repeats, totals: Mapping[str, int]) -> list[Phase]:
    """Return the phase that recomputes which of an author's posts repeat another."""

    def wrong(each: Any) -> list[str]:
        count = repeats.count(each)
        text = f"user {each}: posts with a wrong repeat: {count}"
        return [text] if count else []

    return [
        Phase("authors", totals["users"], repeats.iter_pages, wrong, repeats.repair)
    ]


def tag_phases(retagging: Retagging, totals: Mapping[str, int]) -> list[Phase]:
    """Return the phase that parses every text again."""

    def wrong(each: Any) -> list[str]:
        is_wrong = retagging.differs(each)
        text = f"post {each}: the stored links or hashtags do not match the text"
        return [text] if is_wrong else []

    return [
        Phase("posts", totals["posts"], retagging.iter_pages, wrong, retagging.retag)
    ]
