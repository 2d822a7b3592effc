"""Make the services of `kwip.services.social`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Social
from kwip.services.social.buzzes import Buzzes
from kwip.services.social.follow_requests import FollowRequests
from kwip.services.social.followed_tags import FollowedTags
from kwip.services.social.lists import Lists
from kwip.services.social.notes import Notes
from kwip.services.social.people import People
from kwip.services.social.relationships import Relationships

if TYPE_CHECKING:
    from kwip.services.bundle import Delivery, Reading, Uploads
    from kwip.wiring.core import Core


def make_social(
    core: Core, delivery: Delivery, reading: Reading, media: Uploads
) -> Social:
    """Make them from the services they call."""
    stores, entities, fence = core.stores, core.entities, core.fence
    people = People(entities, reading.hydration, reading.threads, reading.id_lists)
    relationships = Relationships(
        stores=stores,
        entities=entities,
        notifier=delivery.notifier,
        fence=fence,
        enqueue=core.enqueue,
        clock=core.options.clock,
    )
    return Social(
        people=people,
        relationships=relationships,
        follow_requests=FollowRequests(
            stores=stores,
            relationships=relationships,
            fence=fence,
            enqueue=core.enqueue,
            clock=core.options.clock,
        ),
        notes=Notes(stores, relationships, fence),
        buzzes=Buzzes(
            stores=stores,
            relationships=relationships,
            nudging=delivery.nudging,
            clock=core.options.clock,
        ),
        lists=Lists(
            store=stores.lists,
            entities=entities,
            people=people,
            fence=fence,
            purges=media.attachments.files.purges,
            enqueue=core.enqueue,
            ids=core.ids,
            clock=core.options.clock,
        ),
        followed_tags=FollowedTags(stores.followed_tags, reading.hydration, fence),
    )
