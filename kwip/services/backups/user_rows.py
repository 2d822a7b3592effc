"""Read what the archive of a user says, which anybody may have written."""

from __future__ import annotations

import datetime as dt
import json
import re
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Protocol

from kwip.domain.clock import at, to_ms
from kwip.domain.errors import InvalidError
from kwip.domain.ids import AttachmentId, PostId, UserId, ms_of, parse_id, slot_of
from kwip.domain.media.attachments import (
    DESCRIPTION_MAX,
    VIDEO_MAX_BYTES,
    Attachment,
    AttachmentFile,
    AttachmentKind,
)
from kwip.domain.posting.posts import (
    IMPORTED,
    Draft,
    Post,
    QuotePolicy,
    ReplyPolicy,
    Visibility,
)
from kwip.domain.social.relationships import MAX_MUTE_S, NOTE_MAX, MuteTerms
from kwip.domain.timelines.lists import ListChange, RepliesPolicy
from kwip.services.backups.sources.items import poll_lines
from kwip.services.social.lists import clean_title
from kwip.text.hashtags import clean_hashtag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from kwip.services.backups.archive import Archive
    from kwip.services.posting.texts import Texts

Row = dict[str, Any]
#: The longest kwip has 50 earlier versions; no file is larger than an uploaded video.
_LINE_MAX, _FILE_MAX = 4_000_000, 2 * VIDEO_MAX_BYTES
_PIXELS_MAX, _DURATION_MAX_S = 100_000, 86_400
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
#: What a value of another type or form raises, and one that is nested too deeply.
_WRONG = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class Members(Protocol):
    """What rows are read from."""

    def reading(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Open a member.

        Raises:
            InvalidError: It is damaged.
        """


def post_in(row: Row, author_id: UserId, texts: Texts, now_ms: int) -> Post | str:
    """Return a kwip as it is to be stored, or why it is left out.

    A mention could be of somebody else here, who could then read a private kwip, so
    names stay plain text. Polls become text, because nobody's vote is known.
    """
    post_id = PostId(id_in(row["id"], now_ms, of=author_id))
    if row["repost_of_id"] is not None:
        return "reposts are left out"
    media = tuple(_attachment(each, author_id, now_ms) for each in row["media"])
    draft = Draft(
        text="\n\n".join(filter(None, (row["text"], _options(row["poll"])))),
        warning=row["warning"],
        is_sensitive=bool(row["is_sensitive"]),
        attachment_ids=tuple(each.id for each in media),
        quote_of_id=_other_id(row["quote_of_id"]),
    )
    try:
        clean = texts.clean(draft)
    except InvalidError as error:
        return " ".join(error.fields.values()) or error.message
    found = texts.parse(clean.text)
    return Post(
        id=post_id,
        author_id=author_id,
        text=clean.text,
        warning=clean.warning,
        is_sensitive=clean.is_sensitive,
        visibility=Visibility(row["visibility"]),
        created_at=at(ms_of(post_id)),
        links=found.links,
        hashtags=found.hashtags,
        media=media,
        root_id=post_id,
        in_reply_to_id=_other_id(row["in_reply_to_id"]),
        quote_of_id=clean.quote_of_id,
        quote_policy=QuotePolicy(row["quote_policy"]),
        reply_policy=ReplyPolicy(row.get("reply_policy", "public")),
        language=_language(row),
        source=IMPORTED,
    )


def rows_of(archive: Members, member: str) -> Iterator[Row]:
    """Iterate over a member in JSON Lines.

    Raises:
        InvalidError: A line is no object.
    """
    with archive.reading(member) as stream:
        lines = iter(partial(stream.readline, _LINE_MAX), b"")
        for number, line in enumerate(lines, 1):
            with reading(member, number):
                if len(line) == _LINE_MAX:
                    message = "it is too long"
                    raise ValueError(message)
                row = json.loads(line)
                if not isinstance(row, dict):
                    message = "it is no object"
                    raise TypeError(message)
            yield row


@contextmanager
def reading(member: str, line: int) -> Iterator[None]:
    """Raise an error that names the line, for what no export writes."""
    try:
        yield
    except InvalidError as error:
        if not error.fields:  # it names a place already
            raise
        what = "; ".join(f"{name}: {text}" for name, text in error.fields.items())
        raise InvalidError(f"{member}, line {line} can't be used ({what}).") from error
    except _WRONG as error:
        what = f"{type(error).__name__}: {error}"
        raise InvalidError(f"{member}, line {line} can't be used ({what}).") from error


def names_in(archive: Members, member: str) -> list[str]:
    """Return the usernames in a member."""
    names = []
    for line, row in enumerate(rows_of(archive, member), 1):
        with reading(member, line):
            names.append(text_in(row["username"]))
    return names


def mutes_in(archive: Members, member: str, now_ms: int) -> dict[str, MuteTerms]:
    """Return the mutes in a member that are not over, by username."""
    found = {}
    for line, row in enumerate(rows_of(archive, member), 1):
        with reading(member, line):
            ends_at = row.get("ends_at")
            ends_ms = to_ms(dt.datetime.fromisoformat(ends_at)) if ends_at else 0
            left_s = (ends_ms - now_ms) // 1_000 if ends_ms else 0
            if ends_ms and not 0 < left_s <= MAX_MUTE_S:
                continue
            is_quiet = bool(row.get("hides_notifications", True))
            found[text_in(row["username"])] = MuteTerms(left_s, is_quiet)
    return found


def notes_in(archive: Members, member: str) -> dict[str, str]:
    """Return the notes in a member, by username."""
    notes = {}
    for line, row in enumerate(rows_of(archive, member), 1):
        with reading(member, line):
            notes[text_in(row["username"])] = text_in(row["note"])[:NOTE_MAX]
    return notes


def tags_in(archive: Members, member: str) -> list[str]:
    """Return the hashtags in a member as they are stored.

    Raises:
        InvalidError: One is no hashtag.
    """
    tags = []
    for line, row in enumerate(rows_of(archive, member), 1):
        with reading(member, line):
            tags.append(clean_hashtag(text_in(row["name"])))
    return tags


def lists_in(archive: Members, member: str) -> Iterator[tuple[ListChange, list[str]]]:
    """Iterate over the lists in a member.

    Raises:
        InvalidError: A title is missing or too long.
    """
    for line, row in enumerate(rows_of(archive, member), 1):
        with reading(member, line):
            found = list_in(row)
        yield found


def list_in(row: Row) -> tuple[ListChange, list[str]]:
    """Return a list, and the usernames of its members.

    Raises:
        InvalidError: The title is missing or too long.
    """
    change = ListChange(
        title=clean_title(text_in(row["title"])),
        replies_policy=RepliesPolicy(row["replies_policy"]),
        is_exclusive=bool(row["is_exclusive"]),
        is_public=bool(row["is_public"]),
    )
    return change, [text_in(name) for name in row["members"]]


def read_file(archive: Archive, member: str) -> bytes:
    """Read a file of the archive.

    Raises:
        InvalidError: It is damaged, or larger than any file of Kwip.
    """
    with archive.reading(member) as stream:
        content = stream.read(_FILE_MAX + 1)
    if len(content) > _FILE_MAX:
        raise InvalidError(f"{member} is larger than any file of Kwip.")
    return content


def id_in(text: str, now_ms: int, *, of: UserId | None = None) -> int:
    """Read an id that was drawn in the past, in the slot of a user."""
    found = parse_id(text)
    if found is None or not 0 < ms_of(found) <= now_ms:
        message = f"{text} is no id of the past"
        raise ValueError(message)
    if of is not None and slot_of(found) != slot_of(of):
        message = f"{text} is no id of this user's"
        raise ValueError(message)
    return found


def _other_id(text: str | None) -> PostId | None:
    found = None if text is None else parse_id(text)
    return None if found is None else PostId(found)


def _options(poll: Row | None) -> str:
    options = poll["options"] if poll else ()
    return poll_lines((each["title"], each.get("votes", 0)) for each in options)


def _attachment(row: Row, owner_id: UserId, now_ms: int) -> Attachment:
    variants = tuple(row["variants"])
    for variant in variants:
        if AttachmentFile.parse(f"00/{'0' * 32}-{variant}") is None:
            message = f"{variant} is no file of an attachment"
            raise ValueError(message)
    duration = row["duration_s"]
    return Attachment(
        id=AttachmentId(id_in(row["id"], now_ms, of=owner_id)),
        kind=AttachmentKind(row["kind"]),
        file="",
        variants=variants,
        width=_pixels(row["width"]),
        height=_pixels(row["height"]),
        small_width=_pixels(row["small_width"]),
        small_height=_pixels(row["small_height"]),
        blurhash=None if row["blurhash"] is None else text_in(row["blurhash"]),
        description=text_in(row["description"])[:DESCRIPTION_MAX],
        focus_x=_between(row["focus_x"], -1, 1),
        focus_y=_between(row["focus_y"], -1, 1),
        duration_s=duration and _between(duration, 0, _DURATION_MAX_S),
    )


def _language(row: Row) -> str | None:
    language = row["language"]
    if language is not None and not _LANGUAGE.fullmatch(language):
        message = f"{language} is no language code"
        raise ValueError(message)
    return None if language is None else str(language)


def text_in(value: object) -> str:
    """Return a text that can be stored.

    Raises:
        ValueError: It can't.
    """
    text = str(value)
    text.encode()  # a half of a surrogate pair can't be stored
    return text


def _pixels(value: object) -> int:
    return int(_between(value, 0, _PIXELS_MAX))


def _between(value: Any, least: float, most: float) -> float:
    number = float(value)
    if not least <= number <= most:
        message = f"{number} is not from {least} to {most}"
        raise ValueError(message)
    return number
