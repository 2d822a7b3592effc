"""What all runs of the machine share, and how they begin."""

from __future__ import annotations

from typing import NamedTuple

from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.lists import ListChange
from kwip.store.timelines.buckets import home_of
from tests.machine.model import VISIBILITIES, Kwip, List, Model
from tests.machine.timelines import TAG

PEOPLE = ("alice", "bob", "carol", "dave")


class World(NamedTuple):
    """A process with what surrounds it, brought back to its beginning by `reset`."""

    kwip: object
    rings: object
    steps: object
    clock: object
    cache: object
    viewers: dict
    lists: dict
    model: Model
    reset: object
    long_ms: int

    def is_waiting(self):
        """Tell whether anything is not delivered, backfilled or purged yet."""
        database, waits = self.kwip.store.database, {"$in": ["merging", "removed"]}
        states = [database[name] for name in ("follows", "list_members", "attachments")]
        return (
            self.kwip.outbox.pending_count()
            or any(each.find_one({"state": waits}) for each in states)
            or database["posts"].find_one({"search_due_at": {"$exists": True}})
        )


def begin(kwip, viewers):
    """Let people follow, list and write; give their lists and the model of it.

    Everybody follows two others and has the first of them in a list, and has written
    for every audience.
    """
    model, lists, services = Model(PEOPLE), {}, kwip.services
    for place, one in enumerate(PEOPLE):
        model.lists[one] = List()
        for two in (PEOPLE[place - 3], PEOPLE[place - 2]):
            services.relationships.follow(viewers[one], viewers[two].id)
            model.follow(one, two)
        lists[one] = services.lists.create(viewers[one], ListChange(title="Some")).id
        some = PEOPLE[place - 3]
        services.lists.add(viewers[one], lists[one], [viewers[some].id])
        model.lists[one].members.add(some)
    for visibility in (*VISIBILITIES[::-1], "public"):
        for place, author in enumerate(PEOPLE):
            text, named = f"{visibility} #{TAG}", PEOPLE[place - 1]
            post = services.posts.publish(
                viewers[author].id,
                Draft(text=f"{text} @{named}", visibility=Visibility(visibility)),
            )
            model.add(
                Kwip(
                    post.id,
                    author,
                    visibility,
                    text,
                    names=frozenset({named}),
                    tags=frozenset({TAG}),
                )
            )
    return lists, model


def extra_jobs(kwip):
    """Give the compaction that an operator may ask for, as jobs of a user's id."""
    return {
        "rebuild": lambda user_id: kwip.services.home_backfill.rebuild(int(user_id)),
        "trim": lambda user_id: kwip.services.home_backfill.compactor.trim(
            [home_of(int(user_id))]
        ),
    }
