"""Twitter's archives: `data/tweets.js`, in parts if it is long, and their files."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kwip.domain.clock import to_ms
from kwip.domain.ids import parse_id
from kwip.services.backups.sources.containers import read_json
from kwip.services.backups.sources.items import (
    REPOST,
    ImportedFile,
    ImportedKwip,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kwip.services.backups.sources.containers import Container

#: Its name in all years, and its parts.
PARTS = re.compile(r"(?:.*/)?data/tweets?(?:-part\d+)?\.js")
_MEDIA = re.compile(r"(?:.*/)?data/tweets?_media/(\d+)-[^/]+")
#: Twitter's ids have the milliseconds since this moment, above 22 other bits.
_EPOCH_MS, _OTHER_BITS = 1_288_834_974_657, 22
_TIME = "%a %b %d %H:%M:%S %z %Y"
_LANGUAGE = re.compile(r"[a-z]{2,3}")
#: What stands for no language.
_NONE = frozenset({"und", "qme", "qst", "zxx", "art", "qam", "qct", "qht"})
_WRONG = (LookupError, TypeError, ValueError, AttributeError, OverflowError)


def kwips_in(container: Container, names: Sequence[str]) -> Iterator[ImportedKwip]:
    """Iterate over the tweets of some parts, as they are in the archive.

    Raises:
        InvalidError: A part can't be read.
    """
    files = _files_of(container)
    for name in sorted(names):
        rows = read_json(container, name, "window.YTD")
        for number, row in enumerate(rows if isinstance(rows, list) else (), 1):
            try:
                yield _kwip_in(row.get("tweet", row), files)
            except _WRONG as error:
                yield ImportedKwip(
                    key=f"twitter:{name}:{number}",
                    written_ms=0,
                    text="",
                    left_out=unreadable(number, name, error),
                )


def _files_of(container: Container) -> Mapping[str, list[str]]:
    """Return the names of the files of each tweet."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in container.names():
        match = _MEDIA.fullmatch(name)
        if match:
            found[match[1]].append(name)
    return found


def _kwip_in(tweet: dict[str, Any], files: Mapping[str, list[str]]) -> ImportedKwip:
    tweet_id = str(tweet["id_str"])
    key, text = f"twitter:{tweet_id}", str(tweet.get("full_text", tweet.get("text")))
    written_ms = to_ms(_time(tweet["created_at"]))
    exact_ms = (_EPOCH_MS + (int(tweet_id) >> _OTHER_BITS)) if tweet_id else 0
    if exact_ms // 1_000 == written_ms // 1_000:
        written_ms = exact_ms
    entities = tweet.get("entities") or {}
    media = (tweet.get("extended_entities") or entities).get("media") or ()
    replied = parse_id(str(tweet.get("in_reply_to_status_id_str") or ""))
    language = str(tweet.get("lang") or "")
    is_known = _LANGUAGE.fullmatch(language) and language not in _NONE
    about = [str(each.get("ext_alt_text") or "") for each in media]
    members = files.get(tweet_id, [])
    return ImportedKwip(
        key=key,
        written_ms=written_ms,
        text=_text(text, entities, media),
        is_sensitive=bool(tweet.get("possibly_sensitive")),
        language=language if is_known else None,
        reply_to=f"twitter:{replied}" if replied else None,
        files=tuple(
            ImportedFile(name, about[place] if place < len(about) else "")
            for place, name in enumerate(_in_order(members, media))
        ),
        left_out=REPOST if text.startswith("RT @") else "",
    )


def _time(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, _TIME).astimezone(dt.UTC)


def _in_order(members: list[str], media: Sequence[dict[str, Any]]) -> list[str]:
    """Sort the files of a tweet as it shows them: their names end as the addresses."""
    ends = [str(each.get("media_url_https", "")).rpartition("/")[2] for each in media]

    def place(name: str) -> tuple[int, str]:
        at = (n for n, end in enumerate(ends) if end and name.endswith(end))
        return next(at, len(ends)), name

    return sorted(members, key=place)


def _text(text: str, entities: dict[str, Any], media: Sequence[dict[str, Any]]) -> str:
    """Return the text with full addresses instead of Twitter's short ones."""
    for each in entities.get("urls") or ():
        text = text.replace(str(each["url"]), str(each.get("expanded_url", "")))
    for each in media:
        text = text.replace(str(each["url"]), "")
    return html.unescape(text).strip()
