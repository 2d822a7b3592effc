"""Polls: Mastodon's Poll, and the bodies that ask and answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, missing, post_dump, pre_load, validate

from kwip.domain.ids import PostId
from kwip.domain.posting.polls import NewPoll
from kwip.schemas.body import BodySchema, Flag, Id, StrictSchema, Text
from kwip.schemas.dumping import DumpSchema, Instant
from kwip.schemas.emojis import emojis_of_texts
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.timelines.views import PostView

#: More are refused before anything looks at them.
_MOST = 100


class PollSchema(DumpSchema):
    """A `PostView` whose post has a poll as Mastodon's Poll. Its id is the post's.

    While totals are hidden, options have no counts. What a viewer voted is only for
    signed-in viewers.
    """

    id = fields.String(attribute="post.id")
    expires_at = Instant(attribute="post.poll.expires_at")
    expired = fields.Boolean(attribute="is_poll_over")
    multiple = fields.Boolean(attribute="post.poll.is_multiple")
    votes_count = fields.Integer(attribute="post.poll.votes")
    voters_count = fields.Integer(attribute="post.poll.voters")
    options = fields.Method("get_options")
    emojis = fields.Method("get_emojis")

    def get_options(self, view: PostView) -> list[dict[str, object]]:
        """Return the options with their counts, if these are shown."""
        return [{"title": t, "votes_count": votes} for t, votes in _shown_options(view)]

    def get_emojis(self, view: PostView) -> object:
        """Return the custom emoji in the options."""
        poll = view.post.poll
        options = () if poll is None else poll.options
        return emojis_of_texts(self.urls, *(each.title for each in options))

    @post_dump(pass_original=True)
    def _tell_viewer(
        self, poll: dict[str, Any], view: PostView, **_: object
    ) -> dict[str, Any]:
        if not self.is_signed_in:
            return poll
        return poll | {"voted": view.has_voted, "own_votes": list(view.own_votes)}


class WidgetPollSchema(DumpSchema):
    """A `PostView` whose post has a poll as a widget shows it.

    While totals are hidden, `votes` of an option is null.
    """

    options = fields.Method("get_options")
    voters_count = fields.Integer(attribute="post.poll.voters")
    is_multiple = fields.Boolean(attribute="post.poll.is_multiple")
    ends_at = Instant(attribute="post.poll.expires_at")
    is_over = fields.Boolean(attribute="is_poll_over")

    def get_options(self, view: PostView) -> list[dict[str, object]]:
        """Return the options with their votes, if these are shown."""
        return [{"title": t, "votes": votes} for t, votes in _shown_options(view)]


def _shown_options(view: PostView) -> list[tuple[str, int | None]]:
    options = view.post.poll.options if view.post.poll else ()
    return [(x.title, x.votes if view.shows_votes else None) for x in options]


class PollBody(BodySchema[NewPoll]):
    """The poll of a status, as it is posted or edited.

    An empty `expires_in` leaves the end as it is.
    """

    options = fields.List(
        Text(),
        required=True,
        validate=validate.Length(max=_MOST, error=lazy_gettext("Up to {max} at once.")),
    )
    expires_in = fields.Integer(
        required=True,
        allow_none=True,
        error_messages={"invalid": lazy_gettext("Use a number of seconds.")},
    )
    multiple = Flag(load_default=False)
    hide_totals = Flag(load_default=False)

    @pre_load
    def _keep_end(self, poll: object, **_: object) -> object:
        if isinstance(poll, dict) and poll.get("expires_in") == "":
            return {**poll, "expires_in": None}
        return poll

    def make(
        self,
        *,
        options: list[str],
        expires_in: int | None,
        multiple: bool,
        hide_totals: bool,
    ) -> NewPoll:
        """Build the poll."""
        return NewPoll(
            titles=tuple(options),
            duration_s=expires_in,
            is_multiple=multiple,
            hides_totals=hide_totals,
        )


class PollField(fields.Nested):
    """The poll of a body; empty means that there is none.

    In an edit it may lack, and then `make` gets none: the poll stays as it is.
    """

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "endless": lazy_gettext("Choose how long the poll is open.")
    }

    def __init__(self, *, is_edit: bool = False) -> None:
        default = missing if is_edit else None
        super().__init__(PollBody, load_default=default, allow_none=True)
        self._is_edit = is_edit

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> Any:
        if value in ("", [], {}):
            return None
        poll = super()._deserialize(value, *args, **kwargs)
        if poll.duration_s is None and not self._is_edit:
            raise self.make_error("endless")
        return poll


class PollOfForm(PollField):
    """The poll of a form of ours, whose fields are sent even if they are empty."""

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> Any:
        options = value.get("options") if isinstance(value, dict) else None
        if isinstance(options, list) and not any(each.strip() for each in options):
            return None
        return super()._deserialize(value, *args, **kwargs)


class WithVotes(Schema):
    """What is chosen in the polls of a page: its buttons share one form with them."""

    vote = fields.Raw()


class VoteBody(BodySchema[list[int]]):
    """`choices[]`: the places of the options, from 0."""

    choices = fields.List(
        fields.Integer(
            error_messages={"invalid": lazy_gettext("Use the numbers of options.")}
        ),
        load_default=list,
        validate=validate.Length(max=_MOST, error=lazy_gettext("Up to {max} at once.")),
    )

    def make(self, *, choices: list[int]) -> list[int]:
        """Return the choices."""
        return choices


class VoteForm(StrictSchema[Mapping[PostId, Sequence[int]]]):
    """The page's one form: what is chosen in each of its polls."""

    next = fields.Raw()
    place_id = fields.Raw()
    vote = fields.Dict(
        keys=Id(), values=fields.List(fields.Integer()), load_default=dict
    )

    def make(
        self, *, vote: Mapping[PostId, Sequence[int]], **_: object
    ) -> Mapping[PostId, Sequence[int]]:
        """Return the choices, by the id of the kwip."""
        return vote
