"""What staff look for among kwips, and the form of what they do to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from kwip.domain.ids import PostId
from kwip.domain.moderation.reports import MAX_POSTS
from kwip.domain.moderation.strikes import Act, Decision
from kwip.domain.timelines.pages import PageRequest
from kwip.schemas.body import BodySchema, Id, Ids, StrictSchema, Text, choice, line

_NAME = re.compile(r"@?([A-Za-z0-9_]{1,30})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class KwipsInput:
    """Words, an author and dates, as typed, and which page."""

    q: str
    author: str
    since: str
    until: str
    page: PageRequest = field(default_factory=PageRequest)

    @property
    def query(self) -> str:
        """What to search for, in the language of search; empty if nothing is asked."""
        name, since, until = (
            _NAME.fullmatch(self.author.strip()),
            _DATE.fullmatch(self.since),
            _DATE.fullmatch(self.until),
        )
        parts = [
            self.q.strip(),
            f"from:{name[1].lower()}" if name else "",
            f"after:{since[0]}" if since else "",
            f"before:{until[0]}" if until else "",
        ]
        return " ".join(filter(None, parts))

    def words(self) -> dict[str, str]:
        """Return the parameters of the page that shows the same."""
        known = {"q": self.q, "author": self.author}
        known |= {"since": self.since, "until": self.until}
        return {name: text for name, text in known.items() if text}


class KwipsQuery(BodySchema[KwipsInput]):
    """The query of the page."""

    q = line(is_required=False)
    author = line(is_required=False)
    since = line(is_required=False)
    until = line(is_required=False)
    max_id = Id(load_default=None)

    def make(self, *, max_id: int | None, **typed: str) -> KwipsInput:
        """Build the value."""
        return KwipsInput(**typed, page=PageRequest(max_id=max_id))


class KwipActsForm(StrictSchema[tuple[KwipsInput, Decision]]):
    """What to do with the chosen kwips, and what was searched for."""

    act = choice(Act.DELETE.value, Act.SENSITIVE.value)
    text = Text(load_default="")
    post_ids = Ids(MAX_POSTS)
    q = line(is_required=False)
    author = line(is_required=False)
    since = line(is_required=False)
    until = line(is_required=False)

    def make(
        self, *, act: str, text: str, post_ids: list[int], **typed: Any
    ) -> tuple[KwipsInput, Decision]:
        """Build both."""
        chosen = tuple(PostId(each) for each in post_ids)
        decision = Decision(act=Act(act), text=text, post_ids=chosen)
        return KwipsInput(**typed), decision
