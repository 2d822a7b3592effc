"""What staff keep out of trends, of searches, and of link previews."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Rules of a site, at most.
MAX_RULES = 2_000


class RuleKind(StrEnum):
    """What a rule is about; a domain stands for its subdomains, too."""

    TAG = "tag"
    LINK = "link"
    DOMAIN = "domain"
    POST = "post"


class Place(StrEnum):
    """Where something is not shown."""

    TRENDS = "trends"
    SEARCH = "search"
    PREVIEWS = "previews"


#: The places that each kind can be kept out of.
PLACES = {
    RuleKind.TAG: frozenset({Place.TRENDS, Place.SEARCH}),
    RuleKind.LINK: frozenset({Place.TRENDS}),
    RuleKind.DOMAIN: frozenset({Place.TRENDS, Place.PREVIEWS}),
    RuleKind.POST: frozenset({Place.TRENDS}),
}


@dataclass(frozen=True, slots=True)
class DiscoveryRule:
    """Where a hashtag (its folded name), link, domain or post (its id) is not shown."""

    kind: RuleKind
    name: str
    hidden_in: frozenset[Place]


@dataclass(frozen=True, slots=True)
class DiscoveryRules:
    """All rules; what none of them names may be shown everywhere."""

    version: int = 0
    rules: tuple[DiscoveryRule, ...] = ()
    _places: dict[tuple[RuleKind, str], frozenset[Place]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(cls, version: int, rules: Iterable[DiscoveryRule]) -> DiscoveryRules:
        """Make them from single ones."""
        every = tuple(rules)
        return cls(version, every, {(r.kind, r.name): r.hidden_in for r in every})

    def hidden_in(self, kind: RuleKind, name: str) -> frozenset[Place]:
        """Return where something is not shown by a rule of its own."""
        return self._places.get((kind, name), frozenset())

    def tag_may(self, place: Place, name: str) -> bool:
        """Return whether a hashtag may be in trends or searches.

        What cannot be found does not trend either.
        """
        hidden = self.hidden_in(RuleKind.TAG, name)
        return place not in hidden and Place.SEARCH not in hidden

    def post_may_trend(self, post_id: int) -> bool:
        """Return whether a post may be in trends."""
        return not self.hidden_in(RuleKind.POST, str(post_id))

    def link_may(self, place: Place, url: str) -> bool:
        """Return whether a link may be in trends, or have a preview."""
        if not self.rules:
            return True
        if place in self.hidden_in(RuleKind.LINK, url):
            return False
        return not any(
            place in self.hidden_in(RuleKind.DOMAIN, domain) for domain in _domains(url)
        )


NO_RULES = DiscoveryRules()


def _domains(url: str) -> Iterator[str]:
    """Give the host of an address, and all domains above it."""
    try:
        labels = (urlsplit(url).hostname or "").split(".")
    except ValueError:
        return
    for place in range(len(labels)):
        yield ".".join(labels[place:])
