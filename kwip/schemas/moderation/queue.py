"""The moderators' queue: which reports to list, and the forms of a report's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from kwip.domain.ids import PostId
from kwip.domain.moderation.reports import MAX_POSTS, Category
from kwip.domain.moderation.strikes import Act, Decision
from kwip.schemas.body import BodySchema, Id, Ids, StrictSchema, Text, choice
from kwip.text.translation import lazy_gettext

#: The lists of reports that have a tab.
OPEN, MINE, RESOLVED = "open", "mine", "resolved"
_UNKNOWN = lazy_gettext("Must be one of: {choices}.")


@dataclass(frozen=True, slots=True)
class QueueInput:
    """Which reports to list."""

    which: str
    category: Category | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a report whose version the moderator saw."""

    version: int


class QueueQuery(BodySchema[QueueInput]):
    """The tab and the category of the queue."""

    show = fields.String(
        load_default=OPEN,
        validate=validate.OneOf((OPEN, MINE, RESOLVED), error=_UNKNOWN),
    )
    category = fields.String(
        load_default=None,
        validate=validate.OneOf(
            ["", *(each.value for each in Category)], error=_UNKNOWN
        ),
    )

    def make(self, *, show: str, category: str | None) -> QueueInput:
        """Build it; an empty category is any."""
        return QueueInput(show, Category(category) if category else None)


class DecisionForm(StrictSchema[Decision]):
    """What to do: one of the buttons, with the explanation and the chosen kwips.

    A click on a button without an act, such as "Assign to me", sends the same fields.
    """

    act = choice(*(act.value for act in Act))
    text = Text(load_default="")
    post_ids = Ids(2 * MAX_POSTS)
    version = Id(required=True)
    keeps_open = fields.Boolean(load_default=False)

    def make(
        self,
        *,
        act: str,
        text: str,
        post_ids: list[int],
        version: int,
        keeps_open: bool,
    ) -> Decision:
        """Build the decision."""
        return Decision(
            act=Act(act),
            text=text,
            post_ids=tuple(PostId(each) for each in post_ids),
            version=version,
            resolves=not keeps_open,
        )


class ChangeForm(DecisionForm):
    """A change of the report itself; the fields of a decision are not read."""

    act = fields.String(load_default="")

    def make(self, *, version: int, **_: Any) -> Change:  # type: ignore[override]
        """Build the change."""
        return Change(version)


class NoteForm(StrictSchema[str]):
    """A note about a report."""

    note = Text(load_default="")

    def make(self, *, note: str) -> str:
        """Return it."""
        return note


class AnswerForm(StrictSchema[str]):
    """The answer to an appeal."""

    text = Text(load_default="")

    def make(self, *, text: str) -> str:
        """Return it."""
        return text
