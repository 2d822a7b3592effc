"""A model of the cache's protocol: versioned keys, sharing of loads, and the fence.

It has one entity, which is all that a key is. Each method of `Model` is one step that
nothing can interrupt, and its docstring names the function that it stands for; what
happens between two steps is up to the explorer. A mutant overrides one method.

What is left out, and why that hides nothing:
- *When a lease ends.* It only keeps a reader from beginning, so an older lease ends
  when a writer has outwaited it, and not before. A reader without a lease loads from
  the store and cannot be wrong, except about sharing, for which `Direct` is there.
- *When a write is acknowledged.* At once after its last step; later is weaker.
- *Which generation a reader holds.* It is compared with the key's alone, and none comes
  back, so it is either the key's (`LIVE`) or `DEAD`, whatever it was.
- *Who is who.* Writers are alike, so are the readers of a process and so are processes:
  their order is sorted away.
- *A drop or a fill that times out and arrives later.* The one is an eviction, the other
  a fill that took long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What stands for no lease, no generation, no memory.
NONE = -1
#: A generation that is the key's, and one that was.
LIVE, DEAD = 1, 0

Task = tuple  # where it stands, then what it remembers
Step = tuple  # a label, the next world, what is violated or None


class Process(NamedTuple):
    """One process: the epoch of its lease, its memory (epoch, version), its readers.

    A reader is ("new",), ("read", need, epoch), ("load", need, epoch, generation,
    joined) or ("fill", need, epoch, generation, joined, version). `need` is the version
    that it must not be older than, `joined` are the needs of those who share its load.
    One that has answered may stand at ("keep", 0, epoch, generation, version).
    """

    lease: int
    memory: tuple
    readers: tuple[Task, ...]


class World(NamedTuple):
    """All that there is at one moment.

    `cache` is the entity's hash: its generation, and the entry (epoch, version) that
    is valid under it. A writer is ("new",), ("repeat",), ("drop", version),
    ("suspend", version) or ("wait", version, epoch). `page` is a cached page that was
    made of the entity: the generation, epoch and version that stand with it, and the
    version that it shows.
    """

    db: int
    cache: tuple
    epoch: int
    is_suspended: bool
    acked: int
    seen: int
    writers: tuple[Task, ...]
    processes: tuple[Process, ...]
    fails: int
    evictions: int
    crashes: int
    page: tuple = ()


class Bounds(NamedTuple):
    """How much happens at most; `readers` are those of each process.

    `repeats` are writes that find nothing left to do. With `has_memory` a process
    remembers what it read; with `has_pages` cached pages are kept. `property` is "A",
    never older than the last acknowledged write, or "L", linearizable: nor older than
    what any finished read returned.
    """

    writers: int = 1
    readers: tuple[int, ...] = (2,)
    repeats: int = 0
    fails: int = 0
    evictions: int = 0
    crashes: int = 0
    has_memory: bool = False
    has_pages: bool = False
    property: str = "A"


class Model:
    """The protocol as it is."""

    EMPTY: tuple = (NONE, ())

    def __init__(self, bounds: Bounds):
        self.bounds = bounds

    def start(self) -> World:
        """Begin with nothing cached, and a lease for each process."""
        bounds = self.bounds
        processes = [Process(0, (), (("new",),) * n) for n in bounds.readers]
        writers = [("new",)] * bounds.writers + [("repeat",)] * bounds.repeats
        return World(
            db=0,
            cache=self.EMPTY,
            epoch=0,
            is_suspended=False,
            acked=0,
            seen=0,
            writers=tuple(writers),
            processes=tuple(sorted(processes)),
            fails=bounds.fails,
            evictions=bounds.evictions,
            crashes=bounds.crashes,
        )

    def steps(self, w: World) -> Iterator[Step]:
        """Give every step that may come next, one of those that are alike."""
        yield from self.fence_moves(w)
        if w.evictions:
            for cache in self.evicted(w.cache):
                yield "evict", self.forget(w, cache, evictions=w.evictions - 1), None
        for i, task in enumerate(w.writers):
            if i == 0 or task != w.writers[i - 1]:
                others = w.writers[:i] + w.writers[i + 1 :]
                yield from self.writer_steps(w, others, task)
        for p, process in enumerate(w.processes):
            if p == 0 or process != w.processes[p - 1]:
                yield from self.process_steps(w, p, process)

    # Writers ---------------------------------------------------------------------

    def writer_steps(self, w: World, others: tuple, task: Task) -> Iterator[Step]:
        """Give the steps of one writer; a crash ends it without an answer."""
        yield from getattr(self, f"w_{task[0]}")(w, others, *task[1:])
        if w.crashes and task[0] not in ("new", "repeat"):
            yield "crash", w._replace(writers=others, crashes=w.crashes - 1), None

    def w_new(self, w: World, others: tuple) -> Iterator[Step]:
        """Commit: a method of `store`, with a new version of the document."""
        yield self.committed(w, others, "drop")

    def committed(self, w: World, others: tuple, then: str, *args: int) -> Step:
        """Give the step of a commit after which a writer stands at `then`."""
        new = w.db + 1
        return f"commit v{new}", self.write(w, others, (then, new, *args), db=new), None

    def w_repeat(self, w: World, others: tuple) -> Iterator[Step]:
        """Find that an earlier try has committed: it drops all the same."""
        if w.db:
            yield "nothing to do", self.write(w, others, ("drop", w.db)), None

    def w_drop(self, w: World, others: tuple, v: int) -> Iterator[Step]:
        """Invalidate: `Fence.invalidate` up to its look, its UNLINK, or its failure."""
        yield f"drop, ack v{v}", self.invalidated(self.ack(w, others, v), v), None
        if w.fails:
            failed = self.write(w, others, ("suspend", v), fails=w.fails - 1)
            yield "drop fails", failed, None
        yield from self.look(w, others, v)

    def look(self, w: World, others: tuple, v: int) -> Iterator[Step]:
        """Look at the fence after the commit, and send no drop: `Fence.invalidate`."""
        if w.is_suspended:
            yield "look", self.write(w, others, ("wait", v, w.epoch)), None

    def w_suspend(self, w: World, others: tuple, v: int) -> Iterator[Step]:
        """Raise the epoch, unless it is suspended: `FenceStore.suspend`."""
        epoch = w.epoch if w.is_suspended else self.raised(w)
        after = self.write(
            w, others, ("wait", v, epoch), epoch=epoch, is_suspended=True
        )
        yield f"suspend, epoch {epoch}", after, None

    def raised(self, w: World) -> int:
        """Give the epoch of a new suspension."""
        return w.epoch + 1

    def w_wait(self, w: World, others: tuple, v: int, epoch: int) -> Iterator[Step]:
        """Outwait older leases, and answer: `Fence._wait_until`."""
        after = self.outwaited(self.ack(w, others, v), epoch)
        yield f"outwait epoch {epoch}, ack v{v}", after, None

    def outwaited(self, w: World, epoch: int) -> World:
        """End every lease on an epoch before this one."""
        processes = [
            q if q.lease >= epoch else q._replace(lease=NONE) for q in w.processes
        ]
        return w._replace(processes=tuple(sorted(processes)))

    def ack(self, w: World, others: tuple, v: int) -> World:
        """Answer that version v is written."""
        return w._replace(writers=others, acked=max(w.acked, v))

    @staticmethod
    def write(w: World, others: tuple, task: Task, **changes: object) -> World:
        """Let a writer stand at `task`."""
        return w._replace(writers=tuple(sorted((*others, task))), **changes)

    # The cache -------------------------------------------------------------------

    def invalidated(self, w: World, v: int) -> World:  # noqa: ARG002 - of some mutants
        """Delete the hash: UNLINK in `EntityCache.invalidate_confirmed`."""
        return self.forget(w, self.EMPTY)

    def evicted(self, cache: tuple) -> list[tuple]:
        """Give what an eviction or the end of a life leaves: nothing of the hash."""
        return [] if cache == self.EMPTY else [self.EMPTY]

    def forget(self, w: World, cache: tuple, **changes: object) -> World:
        """Let the generation be gone: what was held or remembered under it is dead."""
        processes = [
            Process(q.lease, (), tuple(sorted(_dead(task) for task in q.readers)))
            for q in w.processes
        ]
        page = (DEAD, *w.page[1:]) if w.page else ()
        return w._replace(
            cache=cache, processes=tuple(sorted(processes)), page=page, **changes
        )

    # The fence and the leases ------------------------------------------------------

    def fence_moves(self, w: World) -> Iterator[Step]:
        """Renew leases: `Watch._look`; resume: `FenceStore.resume`."""
        for p, q in enumerate(w.processes):
            if q.lease != w.epoch and self.gives_leases(w):
                renewed = q._replace(lease=w.epoch)
                yield f"lease, epoch {w.epoch}", self.put(w, p, renewed), None
        if w.is_suspended:
            yield "resume", w._replace(is_suspended=False), None

    def gives_leases(self, w: World) -> bool:
        """Say whether a lease renewer that looks now takes a lease."""
        return not w.is_suspended

    # Readers -----------------------------------------------------------------------

    def process_steps(self, w: World, p: int, q: Process) -> Iterator[Step]:
        """Give the steps of the readers of one process."""
        for i, task in enumerate(q.readers):
            if i == 0 or task != q.readers[i - 1]:
                rest = q._replace(readers=q.readers[:i] + q.readers[i + 1 :])
                yield from getattr(self, f"r_{task[0]}")(w, p, rest, *task[1:])

    def r_new(self, w: World, p: int, rest: Process) -> Iterator[Step]:
        """Begin under the lease of this moment: `Loaders.begin`."""
        if rest.lease != NONE:
            need = max(w.acked, w.seen)
            task = ("read", need, rest.lease)
            yield f"begin, epoch {rest.lease}", self.go(w, p, rest, task), None

    def r_read(
        self, w: World, p: int, rest: Process, need: int, epoch: int
    ) -> Iterator[Step]:
        """Read the entry, or a generation (made if there is none): `read_entries`."""
        if w.page and self.page_fits(w.page, w.cache, epoch):
            yield self.returns(w, p, rest, need, w.page[3], "is given the page")
            return
        cache, entry, held = self.looked_up(w.cache)
        w = w._replace(cache=cache)
        if rest.memory and self.memory_fits(rest.memory, epoch):
            yield self.returns(w, p, rest, need, rest.memory[1], "remembers")
        elif entry and self.entry_fits(entry, epoch):
            kept = self.keep(rest, epoch, entry[1], held)
            yield self.returns(w, p, kept, need, entry[1], "hits")
        elif (leader := self.leader(rest, epoch, held)) is not None:
            yield "joins", self.joined(w, p, rest, leader, need), None
        else:
            task = ("load", need, epoch, held, ())
            yield "misses", self.go(w, p, rest, task), None

    def looked_up(self, cache: tuple) -> tuple:
        """Give the hash after a look, the entry valid under its generation, that."""
        return (LIVE, cache[1]), cache[1], LIVE

    def entry_fits(self, entry: tuple, epoch: int) -> bool:
        """Compare the epoch of an entry with the lease's: `entries.lua`."""
        return entry[0] == epoch

    def memory_fits(self, memory: tuple, epoch: int) -> bool:
        """Compare the epoch of what is remembered with the lease's."""
        return memory[0] == epoch

    def leader(self, q: Process, epoch: int, held: int) -> Task | None:
        """Find a load under the generation just read and this lease (single-flight)."""
        for task in q.readers:
            if task[0] in ("load", "fill") and task[2:4] == (epoch, held):
                return task
        return None

    def joined(self, w: World, p: int, rest: Process, leader: Task, need: int) -> World:
        """Wait for the leader's load."""
        readers = list(rest.readers)
        readers.remove(leader)
        needs = tuple(sorted((*leader[4], need)))
        task = (*leader[:4], needs, *leader[5:])
        return self.go(w, p, rest._replace(readers=tuple(readers)), task)

    def r_load(self, w: World, p: int, rest: Process, *held: object) -> Iterator[Step]:
        """Load from the primary: `Kind.load`."""
        yield f"loads v{w.db}", self.go(w, p, rest, ("fill", *held, w.db)), None

    def r_fill(self, w: World, p: int, rest: Process, *held: object) -> Iterator[Step]:
        """Fill, and let those go on that joined: `fill.lua`, `Loader._land`.

        What is refused starts over, and so do they. What Redis did not answer is used
        as it is; a property of reads through the cache says nothing of it.
        """
        need, epoch, generation, joined, v = held
        needs = (need, *joined)
        cache = self.filled(w.cache, generation, epoch, v)
        if cache is None:
            again = [("read", each, epoch) for each in needs]
            yield "refused", self.go(w, p, rest, *again), None
        else:
            kept = self.keep(rest, epoch, v, generation)
            after = w._replace(cache=cache)
            yield self.returns(after, p, kept, max(needs), v, "fills")
        if w.fails and self.bounds.property == "A":
            after = w._replace(fails=w.fails - 1)
            yield self.returns(after, p, rest, max(needs), v, "fails to fill")

    def filled(self, cache: tuple, held: int, epoch: int, v: int) -> tuple | None:
        """Fill if the generation is the key's and nothing is newer, else refuse."""
        generation, entry = cache
        if generation == LIVE == held and not (entry and entry > (epoch, v)):
            return (LIVE, (epoch, v))
        return None

    def keep(self, q: Process, epoch: int, v: int, held: int) -> Process:
        """Remember what was read (no process does that yet), and make a page of it."""
        if self.bounds.has_pages:
            task = ("keep", 0, epoch, held, v)
            q = q._replace(readers=tuple(sorted((*q.readers, task))))
        return q._replace(memory=(epoch, v)) if self.bounds.has_memory else q

    def r_keep(
        self, w: World, p: int, rest: Process, _need: int, *made_of: int
    ) -> Iterator[Step]:
        """Keep a page with what it is made of, or come to nothing."""
        epoch, held, v = made_of
        page = self.kept_page(w, (held, epoch, v, v))
        yield "keeps", self.put(w, p, rest)._replace(page=page), None
        yield "keeps nothing", self.put(w, p, rest), None

    def kept_page(self, w: World, page: tuple) -> tuple:  # noqa: ARG002 - of a mutant
        """Give the page that is kept."""
        return page

    def page_fits(self, page: tuple, cache: tuple, epoch: int) -> bool:
        """Compare all that a page was made of, and the lease: `read_page.lua`."""
        generation, *filled, _ = page
        return (
            generation == LIVE and cache == (LIVE, tuple(filled)) and filled[0] == epoch
        )

    def returns(
        self, w: World, p: int, rest: Process, need: int, v: int, how: str
    ) -> Step:
        """Let readers answer of whom one needs version `need`."""
        bad = None if v >= need else f"returned v{v}, needed v{need}"
        seen = max(w.seen, v) if self.bounds.property == "L" else 0
        return f"{how} v{v}", self.put(w._replace(seen=seen), p, rest), bad

    def go(self, w: World, p: int, rest: Process, *tasks: Task) -> World:
        """Let readers of a process stand at `tasks`."""
        readers = tuple(sorted((*rest.readers, *tasks)))
        return self.put(w, p, rest._replace(readers=readers))

    @staticmethod
    def put(w: World, p: int, q: Process) -> World:
        """Put a process back into its world."""
        rest = w.processes[:p] + w.processes[p + 1 :]
        return w._replace(processes=tuple(sorted((*rest, q))))


def _dead(task: Task) -> Task:
    """Give what is left of a reader's task when the key's generation is gone."""
    if task[0] in ("load", "fill", "keep") and task[3] == LIVE:
        return (*task[:3], DEAD, *task[4:])
    return task
