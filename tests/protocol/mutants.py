"""The protocol with one rule broken, each in one place; all of them must be caught.

`test_protocol.MUTANTS` has the property that each violates, and the smallest bounds at
which that is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.protocol.model import DEAD, LIVE, NONE, Model, Process, Task, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.protocol.model import Step

_LATE = 2  # a generation that is taken after the load


class Alone(Model):
    """The protocol of a process that shares no loads, for what is older than that."""

    def leader(self, *_: object) -> Task | None:
        return None


class CacheAside(Alone):
    """No generation at all: delete after the commit."""

    EMPTY = (LIVE, ())

    def filled(self, _cache: tuple, _held: int, epoch: int, v: int) -> tuple | None:
        return (LIVE, (epoch, v))

    def forget(self, w: World, cache: tuple, **changes: object) -> World:
        return w._replace(cache=cache, **changes)


class WriteThrough(CacheAside):
    """Store the new value after the commit instead of deleting the old one."""

    def invalidated(self, w: World, v: int) -> World:
        return w._replace(cache=(LIVE, (w.epoch, v)))


class Pointer(Alone):
    """Values named by a pointer, which is evicted apart from them."""

    def looked_up(self, cache: tuple) -> tuple:
        pointer, values = cache
        found = [value for tag, value in values if tag == pointer]
        return cache, (found[0] if found else ()), pointer

    def filled(self, cache: tuple, held: int, epoch: int, v: int) -> tuple | None:
        others = [each for each in cache[1] if each[0] != held]
        return (cache[0], tuple(sorted([*others, (held, (epoch, v))])))

    def forget(self, w: World, cache: tuple, **changes: object) -> World:
        return w._replace(cache=cache, **changes)

    def evicted(self, cache: tuple) -> list[tuple]:
        pointer, values = cache
        without = [(pointer, tuple(v for v in values if v != each)) for each in values]
        return without if pointer == NONE else [(NONE, values), *without]


class IncrementedGeneration(Pointer):
    """The generation is a counter of Redis, which begins again when it is evicted."""

    def looked_up(self, cache: tuple) -> tuple:
        return super().looked_up((max(cache[0], 1), cache[1]))

    def invalidated(self, w: World, v: int) -> World:  # noqa: ARG002 - as in the model
        return w._replace(cache=(max(w.cache[0], 0) + 1, w.cache[1]))


class GenerationFromDocumentVersion(Pointer):
    """The generation is the document's version, written by the writer after it."""

    def invalidated(self, w: World, v: int) -> World:
        return w._replace(cache=(v, w.cache[1]))

    def filled(self, cache: tuple, held: int, epoch: int, v: int) -> tuple | None:
        pointer = v if cache[0] == NONE else cache[0]
        return super().filled(
            (pointer, cache[1]), held if held != NONE else v, epoch, v
        )


class FillWithoutCheck(Model):
    """A fill does not look at what is there."""

    def filled(self, cache: tuple, held: int, epoch: int, v: int) -> tuple | None:
        if cache[0] == LIVE == held:
            return (LIVE, (epoch, v))
        return cache  # under a dead generation nobody hits it


class RefusedLoadIsUsed(Model):
    """What was refused is returned at once instead of starting over."""

    def filled(self, cache: tuple, held: int, epoch: int, v: int) -> tuple | None:
        return super().filled(cache, held, epoch, v) or cache


class GenerationAfterLoad(Alone):
    """The generation is read, and made, after the load."""

    def looked_up(self, cache: tuple) -> tuple:
        return cache, cache[1], _LATE

    def filled(self, cache: tuple, _held: int, epoch: int, v: int) -> tuple | None:
        return super().filled((LIVE, cache[1]), LIVE, epoch, v)


class UnlinkBeforeWrite(Model):
    """The key is dropped before the commit."""

    def w_new(self, w: World, others: tuple) -> Iterator[Step]:
        invalidated = self.invalidated(self.write(w, others, ("unlinked",)), 0)
        yield "drop too early", invalidated, None

    def w_unlinked(self, w: World, others: tuple) -> Iterator[Step]:
        new = w.db + 1
        yield f"commit, ack v{new}", self.ack(w._replace(db=new), others, new), None


class NothingToDoDropsNothing(Model):
    """A write that finds nothing left to do answers without an invalidation."""

    def w_repeat(self, w: World, others: tuple) -> Iterator[Step]:
        if w.db:
            yield "nothing to do, ack", self.ack(w, others, w.db), None


class SharesAcrossGenerations(Model):
    """A load under way is joined whatever generation it was made under."""

    def leader(self, q: Process, epoch: int, held: int) -> Task | None:
        return super().leader(q, epoch, held) or super().leader(q, epoch, DEAD)


class SharesAcrossLeases(Model):
    """A load under way is joined whatever lease it was made under."""

    def leader(self, q: Process, epoch: int, held: int) -> Task | None:
        older = (
            super(SharesAcrossLeases, self).leader(q, e, held) for e in range(epoch)
        )
        return super().leader(q, epoch, held) or next((t for t in older if t), None)


class LandsBeforeFill(Model):
    """Those who joined are answered before the leader has filled."""

    def r_fill(self, w: World, p: int, rest: Process, *held: object) -> Iterator[Step]:
        yield from super().r_fill(w, p, rest, *held)
        need, epoch, generation, joined, v = held
        if joined:
            leader = ("fill", need, epoch, generation, (), v)
            left = rest._replace(readers=tuple(sorted((*rest.readers, leader))))
            yield self.returns(w, p, left, max(joined), v, "lands early")


