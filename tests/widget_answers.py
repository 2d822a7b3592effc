"""A test client that holds each answer of a widget to the published schema."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from kwip.schemas.timelines.widget_shapes import WIDGET_SCHEMA

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

ROOT = "/api/widgets/v1/"
FIRST_ERROR = 400
#: Which shape an answer has, by what its path has; all others are timelines.
SHAPES = {"/profile": "profile", "/stats": "statistics", "/post/": "single"}


class CheckedClient(FlaskClient):
    """A client that fails if a widget's answer is not as the schema says."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        answer = super().open(*args, **options)
        check(answer)
        return answer


def check(answer: TestResponse) -> None:
    """Hold an answer to its shape, if it is a widget's.

    The schema does not describe answers to `fields`, nor itself.
    """
    path = answer.request.path
    if not path.startswith(ROOT) or path.endswith("/schema.json"):
        return
    is_error = answer.status_code >= FIRST_ERROR
    if answer.data and (is_error or "fields" not in answer.request.args):
        shapes = (shape for part, shape in SHAPES.items() if part in path)
        shape = "error" if is_error else next(shapes, "timeline")
        _validator(shape).validate(answer.json)


@cache
def _validator(shape: str) -> Draft202012Validator:
    schema = {**WIDGET_SCHEMA, "$ref": f"#/$defs/{shape}"}
    del schema["oneOf"]
    return Draft202012Validator(
        schema, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
