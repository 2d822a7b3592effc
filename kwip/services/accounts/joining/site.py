"""The settings of the site: known to every process, changed by administrators.

Each process remembers them, and no request that begins after a change is acknowledged
sees the former settings (`SiteMemory`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.site import SignUpMode, SiteChange, SiteSettings
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.services.coherence.site_memory import SiteMemory
from kwip.text.site import cleaned_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.site import SettingName, Value
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.coherence.fence import Fence
    from kwip.store.accounts.site import SiteStore, StoredSettings
    from kwip.store.accounts.users import SignUpStep, UserStore


@dataclass(kw_only=True, eq=False)
class Site:
    """Return and change the settings.

    Attributes:
        store: Where they are stored.
        users: Who can be named as a contact.
        defaults: What nobody has changed, from the environment.
        fence: Says when they have changed.
        audit_log: Records who changes them.
        ids: For the ids of changes.
        clock: For their times.
        lease_s: How long settings are used without a lease.
        elapsed: Seconds since the machine booted.
    """

    store: SiteStore
    users: UserStore
    defaults: SiteSettings
    fence: Fence
    audit_log: AuditLog
    ids: IdGenerator
    clock: ClockMs
    lease_s: float
    elapsed: Callable[[], float]

    def __post_init__(self) -> None:
        """Begin with the defaults, which are read again at once."""
        self._memory = SiteMemory(
            self.defaults,
            lambda: self._in_force(self.store.read()),
            fence=self.fence,
            lease_s=self.lease_s,
            elapsed=lambda: self.elapsed(),  # noqa: PLW0108 -- tests replace it
        )

    def current(self) -> SiteSettings:
        """Return the settings in force; reads them only if this process must.

        One query after a change. If MongoDB does not answer, those that are known.
        """
        return self._memory.current()

    def change(
        self,
        typed: Mapping[SettingName, str],
        order: Order,
        *,
        version: int | None = None,
    ) -> list[SiteChange]:
        """Change settings, all or none; return what has really changed. About 2.4 s.

        With a `version`, only if they are still those of that version.

        Raises:
            InvalidError: Some cannot be used; `fields` names each. Nothing is stored.
            ConflictError: Someone else changed them meanwhile.
        """
        stored = self.store.read()
        if version is not None and version != stored.version:
            raise ConflictError(
                lazy_gettext(
                    "Someone else changed the settings meanwhile. "
                    "Check them and try again."
                )
            )
        now = self._in_force(stored)
        after = cleaned_settings(typed, now.rules)
        self._require_contact(after.get("contact_username"))
        changed = {
            name: value for name, value in after.items() if getattr(now, name) != value
        }
        return self._store(stored, changed, order)

    def _require_contact(self, username: Value | None) -> None:
        if isinstance(username, str) and username not in {
            "",
            *self.users.ids_of([username]),
        }:
            raise InvalidError(
                lazy_gettext("The settings were not saved."),
                {"contact_username": lazy_gettext("Nobody here has this username.")},
            )

    def undo(self, change_id: int, order: Order) -> list[SiteChange]:
        """Give a setting the value that it had before a change. About 2.4 s.

        Raises:
            NotFoundError: There is no such change.
            ConflictError: The setting was changed again since then.
        """
        change = self.store.find(change_id)
        if change is None:
            raise NotFoundError(
                lazy_gettext("There is no such change."), change_id=change_id
            )
        stored = self.store.read()
        if stored.values.get(change.name) != change.after:
            raise ConflictError(
                lazy_gettext(
                    "This setting was changed again since then. Undo that change first."
                )
            )
        return self._store(stored, {change.name: change.before}, order, change.id)

    def still(self, mode: SignUpMode) -> SignUpStep:
        """Return the step of a sign-up that checks who may join.

        It raises InvalidError if that has changed.
        """

        def check(_: UserId, session: Any) -> None:
            if self._in_force(self.store.read(session)).sign_up is not mode:
                raise InvalidError(
                    lazy_gettext("Who can sign up has just changed. Try again.")
                )

        return check

    def changes(self, limit: int) -> list[SiteChange]:
        """Return the newest changes first."""
        return self.store.newest(limit)

    def _store(
        self,
        stored: StoredSettings,
        values: Mapping[SettingName, Value | None],
        order: Order,
        undoes: int = 0,
    ) -> list[SiteChange]:
        now = at(self.clock())
        made = [
            SiteChange(
                id=self.ids.next_id(self.ids.random_slot()),
                at=now,
                actor=order.actor,
                name=name,
                before=stored.values.get(name),
                after=value,
                undoes=undoes,
            )
            for name, value in values.items()
        ]
        if not made:
            return []
        details = {"settings": ", ".join(change.name for change in made)}
        entry = self.audit_log.entry(order, Action.CHANGE_SITE, "site", details)
        self.store.change(stored, made, entry)
        self._memory.changed()
        return made

    def _in_force(self, stored: StoredSettings) -> SiteSettings:
        known = {field.name for field in fields(SiteSettings)}
        values: dict[str, Any] = {
            name: value for name, value in stored.values.items() if name in known
        }
        if "sign_up" in values:
            values["sign_up"] = SignUpMode(values["sign_up"])
        return replace(
            self.defaults,
            version=stored.version,
            changed_at=stored.changed_at,
            **values,
        )


def shown(value: Value | None) -> str:
    """Write a value as it is typed; nothing for the default."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(rule.text for rule in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
