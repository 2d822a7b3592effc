"""Read feeds: `python -m kwip.services.backups.blogs.feed_child`, a child process.

What a feed that was made to break its parser does stays in the child.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.services.media.child.confined import serve
from kwip.text.blogs import read_feed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.services.media.child.confined import Answer


def answer(question: Mapping[str, Any], content: bytes) -> Answer:
    """Return what is in a feed; the question has its `media_type` and `url`."""
    kind, url = question["media_type"], question["url"]
    return read_feed(content, media_type=kind, url=url), []


if __name__ == "__main__":
    serve(answer)
