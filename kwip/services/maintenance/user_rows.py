"""Read what the archive of a user says, which anybody may have written."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kwip.domain.attachments import (
    DESCRIPTION_MAX,
    Attachment,
    AttachmentFile,
    AttachmentKind,
)
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError
from kwip.domain.ids import AttachmentId, PostId, UserId, ms_of, parse_id, slot_of
from kwip.domain.posts import Draft, Post, QuotePolicy, Visibility
from kwip.domain.timelines.lists import ListChange, RepliesPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.services.maintenance.archive import Archive
    from kwip.services.posting.texts import Texts

#: The nonce of an imported kwip, by which a repeated import knows it, and its source.
IMPORTED = "import"
Row = dict[str, Any]


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
        language=row["language"],
        source=IMPORTED,
    )


def rows_of(archive: Archive, member: str) -> Iterator[Row]:
    """Iterate over a member in JSON Lines.

    Raises:
        InvalidError: A line is no object.
    """
    with archive.reading(member) as stream:
        for number, line in enumerate(stream, 1):
            with reading(member, number):
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
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise InvalidError(f"{member}, line {line} can't be used ({what}).") from error


def names_in(archive: Archive, member: str) -> list[str]:
    """Return the usernames in a member."""
    names = []
    for line, row in enumerate(rows_of(archive, member), 1):
        with reading(member, line):
            names.append(str(row["username"]))
    return names


def list_in(row: Row) -> tuple[ListChange, list[str]]:
    """Return a list, and the usernames of its members."""
    change = ListChange(
        title=str(row["title"]),
        replies_policy=RepliesPolicy(row["replies_policy"]),
        is_exclusive=bool(row["is_exclusive"]),
        is_public=bool(row["is_public"]),
    )
    return change, [str(name) for name in row["members"]]


def read_file(archive: Archive, member: str) -> bytes:
    """Read a file of the archive."""
    with archive.reading(member) as stream:
        return stream.read()


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
    return "\n".join(f"- {each['title']}" for each in poll["options"]) if poll else ""


def _attachment(row: Row, owner_id: UserId, now_ms: int) -> Attachment:
    variants = tuple(row["variants"])
    for variant in variants:
        if AttachmentFile.parse(f"00/{'0' * 32}-{variant}") is None:
            message = f"{variant} is no file of an attachment"
            raise ValueError(message)
    return Attachment(
        id=AttachmentId(id_in(row["id"], now_ms, of=owner_id)),
        kind=AttachmentKind(row["kind"]),
        file="",
        variants=variants,
        width=int(row["width"]),
        height=int(row["height"]),
        small_width=int(row["small_width"]),
        small_height=int(row["small_height"]),
        blurhash=row["blurhash"],
        description=str(row["description"])[:DESCRIPTION_MAX],
        focus_x=float(row["focus_x"]),
        focus_y=float(row["focus_y"]),
        duration_s=None if row["duration_s"] is None else float(row["duration_s"]),
    )
