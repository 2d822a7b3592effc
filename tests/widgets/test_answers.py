"""The clients of these tests hold every answer of a widget to the published schema."""

from __future__ import annotations

import pytest
from flask import Flask
from jsonschema import ValidationError

from tests.widget_answers import CheckedClient

EMPTY = {"version": 1, "posts": [], "next": None}


@pytest.fixture
def answer():
    """Return a function that asks a site which answers like this."""

    def ask(path, body, status=200):
        app = Flask("site")
        app.test_client_class = CheckedClient
        app.add_url_rule("/<path:_>", view_func=lambda _: (body, status))
        return app.test_client().get(f"/api/widgets/v1/{path}")

    return ask


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("public", {**EMPTY, "next": 7}, 200),
        ("user/alice", {**EMPTY, "posts": [{"id": "1"}]}, 200),
        ("thread/1", {"error": "an error with the status of none"}, 200),
        ("post/1", EMPTY, 200),
        ("user/alice/profile", EMPTY, 200),
        ("user/alice/stats", {"version": 1, "stats": {}}, 200),
        ("user/nobody?fields=id", {"message": "not found"}, 404),
    ],
)
def test_an_answer_of_another_shape_is_found(answer, path, body, status):
    with pytest.raises(ValidationError):
        answer(path, body, status)


def test_an_answer_of_its_shape_is_not(answer):
    assert answer("public", EMPTY).json == EMPTY
    assert answer("public?fields=id", {**EMPTY, "posts": [{}]}).status_code == 200
