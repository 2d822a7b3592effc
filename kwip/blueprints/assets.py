"""The stylesheets, scripts and pictures of the pages, as browsers get them.

They are read once at start: sources are joined into bundles, bundles are minified, and
everything is compressed and named by its content, so that a browser that has a file
never asks for it again. It needs no tool but Python.
"""

from __future__ import annotations

import gzip
import json
import mimetypes
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b, sha384
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from rcssmin import cssmin
from rjsmin import jsmin

from kwip.blueprints import script_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

#: Where the sources are; Flask serves them unchanged below `/static`.
FOLDER = Path(__file__).parents[1] / "static"
#: The sources of each bundle, in order. A new source file is added here. A style sheet
#: among scripts becomes a constant of theirs, STYLE.
BUNDLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "kwip.css": (
            *(
                "tokens.css",
                "base.css",
                "page.css",
                "folded.css",
                "posts.css",
                "quotes.css",
                "media.css",
                "attached.css",
                "polls.css",
                "previews.css",
            ),
            *("people.css", "forms.css", "lightbox.css", "live.css", "search.css"),
            *("emojis.css", "explore.css", "builder.css", "announcements.css"),
        ),
        "admin.css": ("admin.css",),
        "site.css": ("site.css",),
        "statistics.css": ("statistics.css",),
        "toolbar.css": ("toolbar.css",),
        "embed.css": (
            *("tokens.css", "base.css", "folded.css", "media.css"),
            *("embed/embed.css", "polls.css", "previews.css"),
        ),
        "frame.js": ("embed/frame.js",),
        "builder.js": ("builder.js",),
        "passkeys.js": ("texts.js", "translation.js", "passkeys.js"),
        "push.js": ("texts.js", "translation.js", "push.js"),
        "service_worker.js": ("service_worker.js",),
        "kwip.js": (
            *(
                "texts.js",
                "translation.js",
                "kwip.js",
                "acts.js",
                "sharing.js",
                "elements.js",
            ),
            *("uploads.js", "compose_media.js", "quoting.js", "write.js"),
            *("replies.js", "cards.js", "keys.js", "live.js", "open.js", "more.js"),
            *(
                "completion.js",
                "emoji_picker.js",
                "visits.js",
                "parts.js",
                "lightbox.js",
                "blurhash.js",
                "playing.js",
                "polls.js",
                "drops.js",
                "zone.js",
            ),
        ),
        "widgets/embed.js": ("embed/embed.js",),
        "widgets/kwip.js": (
            *("widgets/translation.js", "widgets/style.css", "widgets/parts.js"),
            *("widgets/feed.js", "widgets/post.js", "widgets/elements.js"),
        ),
    }
)

#: The bundles whose texts are translated.
_TRANSLATED = tuple(name for name, of in BUNDLES.items() if "translation.js" in of)
#: Files that are always here: browsers refuse `<use>` of another origin, and the
#: scripts for other sites learn from their own address where the site is.
_OWN = ("icons.svg", "widgets/")
#: What jsmin leaves of the way in which we write scripts: commas and semicolons before
#: a bracket, and line breaks after one. No statement of ours lacks its semicolon.
_LEFT = re.compile(r",(?=[)\]}])|;(?=})|(?<=})\n")


def _script(text: str) -> str:
    """Minify a script; it renames nothing."""
    return _LEFT.sub("", jsmin(text))


_MINIFIERS: Mapping[str, Callable[[str], str]] = {".css": cssmin, ".js": _script}
#: 40 bits: two contents of the same name never collide in practice.
_DIGEST_BYTES = 5
_TEXT = "charset=utf-8"
#: Below this size compression saves no packet.
_WORTH_BYTES = 512


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; `gzipped` is None if compression would save nothing."""

    content: bytes
    gzipped: bytes | None
    content_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files: `names` maps a source or bundle to the name it is served under.

    `url` is where else browsers find them, for example at a CDN; empty for nowhere.
    """

    names: Mapping[str, str]
    files: Mapping[str, Asset]
    url: str = ""

    def address(self, name: str) -> str:
        """Return the address of a file, for templates; here it is a path.

        Raises:
            KeyError: There is no such file.
        """
        base = "" if name.startswith(_OWN) else self.url
        return f"{base or '/assets'}/{self.names[name]}"

    def integrity(self, name: str) -> str:
        """Return the value of `integrity` for a file, which other sites may state.

        Raises:
            KeyError: There is no such file.
        """
        digest = sha384(self.files[self.names[name]].content).digest()
        return f"sha384-{b64encode(digest).decode()}"


#: For an app without pages.
NO_ASSETS = Assets({}, {})


@cache
def load() -> Assets:
    """Read and prepare every file; about 30 ms, once per process."""
    names, files = {}, {}
    for name, content in _contents():
        served = _fingerprinted(name, content)
        names[name] = served
        files[served] = _asset(name, content)
    return Assets(MappingProxyType(names), MappingProxyType(files))


@cache
def texts_of_widgets(code: str) -> Mapping[str, object]:
    """Return the texts of web components in a language; none in English."""
    return script_texts.of_widgets(code, _scripts(["widgets/kwip.js"]))


def _contents() -> Iterator[tuple[str, bytes]]:
    """Iterate the texts of scripts, the bundles, and all files that are in none."""
    for name, text in script_texts.files(_scripts(_TRANSLATED)):
        yield name, text.encode()
    for name, sources in BUNDLES.items():
        kind = PurePosixPath(name).suffix
        texts = [_source(source, kind) for source in sources]
        yield name, _MINIFIERS[kind]("\n".join(texts)).encode()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix not in _MINIFIERS:
            yield path.relative_to(FOLDER).as_posix(), path.read_bytes()


def _scripts(bundles: Collection[str]) -> str:
    """Return the scripts of bundles."""
    sources = {source for name in bundles for source in BUNDLES[name]}
    scripts = sorted(source for source in sources if source.endswith(".js"))
    return "\n".join(_source(source, ".js") for source in scripts)


def _source(name: str, kind: str) -> str:
    text = (FOLDER / name).read_text("utf-8")
    if kind == ".js" and name.endswith(".css"):
        return f"const STYLE = {json.dumps(cssmin(text))};"
    return text


def _fingerprinted(name: str, content: bytes) -> str:
    path = PurePosixPath(name)
    digest = blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()
    return str(path.with_name(f"{path.stem}.{digest}{path.suffix}"))


def _asset(name: str, content: bytes) -> Asset:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = kind.startswith("text/") or kind.endswith(("javascript", "xml"))
    gzipped = gzip.compress(content, mtime=0) if len(content) >= _WORTH_BYTES else None
    if gzipped is not None and len(gzipped) >= len(content):
        gzipped = None
    return Asset(content, gzipped, f"{kind}; {_TEXT}" if is_text else kind)
