"""The code that puts a widget on another page, as docs/widgets.md explains it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from markupsafe import Markup

from kwip.schemas.timelines.feed_formats import FORMATS
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from kwip.schemas.timelines.builder import WidgetChoice
    from kwip.schemas.urls import Urls

_SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox"
#: The height of a frame, in pixels: of one kwip, and of several.
_LOW, _HIGH = 300, 600
_SCRIPT = """\
<ul id="kwips"></ul>
<script type="module">
  const answer = await fetch("%s");
  const { posts } = await answer.json();
  document.querySelector("#kwips").innerHTML =
    posts.filter((post) => !post.warning)
      .map((post) => `<li>${post.html}</li>`).join("");
</script>"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a widget shows: `name` as widgets address it, its page, and its title.

    `sites` are those that alone may frame it, if its owner has named some.
    `invitation` are the words of a link to the page, if they are others than the title.
    `hints` are what the owner of a widget should know.
    """

    name: str
    page: str
    title: str
    sites: tuple[str, ...] = ()
    invitation: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WidgetCode:
    """The `text` to copy, and what shows it here.

    That is `shown` (`Markup`, in which all is escaped), with a `frame` in its place
    where scripts don't run; or only the page of a `frame`; or `source`, the address of
    something that is no page. The others are empty. `sites` are those that alone may
    show a frame.
    """

    text: str
    shown: str = ""
    frame: str = ""
    source: str = ""
    sites: tuple[str, ...] = ()


def code_of(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    """Return the code of a widget."""
    return _MAKERS[choice.way](choice, subject, urls)


def _element(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    tag, name = _ELEMENTS[choice.kind]
    value = subject.page if name in {"href", "thread"} else subject.name
    attributes = {name: value} | choice.parameters
    written = Markup("").join(_attribute(*each) for each in attributes.items())
    shown = Markup('<{tag}{written}>\n  <a href="{page}">{title}</a>\n</{tag}>').format(
        tag=tag,
        written=written,
        page=subject.page,
        title=subject.invitation or subject.title,
    )
    script = f'<script type="module" src="{urls.origin}/widgets/v1/kwip.js"></script>'
    frame = _frame_path(_framed(choice), subject) if "frame" in choice.ways else ""
    return WidgetCode(f"{script}\n\n{shown}", shown=shown, frame=frame)


def _framed(choice: WidgetChoice) -> WidgetChoice:
    """Return the frame that shows what an element does."""
    has_replies = choice.options.get("replies") != "false"
    replies = {"replies": "true" if has_replies else ""}
    return replace(choice, way="frame", options={**choice.options, **replies})


def _attribute(name: str, value: str) -> Markup:
    if name in {"approved", "public"}:
        return Markup(" {}").format(name)
    return Markup(' {}="{}"').format(name, value)


def _frame(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    path = _frame_path(choice, subject)
    height = _LOW if choice.kind == "post" else _HIGH
    text = frame_code(urls.origin + path, subject.title, height)
    return WidgetCode(str(text), frame=path, sites=subject.sites)


def _frame_path(choice: WidgetChoice, subject: Subject) -> str:
    return f"/embed/{_path(choice, subject)}{_query(choice.parameters)}"


def frame_code(address: str, title: str, height: int = _LOW) -> Markup:
    """Return the code of a frame, which is as high as one kwip unless you say."""
    return Markup(
        '<iframe src="{}" title="{}"\n'
        '  width="100%" height="{}" loading="lazy"'
        ' style="border: 0; max-width: 600px"\n'
        '  sandbox="{}"></iframe>'
    ).format(address, title, height, _SANDBOX)


def _json(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    options = choice.parameters
    path = _path(choice, subject)
    if choice.kind == "search":
        options = {"q": subject.name} | options
    if options.pop("approved", ""):
        options["replies"] = "approved"
    source = f"{urls.origin}/api/widgets/v1/{path}{_query(options)}"
    return WidgetCode(_SCRIPT % source, source=source)


def _path(choice: WidgetChoice, subject: Subject) -> str:
    """Return where JSON and frames have it, below their own beginnings."""
    if choice.kind in {"public", "search"}:
        return choice.kind
    name = quote(subject.name, safe="")
    if choice.kind == "favourites":
        return f"user/{name}/favourites"
    return f"{choice.kind}/{name}"


def _feed(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    options = choice.parameters
    ending = options.pop("format", "atom")
    pages = {
        "public": "/public",
        "list": f"/lists/{subject.name}",
        "favourites": f"/@{subject.name}/favourites",
    }
    page = subject.page
    if choice.kind in pages:
        page = urls.origin + pages[choice.kind]
    if choice.kind == "search":
        page, options = f"{urls.origin}/search", {"q": subject.name} | options
    has_replies, has_media = options.pop("replies", ""), options.pop("media", "")
    part = "/media" if has_media else "/with-replies" if has_replies else ""
    source = f"{page}{part}.{ending}{_query(options)}"
    text = Markup('<link rel="alternate" type="{}" title="{}" href="{}">').format(
        FORMATS[ending].media_type, subject.title, source
    )
    return WidgetCode(str(text), source=source)


def _badge(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    options = {"show": "followers"} | choice.parameters
    shown = Markup('<a href="{}"><img src="{}" alt="{}"></a>').format(
        f"{urls.origin}/follow?name={subject.name}",
        f"{urls.origin}/badge/{subject.name}.svg{_query(options)}",
        gettext("Follow @%(name)s on Kwip", name=subject.name),
    )
    text = str(shown).replace("></a>", ' style="max-width: 100%"></a>')
    return WidgetCode(text, shown=shown)


def _query(options: dict[str, str]) -> str:
    return f"?{urlencode(options, quote_via=quote)}" if options else ""


_ELEMENTS = {
    "user": ("kwip-timeline", "user"),
    "favourites": ("kwip-timeline", "favourites"),
    "public": ("kwip-timeline", "public"),
    "tag": ("kwip-timeline", "tag"),
    "list": ("kwip-timeline", "list"),
    "search": ("kwip-timeline", "search"),
    "post": ("kwip-post", "href"),
    "thread": ("kwip-comments", "thread"),
    "profile": ("kwip-badge", "user"),
}
_MAKERS = {
    "element": _element,
    "frame": _frame,
    "json": _json,
    "feed": _feed,
    "badge": _badge,
}
