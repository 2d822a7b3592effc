"""Import the kwips of an archive into an account that is there already.

A kwip gets an id that carries its date, and a nonce that is made of its id at its
source. So an import that is repeated, or resumed after its worker died, finds what is
there and adds the rest.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kwip.domain.batches import batches
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.ids import AttachmentId, PostId, ms_of
from kwip.domain.media.attachments import (
    MAX_IMAGES,
    AttachmentChange,
    AttachmentKind,
    UploadState,
)
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import IMPORTED, Draft, Post
from kwip.services.backups.sources.containers import BROKEN
from kwip.services.media.processing import require_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.cache.keys import Invalidation
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.media.attachments import Attachment, Upload
    from kwip.services.backups.post_import import PostImport
    from kwip.services.backups.sources.containers import Container
    from kwip.services.backups.sources.items import ImportedFile, ImportedKwip
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.search_index import SearchIndex
    from kwip.services.maintenance.progress import Progress
    from kwip.services.maintenance.reindexing.repeats import Repeats
    from kwip.services.posting.texts import Texts

#: Kwips that are looked up, stored, indexed and invalidated together. It decides after
#: how many the import pauses, too.
_BATCH = 50
#: The pause after some work, as a multiple of the time that the work took: others get
#: at least three quarters of what a worker and the database can do. With 1, posts of
#: others arrived 1.17 times as late.
_PAUSE = 3.0
_TEXT_CHARS, _ABOUT_CHARS = 80, 1_500
_IN_MEMORY, _PART = 8_000_000, 1 << 20
_TOO_MANY_FILES = lazy_gettext(
    "A kwip can have up to four pictures, or one video or audio file."
)


@dataclass(slots=True)
class Report:
    """What an import has added and found, and what it left out: what, when, why."""

    counts: Counter[str] = field(default_factory=Counter)
    left_out: list[tuple[str, str, str, str]] = field(default_factory=list)

    def leave_out(self, kwip: ImportedKwip, why: str) -> None:
        """Note why a kwip, or a part of it, is left out."""
        when = at(kwip.written_ms).isoformat() if kwip.written_ms > 0 else ""
        text = " ".join(kwip.text.split())[:_TEXT_CHARS]
        self.note(kwip.key, why, when=when, text=text)

    def note(self, what: str, why: str, *, when: str = "", text: str = "") -> None:
        """Note what is left out and why, in the language that is written now."""
        self.left_out.append((what, when, str(why), text))


def reason_of(error: InvalidError) -> str:
    """Return what is wrong, in the language that is written now."""
    return " ".join(map(str, error.fields.values())) or str(error.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class KwipsImport:
    """Imports kwips; nobody is notified, and no home changes."""

    posts: PostImport
    texts: Texts
    search_index: SearchIndex
    repeats: Repeats
    fence: Fence
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def run(
        self,
        viewer: Viewer,
        container: Container | None,
        kwips: Sequence[ImportedKwip],
        progress: Progress,
    ) -> Report:
        """Import kwips, the oldest first; run it again to resume an interrupted one.

        Those without files need no container.
        """
        work = _Work(self, viewer, container)
        progress.begin("kwips", len(kwips))
        for batch in batches(kwips, _BATCH):
            began_s = self.monotonic()
            work.take(batch)
            progress.advance(len(batch))
            self.sleep(_PAUSE * (self.monotonic() - began_s))
        work.end()
        return work.report


class _Work:
    """One import under way."""

    def __init__(
        self, service: KwipsImport, viewer: Viewer, container: Container | None
    ):
        self._service, self._viewer, self._container = service, viewer, container
        self._stores = service.posts.stores
        self._ids: dict[str, PostId] = {}
        #: New kwips that are not stored yet, with what is stored of their texts.
        self._waiting: dict[str, tuple[ImportedKwip, Draft]] = {}
        #: What this batch has stored, and has to invalidate.
        self._added: list[Post] = []
        self._keys: list[Invalidation] = []
        self._unindexed: list[Post] = []
        self.report = Report()

    def take(self, kwips: Sequence[ImportedKwip]) -> None:
        """Import a batch.

        A worker that died may have stored kwips without indexing them: of the last
        batch in which it stored any. So the known ones before the first new one are
        indexed again, before anything is stored: else the next worker that dies would
        leave two such batches.
        """
        usable = [kwip for kwip in kwips if self._is_usable(kwip)]
        there = self._there(usable)
        known = [there[kwip.key] for kwip in usable if kwip.key in there]
        found = [*self._stores.posts.get_many(known).values()] if known else []
        earlier, self._unindexed = self._unindexed, found
        if (earlier or found) and len(known) < len(usable):
            self._service.search_index.put([*earlier, *found])
            self._unindexed = []
        for kwip in usable:
            if kwip.key in there:
                self._ids[kwip.key] = there[kwip.key]
            elif kwip.key not in self._ids:
                self._add(kwip)
        self._store_waiting()
        added, keys = self._added, tuple(self._keys)
        self._added, self._keys = [], []
        self._service.fence.invalidate(keys)
        self.report.counts["known"] += len(known)
        self.report.counts["kwips"] += len(added)
        if added:
            self._service.search_index.put(added)

    def end(self) -> None:
        """Do what is left after the last batch."""
        self._service.search_index.put(self._unindexed)
        if self.report.counts["kwips"]:
            # Kwips between others change which of those are repeats.
            self._service.repeats.repair(self._viewer.id)
        self.report.counts["left_out"] = len(self.report.left_out)

    def _is_usable(self, kwip: ImportedKwip) -> bool:
        why = kwip.left_out
        if not why and not 0 < kwip.written_ms <= self._service.posts.clock():
            why = lazy_gettext("Its date is missing or in the future.")
        if why:
            self.report.leave_out(kwip, why)
        return not why

    def _there(self, kwips: Sequence[ImportedKwip]) -> dict[str, PostId]:
        """Return which kwips are here already; two queries, and one for each clash.

        The kwip itself is, if it was written in this account.
        """
        posts, author_id = self._stores.posts, self._viewer.id
        nonces_of = self._stores.imported.nonces
        ids = {k.key: next(k.ids(author_id)) for k in kwips}
        nonces = nonces_of([*ids.values()])
        hints = [k.id_hint for k in kwips if k.key.startswith("kwip:")]
        own = set(posts.written_by(author_id, hints))
        there: dict[str, PostId] = {}
        for k in kwips:
            nonce = nonces.get(ids[k.key])
            if k.id_hint in own and k.key.startswith("kwip:"):
                there[k.key] = PostId(k.id_hint)
            elif nonce == k.nonce:
                there[k.key] = ids[k.key]
            elif nonce is not None:  # another kwip of this millisecond
                tried = nonces_of([*k.ids(author_id)])
                found = [i for i, other in tried.items() if other == k.nonce]
                if found:
                    there[k.key] = found[0]
        return there

    def _add(self, kwip: ImportedKwip) -> None:
        """Store a kwip with files now, and any other with those that are waiting."""
        draft = Draft(
            text=kwip.text,
            warning=kwip.warning,
            is_sensitive=kwip.is_sensitive,
            attachment_ids=(AttachmentId(1),) if kwip.files else (),
        )
        with self._left_out_if_invalid(kwip):
            clean = self._service.texts.clean(draft)
            if kwip.files:
                self._store_waiting()
                self._store(kwip, clean, tuple(self._files(kwip)))
            else:
                self._waiting[kwip.key] = kwip, clean
                self._ids[kwip.key] = next(kwip.ids(self._viewer.id))

    @contextmanager
    def _left_out_if_invalid(self, kwip: ImportedKwip) -> Iterator[None]:
        try:
            yield
        except InvalidError as error:
            self.report.leave_out(kwip, reason_of(error))

    def _store_waiting(self) -> None:
        """Store the kwips that are waiting: together, or each if an id is taken."""
        waiting, self._waiting = [*self._waiting.values()], {}
        if self._has_stored(waiting):
            return
        for kwip, _ in waiting:
            del self._ids[kwip.key]
        for kwip, clean in waiting:
            with self._left_out_if_invalid(kwip):
                self._store(kwip, clean, ())

    def _has_stored(self, waiting: Sequence[tuple[ImportedKwip, Draft]]) -> bool:
        """Store kwips without files in one transaction; False if an id is taken."""
        nonces = {self._ids[kwip.key]: kwip.nonce for kwip, _ in waiting}
        if not waiting or len(nonces) < len(waiting):
            return not waiting
        made = [self._post(k, self._ids[k.key], clean, ()) for k, clean in waiting]
        linked = self._service.posts.linked_many(made)
        try:
            self._keys += self._service.posts.insert_many(linked, nonces)
        except ConflictError:
            return False
        self._added += linked
        return True

    def _store(
        self, kwip: ImportedKwip, clean: Draft, media: tuple[Attachment, ...]
    ) -> None:
        if not (clean.text or media):
            raise InvalidError(lazy_gettext("None of its files can be used."))
        for post_id in kwip.ids(self._viewer.id):
            post = self._post(kwip, post_id, clean, media)
            post = self._service.posts.linked(post)
            try:
                found = self._service.posts.insert(post, kwip.nonce, "pull")
            except ConflictError:  # another kwip of this millisecond
                continue
            self._ids[kwip.key] = post_id
            self._keys += found
            self._added.append(post)
            return
        raise InvalidError(lazy_gettext("There are too many kwips of the same moment."))

    def _post(
        self,
        kwip: ImportedKwip,
        post_id: PostId,
        clean: Draft,
        media: tuple[Attachment, ...],
    ) -> Post:
        """Return the post; a mention may be of somebody else here, and stays text."""
        entities = self._service.texts.parse(clean.text)
        return Post(
            id=post_id,
            author_id=self._viewer.id,
            text=clean.text,
            warning=clean.warning,
            is_sensitive=clean.is_sensitive,
            visibility=kwip.visibility,
            created_at=at(ms_of(post_id)),
            links=entities.links,
            hashtags=entities.hashtags,
            media=media,
            root_id=post_id,
            in_reply_to_id=self._ids.get(kwip.reply_to or ""),
            quote_of_id=self._ids.get(kwip.quote_of or ""),
            quote_policy=kwip.quote_policy,
            reply_policy=kwip.reply_policy,
            language=kwip.language,
            source=IMPORTED,
        )

    def _files(self, kwip: ImportedKwip) -> Iterator[Attachment]:
        """Take in the files as if they were uploaded now; note those that are not."""
        kept: list[Attachment] = []
        for each in kwip.files:
            why = None if _has_room(kept) else str(_TOO_MANY_FILES)
            if why is None:
                try:
                    made = self._upload(each).attachment
                except InvalidError as error:
                    why = reason_of(error)
                else:
                    if not kept or made.kind is AttachmentKind.IMAGE:
                        kept.append(made)
                        yield made
                        continue
                    why = str(_TOO_MANY_FILES)
            about = lazy_gettext("File %(name)s: %(why)s", name=each.member, why=why)
            self.report.leave_out(kwip, about)

    def _upload(self, file: ImportedFile) -> Upload:
        attachments = self._service.posts.attachments
        if self._container is None:
            raise InvalidError(lazy_gettext("It is missing or damaged."))
        try:
            with (
                self._container.open(file.member) as content,
                tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy,
            ):
                while part := content.read(_PART):
                    copy.write(part)
                    require_size(copy.tell())
                change = AttachmentChange(description=file.description[:_ABOUT_CHARS])
                upload = attachments.upload(self._viewer, copy, change)
        except BROKEN as error:
            raise InvalidError(lazy_gettext("It is missing or damaged.")) from error
        if upload.state is UploadState.PROCESSING:
            attachments.processing.convert(self._viewer.id, upload.id)
            upload = attachments.get(self._viewer, upload.id)
        if upload.state is not UploadState.READY:
            raise InvalidError(upload.problem or lazy_gettext("It can't be converted."))
        return upload


def _has_room(kept: Sequence[Attachment]) -> bool:
    """Return whether a kwip may have one more picture."""
    is_all_pictures = all(each.kind is AttachmentKind.IMAGE for each in kept)
    return len(kept) < MAX_IMAGES and is_all_pictures
