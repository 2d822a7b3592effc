"""Polls: show one, and vote in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.posting.polls import PollSchema, VoteBody

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import PostId


def poll(post_id: PostId) -> Response:
    """Return a poll."""
    view = http.services().polls.get(http.viewer(), http.loader(), post_id)
    return http.answer_dumped(PollSchema, view)


def vote(post_id: PostId) -> Response:
    """Vote in a poll for the options in `choices[]`, by their places from 0."""
    choices = http.load_body(VoteBody())
    view = http.services().polls.vote(http.signed_in(), post_id, choices)
    return http.answer_dumped(PollSchema, view)


_POLL = "/api/v1/polls/<id:post_id>"

ROUTES = (
    Route("GET", _POLL, poll, policies.OPEN_READ),
    Route("POST", f"{_POLL}/votes", vote, policies.write("api")),
)
