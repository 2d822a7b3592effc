"""Attach files as an upload does, without a database."""

from __future__ import annotations

import io

import pytest

from kwip.domain.errors import InvalidError
from kwip.services.media.converting.pictures import Pictures

MAX_BYTES = 30_000_000


@pytest.fixture(scope="module")
def pictures():
    made = Pictures(MAX_BYTES)
    yield made
    made.close()


@pytest.fixture
def attach(pictures):
    return lambda content: pictures.attach(io.BytesIO(content))


@pytest.fixture
def why(attach):
    """Return a function that says why a file is refused."""

    def why(content):
        with pytest.raises(InvalidError) as caught:
            attach(content)
        assert list(caught.value.fields) == ["file"]
        return caught.value.fields["file"]

    return why
