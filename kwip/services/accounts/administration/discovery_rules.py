"""Keep hashtags, links and posts out of trends, searches and previews.

Every process remembers all rules, so they cost readers nothing, and a change is
acknowledged when every process follows it: about 2.4 s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action
from kwip.domain.administration.discovery_rules import (
    MAX_RULES,
    PLACES,
    DiscoveryRule,
    RuleKind,
)
from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.ids import parse_id
from kwip.domain.messages import lazy_gettext
from kwip.text.emails import clean_domain
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from collections.abc import Collection

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.administration.discovery_rules import DiscoveryRules, Place
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.coherence.site_memory import SiteMemory
    from kwip.store.administration.discovery_rules import DiscoveryRuleStore

#: Longer addresses are in no post.
_LINK_MAX = 2_000


@dataclass(frozen=True, slots=True)
class DiscoveryChanges:
    """Read and change the rules, by the order of somebody."""

    store: DiscoveryRuleStore
    memory: SiteMemory[DiscoveryRules]
    audit_log: AuditLog

    def current(self) -> DiscoveryRules:
        """Return the rules in force; no I/O, as `Site`."""
        return self.memory.current()

    def hide(
        self, kind: RuleKind, text: str, places: Collection[Place], order: Order
    ) -> DiscoveryRule:
        """Keep something out of some places, and let it be in all others.

        It holds in every process when this returns.

        Raises:
            InvalidError: The name, a place or the reason cannot be used.
            ConflictError: Someone else changed the rules, or there are too many.
        """
        rule = DiscoveryRule(kind, _clean(kind, text), frozenset(places))
        if not rule.hidden_in <= PLACES[kind]:
            raise InvalidError(lazy_gettext("This can't be hidden there."))
        known = self.store.read()
        if known.hidden_in(kind, rule.name) == rule.hidden_in:
            return rule
        same = (kind, rule.name)
        rules = [r for r in known.rules if (r.kind, r.name) != same]
        if rule.hidden_in:
            rules.append(rule)
        if len(rules) > MAX_RULES:
            raise ConflictError(
                lazy_gettext(
                    "A site can have up to %(number)s of these rules.",
                    number=f"{MAX_RULES:,}",
                )
            )
        hidden = ", ".join(sorted(rule.hidden_in)) or "nothing"
        subject = f"#{rule.name}" if kind is RuleKind.TAG else rule.name
        if kind is RuleKind.POST:
            subject = f"kwip {rule.name}"
        entry = self.audit_log.entry(
            order, Action.CHANGE_DISCOVERY, subject, {"hidden_in": hidden}
        )
        self.store.replace(known, rules, entry)
        self.memory.changed()
        return rule


def _clean(kind: RuleKind, text: str) -> str:
    """Return what a rule names, as it is compared.

    Raises:
        InvalidError: It is no such thing.
    """
    if kind is RuleKind.TAG:
        return clean_hashtag(text, field="name")
    if kind is RuleKind.DOMAIN:
        try:
            return clean_domain(text).removeprefix("www.")
        except InvalidError as error:
            raise InvalidError(
                lazy_gettext("That domain can't be used."),
                {"name": lazy_gettext("Enter a domain, such as example.org.")},
            ) from error
    if kind is RuleKind.POST and parse_id(text) is None:
        raise InvalidError(
            lazy_gettext("That isn't a kwip."),
            {"name": lazy_gettext("Enter its number.")},
        )
    is_link = text.startswith(("http://", "https://")) and len(text) <= _LINK_MAX
    if kind is RuleKind.LINK and not is_link:
        raise InvalidError(
            lazy_gettext("That isn't a link."),
            {"name": lazy_gettext("Enter an address with https://.")},
        )
    return text
