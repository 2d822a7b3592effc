"""The pages of an archive, which show it in a browser without Kwip.

They are plain HTML with relative links, and load nothing from elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import kwip
from kwip.domain.media.media import is_picture_name
from kwip.text import dates
from kwip.text.translation import direction, gettext_markup, language

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.accounts.users import User
    from kwip.domain.posting.posts import Post
    from kwip.services.backups.archive import ArchiveWriter

INDEX = "index.html"
#: The kwips of one page: browsers show so many at once.
_PAGE = 500
_TEMPLATES = Path(kwip.__file__).parent / "templates"


def file_in(attachment_id: int, variant: str) -> str:
    """Return the name of an attachment's file in an archive."""
    return f"media/{attachment_id}-{variant}"


def picture_in(field: str) -> str:
    """Return the name of an avatar or a banner in an archive."""
    return f"media/{field}.webp"


class OfflinePages:
    """Writes the pages while kwips are added, the oldest first.

    A page has up to 500 kwips; the last one, which lists the others, is the index.
    """

    def __init__(self, archive: ArchiveWriter, user: User):
        self._archive, self._user = archive, user
        self._posts: list[Post] = []
        self._months: list[tuple[str, str, str]] = []
        self._template = _environment().get_template("archive.html")

    def add(self, post: Post) -> None:
        """Add a kwip."""
        self._posts.append(post)
        if len(self._posts) == _PAGE:
            self._write_posts()

    def close(self) -> None:
        """Write what is left, and the index."""
        if self._posts:
            self._write_posts()
        self._write(INDEX, [])

    def _write_posts(self) -> None:
        posts, self._posts = self._posts, []
        name = f"kwips-{len(self._months) + 1:04}.html"
        first, last = (dates.day(p.created_at) for p in (posts[0], posts[-1]))
        self._months.append((name, first, last))
        self._write(name, posts[::-1])

    def _write(self, name: str, posts: list[Post]) -> None:
        user = self._user
        pictures = {
            field: picture_in(field)
            for field in ("avatar", "banner")
            if getattr(user, field) and is_picture_name(getattr(user, field))
        }
        text = self._template.render(
            user=user,
            pictures=pictures,
            pages=self._months[::-1],
            posts=posts,
            file_in=file_in,
            pieces=pieces,
            is_index=name == INDEX,
        )
        with self._archive.member(name) as member:
            member.write(text.encode("utf-8", "replace"))
            member.count = len(posts)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
    )
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.filters.update(day=dates.day, time=dates.time)
    made.globals.update(
        _=gettext_markup,
        gettext=gettext_markup,
        language=language,
        direction=direction,
    )
    return made


def pieces(post: Post) -> Iterator[tuple[str, str | None]]:
    """Split the text of a kwip into parts, each with the address that it links to."""
    at = 0
    for link in sorted(post.links, key=lambda each: each.start):
        yield post.text[at : link.start], None
        yield post.text[link.start : link.end], link.url
        at = link.end
    yield post.text[at:], None
