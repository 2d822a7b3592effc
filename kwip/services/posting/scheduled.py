"""Scheduled posts: drafts that are posted at a set time, once, whichever process dies.

A post that can be undone is one, too: it is *held* for some seconds.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.drafts import (
    MAX_SCHEDULED,
    MAX_SCHEDULED_A_DAY,
    NEW,
    Continued,
    SavedDraft,
    require_later,
)
from kwip.services.media.usable import require_ready

if TYPE_CHECKING:
    from collections.abc import Container

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Draft
    from kwip.services.posting.drafts import Drafts
    from kwip.services.posting.posts import Posts

#: The name of the job.
SCHEDULED = "scheduled"
#: How long the claim of what was posted is kept: a worker that was stopped for less
#: finds the post.
_CLAIM_KEPT = dt.timedelta(days=7)
_NOT_FOUND = lazy_gettext("Scheduled kwip not found.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """Schedule drafts, and post them when they are due."""

    drafts: Drafts
    posts: Posts
    clock: ClockMs

    def schedule(
        self,
        viewer: Viewer,
        content: Draft,
        moment: dt.datetime,
        continued: Continued = NEW,
    ) -> SavedDraft:
        """Schedule a post, instead of the draft that it continues if there is one.

        An idempotency key is that of the scheduled post: a repeated request finds it.

        Raises:
            InvalidError: The time, the text or a file cannot be used, or there are too
                many.
        """
        now = at(self.clock())
        require_later(moment, now)
        files = self._require_postable(viewer, content)
        unique = [*files, moment.isoformat()]
        claim, _ = self.posts.claims.claim(viewer.id, content, unique)
        self._require_room(viewer, moment, besides={claim.post_id, continued.draft_id})
        if content.attachment_ids:
            self.drafts.uploads.hold(viewer.id, content.attachment_ids, now)
        content = replace(content, idempotency_key=None)
        made = replace(
            self.drafts.new(viewer, content), id=claim.post_id, scheduled_at=moment
        )
        store, version = self.drafts.store, continued.version
        if continued.draft_id is not None:
            again = replace(made, id=continued.draft_id, version=version + 1)
            if store.replace(again, version):
                return again
            found = store.find(viewer.id, continued.draft_id)
            if found and (found.content, found.scheduled_at) == (content, moment):
                return found  # the form was sent twice
        store.insert(made)
        return store.find(viewer.id, made.id) or made

    def hold(self, viewer: Viewer, content: Draft, wait_s: int) -> SavedDraft:
        """Post something in a few seconds; until then it can be undone.

        Raises:
            InvalidError: The text or a file cannot be used.
        """
        files = self._require_postable(viewer, content)
        claim, _ = self.posts.claims.claim(viewer.id, content, [*files, "held"])
        made = self.drafts.new(viewer, replace(content, idempotency_key=None))
        moment = at(self.clock()) + dt.timedelta(seconds=wait_s)
        made = replace(made, id=claim.post_id, scheduled_at=moment)
        self.drafts.store.insert(made)
        return made

    def undo(self, viewer: Viewer, draft_id: int) -> bool:
        """Make a draft of what is held; False if it is posted already.

        It may be one more than people can have: nobody should lose a text by undoing.
        """
        found = self.drafts.store.find(viewer.id, draft_id)
        if found is None or found.is_sending:
            return False
        new = replace(found, scheduled_at=None, version=found.version + 1)
        return self.drafts.store.replace(new, found.version)

    def upcoming(self, viewer: Viewer) -> list[SavedDraft]:
        """Return what the viewer has scheduled, the next one first."""
        return self.drafts.store.upcoming(viewer.id)

    def get(self, viewer: Viewer, draft_id: int) -> SavedDraft:
        """Return one of the viewer's scheduled posts.

        Raises:
            NotFoundError: There is none, or it was posted.
        """
        found = self.drafts.store.find(viewer.id, draft_id)
        if found is None or found.scheduled_at is None:
            raise NotFoundError(_NOT_FOUND, id=draft_id)
        return found

    def reschedule(
        self, viewer: Viewer, draft_id: int, moment: dt.datetime | None
    ) -> SavedDraft:
        """Change when a post is due; None makes it a draft again.

        Raises:
            NotFoundError: There is none, or it was posted.
            InvalidError: The time cannot be used, or there are too many.
            ConflictError: It is being posted.
        """
        old = self.get(viewer, draft_id)
        if moment is None:
            self.drafts.require_room(viewer)
        else:
            require_later(moment, at(self.clock()))
            self._require_room(viewer, moment, besides={draft_id})
        new = replace(
            old,
            scheduled_at=moment,
            version=old.version + 1,
            updated_at=at(self.clock()),
        )
        if not self.drafts.store.replace(new, old.version):
            raise ConflictError(lazy_gettext("This kwip is being posted right now."))
        return new

    def cancel(self, viewer: Viewer, draft_id: int) -> None:
        """Delete a scheduled post.

        Raises:
            NotFoundError: There is none, or it was posted.
            ConflictError: It is being posted.
        """
        self.get(viewer, draft_id)
        self.drafts.discard(viewer, draft_id)

    def settle(self, owner_id: UserId, draft_id: int) -> str:
        """Post what is due; return the outcome of the job.

        Safe to repeat at any point: from the first step on nobody can change the draft,
        and its idempotency key is claimed until after it is gone. What cannot be posted
        becomes a draft that says why.
        """
        now = at(self.clock())
        draft = self.drafts.store.begin(owner_id, draft_id, now)
        if draft is None:
            return "nothing"
        key = draft.publication_key
        content = replace(draft.content, idempotency_key=key, keeps_claim=True)
        try:
            self._require_active(owner_id)
            self.posts.publish(owner_id, content)
        except (InvalidError, NotFoundError, GoneError, ForbiddenError) as error:
            self.drafts.store.fail(draft, _why(error), now)
            return "failed"
        self.drafts.store.finish(draft)
        self.posts.claims.store.expire(owner_id, key, now + _CLAIM_KEPT)
        return "done"

    def _require_postable(self, viewer: Viewer, content: Draft) -> list[str]:
        """Check what can be checked before the time comes; return the files' names."""
        self.posts.texts.clean(content)
        uploads = self.posts.attachments.find(viewer.id, content.attachment_ids)
        if len(uploads) < len(set(content.attachment_ids)):
            says = lazy_gettext("One of these files was deleted. Attach it again.")
            raise InvalidError(says, {"media_ids": says})
        require_ready(uploads.values())
        return [each.attachment.file for each in uploads.values()]

    def _require_room(
        self, viewer: Viewer, moment: dt.datetime, besides: Container[int | None] = ()
    ) -> None:
        others = [
            each.scheduled_at
            for each in self.upcoming(viewer)
            if each.id not in besides and each.scheduled_at is not None
        ]
        if len(others) >= MAX_SCHEDULED:
            says = lazy_gettext(
                "You can schedule up to %(limit)s kwips.", limit=MAX_SCHEDULED
            )
        elif sum(o.date() == moment.date() for o in others) >= MAX_SCHEDULED_A_DAY:
            says = lazy_gettext(
                "You can schedule up to %(limit)s kwips for one day.",
                limit=MAX_SCHEDULED_A_DAY,
            )
        else:
            return
        raise InvalidError(says, {"scheduled_at": says})

    def _require_active(self, owner_id: UserId) -> None:
        owner = self.posts.stores.users.get_many([owner_id]).get(owner_id)
        if owner is None or owner.is_suspended:
            raise ForbiddenError(
                lazy_gettext("Your account is suspended."), rule="suspended"
            )


def _why(error: InvalidError | NotFoundError | GoneError | ForbiddenError) -> str:
    fields = error.fields if isinstance(error, InvalidError) else {}
    return next(iter(fields.values()), error.message)
