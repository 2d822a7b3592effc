"""Write private notes about people, which only their writers see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.social.relationships import NOTE_MAX
from kwip.text.profiles import clean_lines

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relationship
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.stores import Stores
    from kwip.services.social.relationships import Relationships


@dataclass(frozen=True, slots=True)
class Notes:
    """The viewer's notes; `Relationships` shows them."""

    stores: Stores
    relationships: Relationships
    fence: Fence

    def write(self, viewer: Viewer, user_id: UserId, text: str) -> Relationship:
        """Replace the viewer's note about a user; an empty one is deleted.

        Raises:
            InvalidError: It is too long, or about the viewer.
            NotFoundError: There is no such user.
        """
        if user_id == viewer.id:
            raise InvalidError(
                lazy_gettext("This is your own account."),
                {"id": lazy_gettext("Choose someone else.")},
            )
        wrong: dict[str, str] = {}
        clean = clean_lines("comment", text, NOTE_MAX, wrong)
        if wrong:
            raise InvalidError(lazy_gettext("Your note could not be saved."), wrong)
        if user_id not in self.stores.users.get_many([user_id]):
            raise NotFoundError(lazy_gettext("User not found."), user_id=user_id)
        self.stores.notes.write(viewer.id, user_id, clean)
        self.fence.invalidate(invalidation_rules.write_note(user_id=viewer.id))
        return self.relationships.fresh(viewer, user_id)
