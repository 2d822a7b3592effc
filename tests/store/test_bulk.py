"""Bulk inserts that may be repeated: what is there already is fine, doubt is not."""

from __future__ import annotations

import pytest
from pymongo.errors import BulkWriteError

from kwip.domain.errors import StoreUnavailableError
from kwip.store.bulk import DUPLICATE_KEY, insert_new
from kwip.store.timelines.buckets import bucket_document


class Doubtful:
    """A collection whose server answers every insert with these errors."""

    def __init__(self, codes, concerns):
        self._details = {
            "writeErrors": [{"code": c, "index": n} for n, c in enumerate(codes)],
            "writeConcernErrors": concerns,
        }

    def insert_many(self, *_, **__):
        raise BulkWriteError(self._details)


@pytest.mark.parametrize("codes", [[], [DUPLICATE_KEY]])
def test_an_insert_that_no_majority_confirms_is_not_taken_for_done(codes):
    with pytest.raises(StoreUnavailableError):
        insert_new(Doubtful(codes, [{"code": 64}]), [{"_id": 1}])


def test_what_is_there_is_no_error_and_everything_else_is_one():
    insert_new(Doubtful([DUPLICATE_KEY], []), [{"_id": 1}])
    with pytest.raises(BulkWriteError):
        insert_new(Doubtful([DUPLICATE_KEY, 121], []), [{"_id": 1}])


def test_a_sealed_bucket_that_no_majority_confirms_is_not_taken_for_done(
    stores, mongodb, fail_commands
):
    sealed = bucket_document("home:1", 1, [7, 9])
    doubt = {"code": 64, "errmsg": "not replicated"}
    fail_commands.begin(
        "insert", collection="timeline_buckets", writeConcernError=doubt
    )
    with pytest.raises(StoreUnavailableError):
        stores.timelines.insert_sealed([sealed])
    fail_commands.end()
    stores.timelines.insert_sealed([sealed])

    assert list(mongodb["timeline_buckets"].find()) == [sealed]
