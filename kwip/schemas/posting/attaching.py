"""What forms say about attachments; the files come separately."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.domain.media.attachments import MAX_IMAGES, AttachmentChange
from kwip.schemas.body import BodySchema, Id, StrictSchema, Text
from kwip.schemas.posting.attachments import Focus, MediaIds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.domain.ids import AttachmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Attaching:
    """What a form says of attachments: those it keeps, in order, and those it removes.

    The descriptions are of both, and of the files that come with the form. A focus
    that was left as it is is None.
    """

    ids: tuple[AttachmentId, ...] = ()
    removed: tuple[AttachmentId, ...] = ()
    descriptions: Mapping[AttachmentId, str] = field(default_factory=dict)
    focuses: Mapping[AttachmentId, tuple[float, float] | None] = field(
        default_factory=dict
    )
    file_descriptions: tuple[str, ...] = ()


class AttachForm(BodySchema[Attaching]):
    """The part of a form that says what is attached; the files come separately.

    `media_ids[]` was uploaded before. `media_description[<id>]`, `media_focus[<id>]`
    and `media_place[<id>]` are about those, `media_remove[]` names some of them, and
    `file_description[]` is about the files.
    """

    media_ids = MediaIds()
    media_description = fields.Dict(keys=Id(), values=Text(), load_default=dict)
    media_focus = fields.Dict(
        keys=Id(), values=Focus(allow_none=True), load_default=dict
    )
    media_place = fields.Dict(
        keys=Id(),
        values=fields.Integer(validate=validate.Range(1, MAX_IMAGES)),
        load_default=dict,
    )
    media_remove = MediaIds()
    file_description = fields.List(Text(), load_default=list)

    def make(
        self,
        *,
        media_ids: Sequence[AttachmentId],
        media_description: Mapping[AttachmentId, str],
        media_focus: Mapping[AttachmentId, tuple[float, float] | None],
        media_place: Mapping[AttachmentId, int],
        media_remove: Sequence[AttachmentId],
        file_description: Sequence[str],
    ) -> Attaching:
        """Build the value; places that were left as they were do not move others."""
        at = {each: place for place, each in enumerate(media_ids or (), 1)}
        removed = frozenset(media_remove or ())
        kept = [each for each in at if each not in removed]

        def place_of(each: AttachmentId) -> tuple[int, int]:
            wanted = media_place.get(each, at[each])
            # To move down is to stand behind whoever is there now.
            return wanted, 1 if wanted > at[each] else -1 if wanted < at[each] else 0

        return Attaching(
            ids=tuple(sorted(kept, key=place_of)),
            removed=tuple(each for each in at if each in removed),
            descriptions=media_description,
            focuses=media_focus,
            file_descriptions=tuple(file_description),
        )


class MediaForm(StrictSchema[AttachmentChange]):
    """The description and the focus of a file that a script uploads."""

    description = Text(load_default=None)
    focus = Focus(load_default=None)

    def make(
        self, *, description: str | None, focus: tuple[float, float] | None
    ) -> AttachmentChange:
        """Build the change."""
        return AttachmentChange(description=description, focus=focus)