class Direct(Model):
    """The protocol without a lease: loads that take turns, `BoundedLoads.load`.

    A reader is ("new",), ("turn", need, joined) or ("loading", need, joined, version).
    """

    def r_new(self, w: World, p: int, rest: Process) -> Iterator[Step]:
        """Join a load of which `may_join`, else wait for a turn."""
        for i, task in enumerate(rest.readers):
            if self.may_join(task):
                joined = (*task[:2], tuple(sorted((*task[2], w.acked))), *task[3:])
                readers = (*rest.readers[:i], joined, *rest.readers[i + 1 :])
                left = rest._replace(readers=tuple(sorted(readers)))
                yield "join", self.put(w, p, left), None
                return
        yield "wait for a turn", self.go(w, p, rest, ("turn", w.acked, ())), None

    def may_join(self, task: Task) -> bool:
        """Say whether a load may be joined: while it has not begun."""
        return task[0] == "turn"

    def r_turn(
        self, w: World, p: int, rest: Process, need: int, joined: tuple
    ) -> Iterator[Step]:
        """Begin the load."""
        task = ("loading", need, joined, w.db)
        yield f"load v{w.db}", self.go(w, p, rest, task), None

    def r_loading(
        self, w: World, p: int, rest: Process, need: int, joined: tuple, v: int
    ) -> Iterator[Step]:
        """Land it."""
        yield self.returns(w, p, rest, max((need, *joined)), v, "land")


class JoinsLoadUnderWay(Direct):
    """Without a generation, a load that has begun already is joined."""

    def may_join(self, task: Task) -> bool:
        return task[0] in ("turn", "loading")


class FenceBeforeCommit(Model):
    """The fence is raised before the commit."""

    def w_new(self, w: World, others: tuple) -> Iterator[Step]:
        epoch = self.raised(w)
        fenced = self.write(w, others, ("fenced", epoch))
        yield "suspend early", fenced._replace(epoch=epoch, is_suspended=True), None

    def w_fenced(self, w: World, others: tuple, epoch: int) -> Iterator[Step]:
        yield self.committed(w, others, "wait", epoch)


class EpochAfterLoad(Model):
    """A fill takes the lease of its own moment."""

    def r_fill(self, w: World, p: int, rest: Process, *held: object) -> Iterator[Step]:
        epoch = held[1] if rest.lease == NONE else rest.lease
        yield from super().r_fill(w, p, rest, held[0], epoch, *held[2:])


class DoesNotOutwaitLeases(Model):
    """The writer answers right after it has raised the fence."""

    def outwaited(self, w: World, epoch: int) -> World:  # noqa: ARG002 - as in the model
        return w


class SuspendsWithoutNewEpoch(Model):
    """Suspending leaves the epoch as it is."""

    def raised(self, w: World) -> int:
        return w.epoch


class LooksBeforeCommit(Model):
    """A writer that saw the cache suspended before its commit sends no drop."""

    def w_new(self, w: World, others: tuple) -> Iterator[Step]:
        yield from super().w_new(w, others)
        if w.is_suspended:
            yield "look early", self.write(w, others, ("looked", w.epoch)), None

    def w_looked(self, w: World, others: tuple, epoch: int) -> Iterator[Step]:
        yield self.committed(w, others, "wait", epoch)


class EntryWithoutEpoch(Model):
    """A hit does not compare the entry's epoch."""

    def entry_fits(self, _entry: tuple, _epoch: int) -> bool:
        return True


class LeasesWhileSuspended(Model):
    """A lease renewer takes a lease on a suspended cache."""

    def gives_leases(self, _: World) -> bool:
        return True


class MemoryWithoutEpoch(Model):
    """What a process remembers is found by its generation alone."""

    def memory_fits(self, _memory: tuple, _epoch: int) -> bool:
        return True


class RetryAfterCrashDropsNothing(NothingToDoDropsNothing):
    """The same, when nobody else is about to drop: the first try has crashed."""

    def w_repeat(self, w: World, others: tuple) -> Iterator[Step]:
        if not others:
            yield from super().w_repeat(w, others)


class PageIsTrusted(Model):
    """A page is good for its time to live, whatever becomes of its parts."""

    def page_fits(self, page: tuple, cache: tuple, epoch: int) -> bool:  # noqa: ARG002
        return page[1] == epoch


class PageWithoutVersion(Model):
    """Of a page's parts the generations alone are compared."""

    def page_fits(self, page: tuple, cache: tuple, epoch: int) -> bool:
        return page[0] == LIVE == cache[0] and page[1] == epoch


class PageWithoutGeneration(Model):
    """Of a page's parts only versions are compared; an invalidation takes none away."""

    def page_fits(self, page: tuple, cache: tuple, epoch: int) -> bool:
        is_same = not cache[1] or cache[1] == page[1:3]
        return is_same and page[1] == epoch


class PageWithoutEpoch(Model):
    """A page is given under a lease on another epoch than its parts were read under."""

    def page_fits(self, page: tuple, cache: tuple, epoch: int) -> bool:  # noqa: ARG002
        return page[0] == LIVE and cache == (LIVE, page[1:3])


class PageIsStampedWhenKept(Model):
    """With a page stands what its parts are when it is kept, not when read."""

    def kept_page(self, w: World, page: tuple) -> tuple:
        generation, entry = w.cache
        return (generation, *entry, page[3]) if entry else page
