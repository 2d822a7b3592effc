"""Convert uploaded videos and sounds, one after the other, in a worker.

The upload itself is the job's durable source: it is `processing` until its outcome is
stored and the file that was uploaded is deleted. A worker that dies in between loses
its lease, and another one continues.
"""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, StorageFullError, StoreUnavailableError
from kwip.domain.media.attachments import (
    UNATTACHED_LIFETIME,
    VIDEO_MAX_BYTES,
    Attachment,
    AttachmentKind,
    Upload,
    UploadState,
    file_name,
)
from kwip.domain.messages import lazy_gettext
from kwip.loops import Loop
from kwip.services.media.child.recognition import HEAD_BYTES, media_format
from kwip.services.media.converting.pictures import FIELD, wrong_size

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import AttachmentId, UserId
    from kwip.domain.signed_addresses import Signer
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.media.converting.prepared import Prepared, Transcoded
    from kwip.services.media.converting.videos import Videos
    from kwip.services.media.stored.attachment_files import AttachmentFiles
    from kwip.store.posting.media.attachments import AttachmentStore
    from kwip.store.posting.media.processing import Conversion, ProcessingStore

log = structlog.get_logger()

#: A worker that has died is noticed after this time.
LEASE = timedelta(seconds=60)
_RENEW_S = 15.0
#: Each attempt after the first one means that a worker died or a conversion was stuck.
MOST_ATTEMPTS = 5
_SOUNDS = frozenset({"ogg", "flac", "mp3", "aac", "wav"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """Take in videos and sounds, and convert them later."""

    uploads: AttachmentStore
    store: ProcessingStore
    files: AttachmentFiles
    videos: Videos
    signer: Signer
    enqueue: Enqueue
    clock: ClockMs

    def accept(
        self, owner_id: UserId, attachment: Attachment, file: IO[bytes], size: int
    ) -> Upload:
        """Store a file as it came, and enqueue its conversion.

        Raises:
            StorageFullError: There is no space left.
            StoreUnavailableError: The files or the database cannot be reached.
        """
        upload = Upload(
            attachment=attachment,
            owner_id=owner_id,
            state=UploadState.PROCESSING,
            post_id=None,
            is_open=False,
            size_bytes=size,
            source=secrets.token_hex(16),
        )
        self.files.save_source(upload, file)
        self.uploads.insert(upload, at(self.clock()))
        self.enqueue("convert", f"{owner_id}:{upload.id}")
        return upload

    def convert(self, owner_id: UserId, attachment_id: AttachmentId) -> str:
        """Convert an upload; return the outcome of the job.

        It may be called again at any time, also by several workers at once.
        """
        conversion = self.store.begin(
            owner_id,
            attachment_id,
            secrets.token_hex(8),
            at(self.clock()),
            self._lease_end(),
        )
        if conversion is None:
            return "nothing"
        with self._kept(conversion):
            try:
                return self._finish(conversion)
            except (StoreUnavailableError, StorageFullError) as error:
                log.warning("conversion_later", upload=attachment_id, reason=str(error))
                return "later"

    def close(self) -> None:
        """End the running conversion; another worker begins it again."""
        self.videos.close()

    def _finish(self, conversion: Conversion) -> str:
        """Convert an upload, unless that is done, and then delete its source."""
        upload = conversion.upload
        if not self._is_done(upload):
            with tempfile.TemporaryDirectory(prefix="kwip-video-") as folder:
                upload, files = self._outcome(conversion, Path(folder))
                # Before the files are stored: see `MediaStorage`.
                if not self.store.note(conversion, upload):
                    return "taken_over"
                self._save(upload, files)
        self.files.remove_source(upload)
        state = UploadState.FAILED if upload.problem else UploadState.READY
        due_at = at(self.clock()) + UNATTACHED_LIFETIME
        if not self.store.end(conversion, state, due_at):
            self.files.drop([upload.attachment], is_open=False)
            return "taken_over"
        return state.value

    def _is_done(self, upload: Upload) -> bool:
        """Return whether the outcome is noted, and the files are stored."""
        if upload.problem:
            return True
        made = upload.attachment
        return bool(made.variants) and self.files.place([made], is_open=False)

    def _outcome(
        self, conversion: Conversion, folder: Path
    ) -> tuple[Upload, Mapping[str, Path]]:
        """Convert an upload; return what to note of it, and the variants of its file.

        The folder is empty, and has them afterwards.
        """
        upload = conversion.upload
        if conversion.attempts > MOST_ATTEMPTS:
            return _refused(
                upload, lazy_gettext("Converting this file failed. Upload it again.")
            )
        source, made = folder / "source", folder / "made"
        made.mkdir()
        if not self.files.fetch_source(upload, source):
            return _refused(
                upload, lazy_gettext("This file was lost. Upload it again.")
            )
        try:
            transcoded = self.videos.transcode(source, made)
        except InvalidError as error:
            return _refused(upload, error.fields[FIELD])
        with _opened(transcoded.files) as files:
            name = file_name(files, self.signer.file_key)
        attachment = converted(upload.attachment, name, transcoded)
        size = sum(path.stat().st_size for path in transcoded.files.values())
        new = replace(upload, attachment=attachment, size_bytes=size)
        return new, transcoded.files

    def _save(self, upload: Upload, files: Mapping[str, Path]) -> None:
        with _opened(files) as opened:
            self.files.save(upload.attachment.file, opened)

    @contextmanager
    def _kept(self, conversion: Conversion) -> Iterator[None]:
        """Keep the lease while work goes on."""

        def renew(_: Loop) -> float:
            self.store.renew(conversion, self._lease_end())
            return _RENEW_S

        loop = Loop("conversion_lease", renew)
        loop.start()
        try:
            yield
        finally:
            loop.stop()

    def _lease_end(self) -> dt.datetime:
        return at(self.clock()) + LEASE


def kind_of(file: IO[bytes]) -> AttachmentKind | None:
    """Return what a file seems to be, if it is a video or sound; else None."""
    file.seek(0)
    found = media_format(file.read(HEAD_BYTES))
    file.seek(0)
    if found is None:
        return None
    return AttachmentKind.AUDIO if found in _SOUNDS else AttachmentKind.VIDEO


def require_size(size: int) -> None:
    """Check the size of a video or sound.

    Raises:
        InvalidError: It is too large.
    """
    wrong = wrong_size(size, VIDEO_MAX_BYTES)
    if wrong:
        raise InvalidError(lazy_gettext("This file can't be used."), {FIELD: wrong})


def unconverted(attachment_id: AttachmentId, kind: AttachmentKind) -> Attachment:
    """Return an attachment about whose file nothing else is known yet."""
    return Attachment(
        id=attachment_id,
        kind=kind,
        file="",
        variants=(),
        width=0,
        height=0,
        small_width=0,
        small_height=0,
        blurhash=None,
    )


def converted(
    attachment: Attachment, name: str, made: Prepared | Transcoded
) -> Attachment:
    """Return an attachment with what is known of its file, by its name."""
    return replace(
        attachment,
        kind=AttachmentKind(made.kind),
        file=name,
        variants=tuple(made.files),
        width=made.width,
        height=made.height,
        small_width=made.small_width,
        small_height=made.small_height,
        blurhash=made.blurhash,
        duration_s=made.duration_s,
    )


def _refused(upload: Upload, why: str) -> tuple[Upload, Mapping[str, Path]]:
    # A name and variants may be there from an attempt that stored no files.
    blank = replace(upload.attachment, file="", variants=())
    return replace(upload, attachment=blank, problem=why, size_bytes=0), {}


@contextmanager
def _opened(files: Mapping[str, Path]) -> Iterator[dict[str, IO[bytes]]]:
    with ExitStack() as opened:
        yield {
            variant: opened.enter_context(path.open("rb"))
            for variant, path in files.items()
        }
