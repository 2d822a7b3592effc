"""Clean and check polls as their authors write them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.polls import (
    MAX_DURATION_S,
    MAX_OPTIONS,
    MIN_DURATION_S,
    MIN_OPTIONS,
    OPTION_MAX,
)
from kwip.text.cleaning import length_problem, one_line

if TYPE_CHECKING:
    from kwip.domain.posting.polls import NewPoll

_DAY_S = 86_400


def clean_poll(poll: NewPoll, *, has_media: bool) -> NewPoll:
    """Return a poll as it is stored; empty options are left out.

    Raises:
        InvalidError: It cannot be used; `poll` says why.
    """
    lines = (one_line(title, field="poll") for title in poll.titles)
    titles = tuple(title for title in lines if title)
    problem = _options_problem(titles) or _duration_problem(poll.duration_s)
    if has_media and not problem:
        problem = lazy_gettext("Remove the files or the poll: a kwip can't have both.")
    if problem:
        raise InvalidError(
            lazy_gettext("This poll can't be posted."), {"poll": problem}
        )
    return replace(poll, titles=titles)


def _options_problem(titles: tuple[str, ...]) -> str:
    if len(titles) < MIN_OPTIONS:
        return lazy_gettext("Add at least %(limit)s options.", limit=MIN_OPTIONS)
    if len(titles) > MAX_OPTIONS:
        return lazy_gettext("Use up to %(limit)s options.", limit=MAX_OPTIONS)
    for title in titles:
        problem = length_problem(title, max_chars=OPTION_MAX)
        if problem:
            return lazy_gettext(
                "“%(title)s…” is too long. %(problem)s",
                title=title[:OPTION_MAX],
                problem=problem,
            )
    if len(set(titles)) < len(titles):
        return lazy_gettext("Two options are the same. Change or remove one of them.")
    return ""


def _duration_problem(duration_s: int | None) -> str:
    if duration_s is None:
        return ""
    if duration_s < MIN_DURATION_S:
        return lazy_gettext(
            "The poll must be open for at least %(number)s minutes.",
            number=MIN_DURATION_S // 60,
        )
    if duration_s > MAX_DURATION_S:
        return lazy_gettext(
            "The poll can be open for up to %(number)s days.",
            number=MAX_DURATION_S // _DAY_S,
        )
    return ""
