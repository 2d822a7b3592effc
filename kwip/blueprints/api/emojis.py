"""The custom emoji of the site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.emojis import emoji_json

if TYPE_CHECKING:
    from flask import Response


def custom_emojis() -> Response:
    """List the custom emoji, by category and short code."""
    urls = http.site().urls
    return http.answer([emoji_json(each, urls) for each in urls.emojis()])


#: Its answer may be long, but is made of what the process knows.
_READ = replace(policies.OPEN_READ, asks_nothing=True)

ROUTES = (Route("GET", "/api/v1/custom_emojis", custom_emojis, _READ),)
