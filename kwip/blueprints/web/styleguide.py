"""The style guide: every part of the pages in every state, on one page.

The setting `KWIP_STYLEGUIDE` turns it on, for signed-in users. Its content is made
here; nothing is read or written.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN, Form, page
from kwip.blueprints.web.posting.compose_form import Sheet
from kwip.domain.accounts.users import User
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import PostId, UserId
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.views import PostView
from kwip.text.parsing import parse

if TYPE_CHECKING:
    from flask import Response

_WRITTEN_AT = dt.datetime(2026, 3, 14, 9, 26, tzinfo=dt.UTC)
_MARKS = "\u0301\u0302\u0303\u0308\u0330\u0331\u0323\u0325" * 62
_SHORT = "The lamp in the reading room hums in G, if anybody needs a note."
_LONG = (
    "Three things from the market: the good plums are back, the man with the knives "
    "is not, and whoever left a blue glove on the scales may fetch it there.\n\n"
    "There is a map at https://example.org/market/map?day=saturday&stall=17, and the "
    "bridge stays closed until noon. #market"
)
_PREVIEW = LinkPreview(
    url="https://example.org/rye",
    kind=PreviewKind.LINK,
    title="Rye bread, step by step",
    description="It takes two days, and most of that is waiting. " * 4,
    author_name="Ada Baker",
)


def styleguide() -> Response:
    """Show every part of the pages in every state."""
    if not http.site().has_styleguide:
        raise NotFoundError("Page not found.")
    ada, beryl, long, arabic = _people()
    return page(
        "styleguide.html",
        views=_views(ada, beryl, long, arabic),
        people=(ada, beryl, long, arabic),
        sheet=_sheet(ada, _view(1, beryl, _SHORT)),
        form=Form({"name": "Ada"}, {"name": "That username is taken."}),
        refused=Form(problem="Wrong username or password."),
        pages=Page(items=(), next_max_id=PostId(7), prev_min_id=None),
        at=_WRITTEN_AT,
    )


def _people() -> tuple[User, ...]:
    return tuple(
        User(
            id=UserId(number),
            username=username,
            display_name=name,
            avatar=avatar,
        )
        for number, (username, name, avatar) in enumerate(
            (
                ("ada", "Ada Holm", "avatars/hanna.svg"),
                ("beryl", "Beryl", "avatars/june.svg"),
                (
                    "the_longest_name_that_there_is",
                    f"Z{_MARKS}algo Bartholomew Featherstonehaugh-Cholmondeley III",
                    "",
                ),
                ("layla", "ليلى من المكتبة القديمة", "avatars/lucia.svg"),
            ),
            start=1,
        )
    )


def _views(ada: User, beryl: User, long: User, arabic: User) -> dict[str, PostView]:
    """Make a kwip for each state, with a text that says which."""
    plain = _view(1, ada, _SHORT)
    return {
        "Plain, by someone else": plain,
        "Long, with a link, counts and a reply": replace(
            _view(2, beryl, _LONG, replies_count=3, reposts_count=12),
            is_favourited=True,
            is_reposted=True,
            is_bookmarked=True,
        ),
        "Reposted": PostView(
            post=_post(3, beryl, ""), author=beryl, reposted=_view(4, ada, _SHORT)
        ),
        "Behind a warning": _view(5, ada, _LONG, warning="Plums, and a lost glove"),
        "The viewer's own, a reply, edited": replace(
            _view(
                6,
                ada,
                _SHORT,
                in_reply_to_id=PostId(1),
                edited_at=_WRITTEN_AT,
                visibility=Visibility.UNLISTED,
            ),
            is_own=True,
            in_reply_to_username="beryl",
        ),
        "Followers only, muted": replace(
            _view(7, beryl, _SHORT, visibility=Visibility.FOLLOWERS),
            is_author_muted=True,
        ),
        "A long name, 500 combining marks, large numbers": _view(
            8,
            long,
            f"Z{_MARKS}algo says " + "un" * 60 + "broken",
            visibility=Visibility.DIRECT,
            replies_count=12_345,
            reposts_count=9_999,
            favourites_count=123_456,
        ),
        "With the preview of a link": _view(
            10, beryl, "How it is done: https://example.org/rye", preview=_PREVIEW
        ),
        "From right to left": _view(
            9, arabic, "صباح الخير يا @ada، المصباح يعمل.\n\nAnd a line from the left."
        ),
    }


def _view(number: int, author: User, text: str, **more: object) -> PostView:
    return PostView(post=_post(number, author, text, **more), author=author)


def _post(number: int, author: User, text: str, **more: object) -> Post:
    found = parse(text, host=http.site().urls.host)
    post = Post(
        id=PostId(number),
        author_id=author.id,
        text=text,
        visibility=Visibility.PUBLIC,
        created_at=_WRITTEN_AT,
        links=found.links,
        hashtags=found.hashtags,
        root_id=PostId(number),
    )
    return replace(post, **more)  # type: ignore[arg-type]


def _sheet(author: User, parent: PostView) -> Sheet:
    return Sheet(
        author=author,
        parent=parent,
        text=f"@beryl {_LONG * 2}",
        warning="Plums",
        wrong={"text": "Up to 500 characters. This is 61 too many."},
    )


ROUTES = (Route("GET", "/styleguide", styleguide, OWN),)
