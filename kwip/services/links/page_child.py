"""Read web pages: `python -m kwip.services.links.page_child`, a child process.

What a parser in C does with a page that was made to break it stays in the child.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kwip.services.media.child.confined import serve
from kwip.text.web_pages import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.services.media.child.confined import Answer


def answer(question: Mapping[str, Any], content: bytes) -> Answer:
    """Return what a page says of itself; the question has its `charset` and `url`."""
    facts = facts_of(content, charset=question["charset"], url=question["url"])
    return asdict(facts), []


if __name__ == "__main__":
    serve(answer)
