"""The reference: a bare Flask app that returns the same bytes or 304, nothing else.

`KWIP_BENCH_BODIES` names a folder; `/<name>` returns the file of that name.
"""

from __future__ import annotations

import os
from functools import cache
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request

app = Flask(__name__)
_folder = Path(os.environ["KWIP_BENCH_BODIES"])  # noqa: TID251 -- no setting of Kwip


@cache
def _read(name: str) -> bytes:
    return (_folder / name).read_bytes()


@app.get("/<name>")
def body(name: str) -> Response:
    """Return a file's bytes, or 304 to a client that sends any ETag."""
    if request.if_none_match:
        return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": '"bare"'})
    return Response(_read(name), content_type="application/json; charset=utf-8")
