"""The code that puts a widget on another page, as docs/widgets.md explains it."""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    name: str
    page: str
    title: str
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WidgetCode:
    """The `text` to copy, and what shows it here.

    That is `shown` (`Markup`, in which all is escaped), or the page of a frame, or the
    address of something that is no page; the others are empty. `sites` are those that
    alone may show a frame.
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
        tag=tag, written=written, page=subject.page, title=subject.title
    )
    script = f'<script type="module" src="{urls.origin}/widgets/v1/kwip.js"></script>'
    return WidgetCode(f"{script}\n\n{shown}", shown=shown)


def _attribute(name: str, value: str) -> Markup:
    if name in {"approved", "public"}:
        return Markup(" {}").format(name)
    return Markup(' {}="{}"').format(name, value)


def _frame(choice: WidgetChoice, subject: Subject, urls: Urls) -> WidgetCode:
    path = f"/embed/{_path(choice, subject)}{_query(choice.parameters)}"
    height = _LOW if choice.kind == "post" else _HIGH
    text = Markup(
        '<iframe src="{}" title="{}"\n'
        '  width="100%" height="{}" loading="lazy"'
        ' style="border: 0; max-width: 600px"\n'
        '  sandbox="{}"></iframe>'
    ).format(urls.origin + path, subject.title, height, _SANDBOX)
    return WidgetCode(str(text), frame=path, sites=subject.sites)


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
