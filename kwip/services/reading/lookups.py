"""Look up what a request names: a user by username, a list of the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.errors import NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import ListId, UserId
    from kwip.domain.timelines.lists import Listing
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader


def find_user_ids(
    entities: Entities, loader: Loader, usernames: Iterable[str]
) -> dict[str, UserId]:
    """Find the ids of users by name, in any letter case, in one round trip."""
    names = {each: each.removeprefix("@").lower() for each in usernames}
    found = loader.load(Lookup(entities.handles, sorted({*names.values()})))[0]
    return {each: found[name] for each, name in names.items() if name in found}


def require_user_id(entities: Entities, loader: Loader, username: str) -> UserId:
    """Get the id of a user by name, in any letter case.

    Raises:
        NotFoundError: There is no such user.
    """
    user_id = find_user_ids(entities, loader, [username]).get(username)
    if user_id is None:
        raise NotFoundError(lazy_gettext("User not found."), username=username[:30])
    return user_id


def require_listing(
    entities: Entities,
    viewer: Viewer,
    loader: Loader,
    list_id: ListId,
    *others: Lookup[Any, Any],
) -> Listing:
    """Get a list for its owner; load `others` in the same round trip.

    Raises:
        NotFoundError: The viewer has no such list.
    """
    mine = (viewer.id, list_id)
    read = loader.load(Lookup(entities.listings, [mine]), *others)[0]
    found: Listing | None = read.get(mine)
    if found is None:
        raise no_such_list(list_id)
    return found


def no_such_list(list_id: ListId) -> NotFoundError:
    """Return the error for a list that does not exist for the viewer."""
    return NotFoundError(lazy_gettext("List not found."), list_id=list_id)
