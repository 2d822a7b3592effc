"""Saved drafts: kept on the server, so that they can be continued on every device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.ids import slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.drafts import (
    MAX_DRAFTS,
    NEW,
    Continued,
    SavedDraft,
    draft_of,
    is_empty,
)

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, PostId
    from kwip.domain.posting.posts import Draft
    from kwip.services.posting.posts import Posts
    from kwip.store.posting.drafts import DraftStore
    from kwip.store.posting.media.attachments import AttachmentStore

_IS_SENDING = lazy_gettext("This kwip is being posted right now.")


class Saved(NamedTuple):
    """A saved draft; as a copy if it was changed elsewhere. None if it was empty."""

    draft: SavedDraft | None
    is_copy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The drafts of each user, which nobody else sees.

    The uploads in them are kept for as long as they are.
    """

    store: DraftStore
    uploads: AttachmentStore
    posts: Posts
    ids: IdGenerator
    clock: ClockMs

    def overview(self, viewer: Viewer) -> list[SavedDraft]:
        """Return all of the viewer's drafts, the last one changed first."""
        return self.store.of_owner(viewer.id)

    def get(self, viewer: Viewer, draft_id: int) -> SavedDraft:
        """Return one of the viewer's drafts.

        Raises:
            NotFoundError: There is none, or no longer.
        """
        found = self.store.find(viewer.id, draft_id)
        if found is None:
            raise NotFoundError(lazy_gettext("Draft not found."), id=draft_id)
        return found

    def save(self, viewer: Viewer, content: Draft, continued: Continued = NEW) -> Saved:
        """Save a draft, and keep its uploads.

        If it was changed or deleted elsewhere since the form began, both are kept: this
        one as a new draft. An empty one is deleted.

        Raises:
            InvalidError: There is nothing to save, or there are too many drafts.
            ConflictError: It is being posted.
        """
        if is_empty(content):
            return self._save_nothing(viewer, continued)
        now = at(self.clock())
        if content.attachment_ids:
            self.uploads.hold(viewer.id, content.attachment_ids, now)
        content = replace(content, idempotency_key=None)
        if continued.draft_id is not None:
            old = self.store.find(viewer.id, continued.draft_id)
            if old is not None and old.is_sending:
                raise ConflictError(_IS_SENDING)
            if old is not None and old.version == continued.version:
                new = replace(
                    old,
                    content=content,
                    version=old.version + 1,
                    updated_at=now,
                    problem="",
                )
                if old.content == content or self.store.replace(new, old.version):
                    return Saved(old if old.content == content else new)
        made = self.new(viewer, content)
        self.require_room(viewer)
        self.store.insert(made)
        return Saved(made, is_copy=continued.draft_id is not None)

    def redraft(self, viewer: Viewer, post_id: PostId) -> SavedDraft:
        """Delete one of the viewer's posts, and save what it said as a draft.

        The draft is saved first, so that nothing is lost between the two.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted before.
            ForbiddenError: The viewer is not its author, or it is a repost.
            InvalidError: There are too many drafts.
        """
        post = self.posts.permissions.own(viewer.id, post_id)
        if post.repost_of_id is not None:
            raise ForbiddenError(lazy_gettext("Reposts have no text."), rule="repost")
        self.require_room(viewer)
        made = self.new(viewer, draft_of(post))
        self.store.insert(made)
        self.posts.delete(viewer, post_id, keeps_media=True)
        return made

    def discard(self, viewer: Viewer, draft_id: int) -> None:
        """Delete a draft; one that is not there is not an error.

        Raises:
            ConflictError: It is being posted.
        """
        if self.store.delete(viewer.id, draft_id) is None:
            found = self.store.find(viewer.id, draft_id)
            if found is not None:
                raise ConflictError(_IS_SENDING)

    def require_room(self, viewer: Viewer) -> None:
        """Check that the viewer may have one more draft.

        Raises:
            InvalidError: There are too many.
        """
        drafts = self.store.of_owner(viewer.id)
        if sum(each.scheduled_at is None for each in drafts) >= MAX_DRAFTS:
            says = lazy_gettext(
                "Delete a draft first. You can have up to %(limit)s.", limit=MAX_DRAFTS
            )
            raise InvalidError(says, {"text": says})

    def _save_nothing(self, viewer: Viewer, continued: Continued) -> Saved:
        if continued.draft_id is None:
            says = lazy_gettext("Write something first.")
            raise InvalidError(says, {"text": says})
        old = self.store.find(viewer.id, continued.draft_id)
        if old is not None and old.version == continued.version:
            self.discard(viewer, old.id)
        return Saved(None)

    def new(self, viewer: Viewer, content: Draft) -> SavedDraft:
        """Make a draft that is not stored yet."""
        now_ms = self.clock()
        return SavedDraft(
            id=self.ids.next_id(slot_of(viewer.id)),
            owner_id=viewer.id,
            version=1,
            content=content,
            updated_at=at(now_ms),
        )
