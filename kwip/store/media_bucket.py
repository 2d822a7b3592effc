"""Uploaded files in a bucket of an S3-compatible object storage.

The paths are those of a folder, so files can be copied between the two as they are.
"""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from kwip.domain.errors import StorageFullError, StoreUnavailableError
from kwip.domain.media.attachments import media_type
from kwip.domain.media.media import OpenFile
from kwip.store.media import FULL, TAKEN, UNREACHABLE, StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: What a request may take, and until when a failed one is repeated. A thread waits
#: meanwhile, so it is short; a part of an upload has 5 MiB.
_TIMEOUT, _CONNECT_TIMEOUT = "10s", "2s"
_RETRIES, _RETRY_UNTIL = 2, timedelta(seconds=5)
_PART_BYTES, _PARTS_AT_ONCE = 5 * 1_024 * 1_024, 2
#: How much one request reads.
_WINDOW_BYTES = 1_024 * 1_024
_FOR_EVER = "public, max-age=31536000, immutable"
#: What servers call it when they have no space, or the bucket may have no more.
_NO_SPACE = ("QuotaExceeded", "StorageFull", "InsufficientStorage", "507 ")
_CODE = re.compile("<Code>(\\w+)</Code>")
_CHECKED = "kwip-check"


class MediaBucket:
    """Files in a bucket.

    Args:
        uri: `s3://key:secret@host:port/bucket?region=eu-central-1&tls=0`; key and
            secret percent-encoded.
    """

    def __init__(self, uri: str):
        self._uri = uri

    @cached_property
    def _bucket(self) -> S3Store:
        """The client, made by the first call: its threads do not survive a fork."""
        parts = urlsplit(self._uri)
        options = parse_qs(parts.query)
        has_tls = options.get("tls", ["1"])[0] == "1"
        place = parts.netloc.rpartition("@")[2]
        return S3Store(
            parts.path.strip("/"),
            endpoint=f"{'https' if has_tls else 'http'}://{place}",
            region=options.get("region", ["us-east-1"])[0],
            access_key_id=unquote(parts.username or ""),
            secret_access_key=unquote(parts.password or ""),
            client_options={
                "allow_http": not has_tls,
                "timeout": _TIMEOUT,
                "connect_timeout": _CONNECT_TIMEOUT,
            },
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_UNTIL},
        )

    def check(self) -> None:
        """Store, read and delete a small file, for operators.

        Raises:
            StoreUnavailableError: This is not possible; the message says why.
        """
        steps: dict[str, Callable[[], object]] = {
            "write to": lambda: obstore.put(self._bucket, _CHECKED, b"kwip"),
            "read from": lambda: obstore.head(self._bucket, _CHECKED),
            "list": lambda: next(obstore.list(self._bucket, chunk_size=1), None),
            "delete from": lambda: obstore.delete(self._bucket, _CHECKED),
        }
        for step, work in steps.items():
            try:
                work()
            except (BaseError, OSError) as error:
                raise StoreUnavailableError(
                    f"cannot {step} the bucket: {_reason(error)}. Check that the "
                    "server runs, that the bucket exists, and that the key may list "
                    "it and read, write and delete its files"
                ) from error

    def save(self, path: str, content: IO[bytes]) -> None:
        """Store a file, in parts if it is large; it appears once it is complete."""
        content.seek(0)
        with _bucket_errors():
            obstore.put(
                self._bucket,
                path,
                content,
                attributes={
                    "Content-Type": media_type(path),
                    "Cache-Control": _FOR_EVER,
                },
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    def open(self, path: str) -> OpenFile | None:
        """Open a file: a request now, and one for each MiB that is read."""
        with _bucket_errors():
            try:
                size = obstore.head(self._bucket, path)["size"]
            except FileNotFoundError:
                return None
        content = io.BufferedReader(_Reader(self._bucket, path, size), _WINDOW_BYTES)
        return OpenFile(path, size, content)

    def copy(self, source: str, target: str) -> bool:
        """Copy a file inside the bucket; False if there is neither of the two."""
        return self._copied(source, target) or self.has(target)

    def _copied(self, source: str, target: str) -> bool:
        with _bucket_errors():
            try:
                obstore.copy(self._bucket, source, target)
            except FileNotFoundError:
                return False
            return True

    def has(self, path: str) -> bool:
        """Return whether a file exists."""
        return self.open(path) is not None

    def files(self) -> Iterator[StoredFile]:
        """Iterate over all files; a request for 1,000 of them."""
        with _bucket_errors():
            for batch in obstore.list(self._bucket, chunk_size=1_000):
                for each in batch:
                    modified_s = each["last_modified"].timestamp()
                    yield StoredFile(each["path"], each["size"], modified_s)

    def remove(self, path: str, *, older_than_s: float) -> bool:
        """Delete a file, unless it was saved (again) at `older_than_s` or later.

        The bucket's clock says when. Between its answer and the deletion there are
        milliseconds in which somebody may save the file; who cannot accept that sets
        files aside.
        """
        with _bucket_errors():
            try:
                found = obstore.head(self._bucket, path)
            except FileNotFoundError:
                return False
            if found["last_modified"].timestamp() >= older_than_s:
                return False
            obstore.delete(self._bucket, path)
            return True

    def set_aside(self, paths: Sequence[str]) -> list[str]:
        """Copy files, and delete them; return those that existed."""
        moved = [path for path in paths if self.copy(path, f"{path}{TAKEN}")]
        self._delete(moved)
        return moved

    def put_back(self, paths: Sequence[str]) -> None:
        """Copy files to where they were, and delete the copies."""
        back = [path for path in paths if self._copied(f"{path}{TAKEN}", path)]
        self.discard(back)

    def discard(self, paths: Sequence[str]) -> None:
        """Delete files that were set aside, in one request."""
        self._delete([f"{path}{TAKEN}" for path in paths])

    def _delete(self, paths: Sequence[str]) -> None:
        if paths:
            with _bucket_errors():
                obstore.delete(self._bucket, paths)


class _Reader(io.RawIOBase):
    """A file in a bucket, of which each read is one request."""

    def __init__(self, bucket: S3Store, path: str, size: int):
        self._bucket, self._path, self._size = bucket, path, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        self._at = start[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        end = min(self._at + len(buffer), self._size)
        if self._at >= end:
            return 0
        with _bucket_errors():
            part = obstore.get_range(self._bucket, self._path, start=self._at, end=end)
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)


@contextmanager
def _bucket_errors() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        reason = _reason(error)
        if any(word in reason for word in _NO_SPACE):
            raise StorageFullError(FULL, reason=reason) from error
        raise StoreUnavailableError(UNREACHABLE, reason=reason) from error


def _reason(error: Exception) -> str:
    """Return what happened: the storage's own code for it, or what the client says."""
    text = str(error).partition("\n\nDebug source")[0]
    code = _CODE.search(text)
    return code[1] if code else " ".join(text.split())[:300]
