"""The site's staff: what the viewer may do, and in whose name they act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Actor, Order
from kwip.domain.accounts.roles import Role, may
from kwip.domain.errors import ForbiddenError
from kwip.domain.messages import lazy_gettext
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from kwip.domain.accounts.roles import Permission
    from kwip.domain.accounts.users import Viewer
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.store.accounts.users import UserStore

#: The kind of actor in the audit log.
STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Staff:
    """Find out what the viewer may do."""

    store: UserStore
    entities: Entities

    def role(self, viewer: Viewer, loader: Loader | None) -> Role:
        """Return the viewer's role.

        A read has it without a round trip, because it is loaded with the viewer. For a
        write, without a loader, it comes straight from MongoDB: one query.
        """
        if loader is None:
            found = self.store.get_many([viewer.id])
        else:
            found = dict(loader.load(Lookup(self.entities.users, [viewer.id]))[0])
        user = found.get(viewer.id)
        return Role.MEMBER if user is None or user.is_suspended else user.role

    def order(self, viewer: Viewer, permission: Permission, reason: str) -> Order:
        """Return the order of a viewer who may do something; one query.

        The service that carries it out records it in the audit log, and refuses it if
        the viewer does not outrank the person.

        Raises:
            ForbiddenError: The viewer may not do it.
        """
        role = self.role(viewer, None)
        if not may(role, permission):
            raise ForbiddenError(
                lazy_gettext("Your role doesn't allow this."), rule=permission
            )
        return Order(Actor(STAFF, viewer.username), reason, role)
