"""In which language and time zone somebody gets what no page of theirs asked for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.ids import NOBODY
from kwip.text.dates import written_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.ids import UserId
    from kwip.services.mail.site import Site
    from kwip.store.accounts.users import UserStore


@dataclass(frozen=True, slots=True)
class Recipients:
    """Read how people want to be written to."""

    users: UserStore
    site: Site

    @contextmanager
    def writing_to(self, user_id: UserId, language: str = "") -> Iterator[None]:
        """Write to a user as they have chosen, else in a language, else the site's.

        One query, or none for people without an account.
        """
        found = None
        if user_id != NOBODY:
            found = self.users.get_many([user_id]).get(user_id)
        code = (found.language if found else "") or language or self.site.language
        with written_for(code, found.time_zone if found else ""):
            yield
