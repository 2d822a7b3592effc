"""What apps request first: which site this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.schemas.site import (
    ExtendedDescriptionSchema,
    InstanceV1Schema,
    InstanceV2Schema,
)

if TYPE_CHECKING:
    from flask import Response


def instance_v1() -> Response:
    """Describe the site, in the format for older apps."""
    return http.answer_dumped(InstanceV1Schema, http.site().info)


def instance_v2() -> Response:
    """Describe the site."""
    return http.answer_dumped(InstanceV2Schema, http.site().info)


def extended_description() -> Response:
    """Return the long description of the site, which is the short one for now."""
    return http.answer_dumped(ExtendedDescriptionSchema, http.site().info)


ROUTES = (
    Route("GET", "/api/v1/instance", instance_v1, policies.ANYBODY),
    Route("GET", "/api/v2/instance", instance_v2, policies.ANYBODY),
    Route(
        "GET",
        "/api/v1/instance/extended_description",
        extended_description,
        policies.ANYBODY,
    ),
)
