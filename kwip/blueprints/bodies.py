"""Read the body of a request in every format that clients send.

JSON, urlencoded and multipart, also forms without a Content-Type, with Rails' nesting
(`id[]=1&id[]=2`, `source[privacy]=public`, `fields[][name]=a&fields[][name]=b`).
"""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NoReturn
from urllib.parse import parse_qsl

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from kwip.domain.errors import StorageFullError
from kwip.domain.text import has_controls
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Buffer
    from werkzeug.datastructures import MultiDict

#: Enough for the longest post with every character percent-encoded.
MAX_BODY_BYTES = 256 * 1024
#: How much more is read in order to answer that it is too large: any photo.
READ_PAST_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
MAX_FIELDS = 500
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){0,4})")
#: Content types in which an ampersand does not separate fields.
_UNCOUNTED = frozenset({"multipart/form-data", "application/json"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_SHOWN_CHARS = 40
#: What gunicorn raises when a body ends early or a chunk is malformed.
_UNREADABLE = (OSError, ParseException)


class KwipRequest(Request):
    """A request whose files can be read without storing them anywhere."""

    keeps_files = True

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return what a file is written to; Werkzeug's documented hook."""
        if not self.keeps_files:
            return _Discarded()
        return super()._get_file_stream(
            total_content_length, content_type, filename, content_length
        )


class _Discarded(io.BytesIO):
    """A file that stays empty, whatever is written to it."""

    def write(self, content: Buffer, /) -> int:
        """Forget it."""
        return memoryview(content).nbytes


class MalformedError(BadRequest):
    """The request cannot be read; unlike Werkzeug's, the description is shown."""


def refuse_controls(pairs: Iterable[tuple[str, str]]) -> None:
    """Reject control characters, other than white space, in names and values.

    Raises:
        MalformedError: Names the first parameter that has one.
    """
    for name, value in pairs:
        if has_controls(name):
            raise MalformedError(
                gettext("A parameter's name contains characters we can't store.")
            )
        if has_controls(value):
            raise MalformedError(
                gettext(
                    "“%(name)s” contains characters we can't store.",
                    name=name[:_SHOWN_CHARS],
                )
            )


def require_whole(request: Request) -> None:
    """Read the body, and reject one that was cut off or garbled on its way.

    gunicorn ends a body when the connection ends: half a form would look like a whole
    one with a shorter text.

    Raises:
        MalformedError: It is shorter than its Content-Length, or a chunk is malformed.
        RequestEntityTooLarge: It is longer than the route allows, or a form with more
            than `MAX_FIELDS` fields (Werkzeug only counts those of multipart).
    """
    try:
        body = _body_of(request)
    except RequestEntityTooLarge:
        _read_past(request)
        raise
    except _UNREADABLE as error:
        raise MalformedError(gettext("The request body could not be read.")) from error
    if request.mimetype not in _UNCOUNTED and body.count(b"&") >= MAX_FIELDS:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise MalformedError(gettext("The request was cut off. Send it again."))


def _body_of(request: Request) -> bytes:
    """Read the body; one without a Content-Length is cut at the limit."""
    body = request.get_data()
    if request.content_length is None and len(body) == request.max_content_length:
        raise RequestEntityTooLarge
    return body


def require_whole_files(request: Request) -> None:
    """Read a form with files, large ones to disk, with the same checks.

    Raises:
        MalformedError: It is shorter than its Content-Length, or malformed.
        RequestEntityTooLarge: It is longer than the route allows, or has too many
            fields.
        StorageFullError: There is no room on the disk.
    """
    try:
        request.form  # noqa: B018 -- reads all of it
    except RequestEntityTooLarge:
        _read_past(request)
        raise
    except ParseException as error:
        raise MalformedError(gettext("The request body could not be read.")) from error
    except OSError as error:  # while a file is written; else it is a BadRequest
        raise StorageFullError(
            gettext("This site has no space left for your file. Try again later."),
            reason=str(error),
        ) from error
    # Werkzeug also stops where it cannot go on.
    if request.stream.tell() < (request.content_length or 0):
        _read_past(request)
        raise MalformedError(gettext("The request was cut off. Send it again."))


def _read_past(request: Request) -> None:
    """Read and discard the rest of a body that is too long.

    Browsers only show an answer when they could send their whole request; if it is even
    longer, the connection is closed.
    """
    left, source = READ_PAST_BYTES, request.environ["wsgi.input"]
    with suppress(*_UNREADABLE):
        while left > 0 and (chunk := source.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)


def read(request: Request) -> dict[str, object]:
    """Return the fields of a request; those of its body override those of its query.

    Raises:
        MalformedError: The body does not match its type, or is not an object of fields.
    """
    nested = unnest(pairs_of(request.args))
    if request.mimetype in _FORMS:
        return nested | unnest(pairs_of(request.form))
    raw = request.get_data(cache=False)
    if request.is_json or raw.lstrip()[:1] == b"{":
        return nested | _parse_json(raw)
    return nested | unnest(_parse_form(raw))


def pairs_of(values: MultiDict[str, str]) -> list[tuple[str, str]]:
    """List every key with every value."""
    # A part of a multipart body may lack a name, whatever the types say.
    return [(key or "", value) for key, value in values.items(multi=True)]


def unnest(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Turn Rails' keys into lists and objects; of two equal keys the last one wins.

    Malformed keys, and those nested more than four deep, stay as they are.
    """
    result: dict[str, object] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match and match.group(2):
            _put(result, [match.group(1), *match.group(2)[1:-1].split("][")], value)
        else:
            result[key] = value
    return result


def _put(target: dict[str, object], path: list[str], value: str) -> None:
    """Set `target[path…]`, an empty last step meaning "append to a list"."""
    *steps, last = path
    if last and len(steps) == 2 and not steps[1]:  # noqa: PLR2004 - `name[][key]`
        _put_in_last(target, steps[0], last, value)
        return
    if last:
        _descend(target, steps)[last] = value
        return
    *steps, name = steps
    parent = _descend(target, steps)
    found = parent.get(name)
    if isinstance(found, list):
        found.append(value)
    else:
        parent[name] = [value]


def _put_in_last(target: dict[str, object], name: str, key: str, value: str) -> None:
    """Set `target[name][][key]`: a key that the last object has begins a new one."""
    found = target.get(name)
    objects: list[object] = found if isinstance(found, list) else []
    target[name] = objects
    last = objects[-1] if objects else None
    if not isinstance(last, dict) or key in last:
        last = {}
        objects.append(last)
    last[key] = value


def _descend(target: dict[str, object], steps: list[str]) -> dict[str, object]:
    for step in steps:
        found = target.get(step)
        if not isinstance(found, dict):
            found = target[step] = {}
        target = found
    return target


def _parse_form(raw: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise MalformedError(gettext("The form could not be read.")) from error


def _parse_json(raw: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(raw or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedError(gettext("The JSON could not be read.")) from error
    if not isinstance(parsed, dict):
        raise MalformedError(gettext("The JSON must be an object."))
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    """Reject NaN and the infinities, which Python accepts but JSON does not have."""
    raise ValueError(name)
