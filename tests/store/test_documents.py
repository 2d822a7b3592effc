from __future__ import annotations

from dataclasses import replace

from kwip.domain.timelines.timelines import Entry
from kwip.store.delivery.outbox import pending
from kwip.store.indexes import INDEXES
from kwip.store.upgrades import SCHEMAS, STEPS, schema_of
from tests.store.stores import NOW, Stores, post, user
from tests.store.test_queries import CALLS

#: Fields that came after schema 1.
NEW_IN_USERS = (
    "avatar",
    "banner",
    "fields",
    "pinned_ids",
    "is_suspended",
    "is_silenced",
    "is_embeddable",
    "is_admin",
    "role",
    "folds_repeats",
    "requires_descriptions",
    "undo_s",
    "language",
    "time_zone",
    "accepts_buzzes",
    "accepts_guests",
    "featured_tags",
    "is_discoverable",
    "shows_favourites",
    "embed_origins",
    "is_locked",
    "requests_count",
    "dismissed_ids",
    "reply_policy",
    "hides_collections",
    "hides_counts",
    "is_indexable",
    "is_crawlable",
    "may_trend",
    "endorsed_ids",
)
NEW_IN_POSTS = (
    "hashtags",
    "tags",
    "warning",
    "is_sensitive",
    "repost_of_id",
    "repost_of_author_id",
    "reposts_count",
    "favourites_count",
    "said",
    "repeats_id",
    "last_public_reply_id",
    "media",
    "has_media",
    "poll",
    "quote_of_id",
    "quote_of_author_id",
    "is_quote",
    "quote_policy",
    "quotes_count",
    "reply_policy",
)


def test_every_document_that_is_written_names_its_schema(explained, mongodb):
    stores: Stores = explained[0]
    for call in CALLS.values():
        call(stores)

    for name in INDEXES:
        if name == "sessions":  # written by the same code as tokens
            continue
        found = list(mongodb[name].find())
        assert found, name
        assert {d["schema"] for d in found} == {schema_of(name)}, name


def test_a_user_of_the_first_schema_is_upgraded_when_read(stores, mongodb):
    stores.users.create_many([user(1)])
    mongodb["users"].update_one(
        {"_id": 1}, {"$set": {"schema": 1}, "$unset": dict.fromkeys(NEW_IN_USERS, "")}
    )

    assert stores.users.get_many([1])[1] == user(1)
    changed = stores.users.update_profile(1, {"display_name": "One"})
    assert changed is not None
    assert changed.avatar == ""
    # Reading wrote nothing.
    assert mongodb["users"].find_one({"_id": 1})["schema"] == 1


def test_a_post_of_the_first_schema_is_upgraded_when_read(stores, mongodb):
    old = post(1, 1)
    stores.posts.insert(old, "nonce", pending(NOW, NOW))
    mongodb["posts"].update_one(
        {"_id": old.id},
        {"$set": {"schema": 1}, "$unset": dict.fromkeys(NEW_IN_POSTS, "")},
    )

    bumped = replace(old, last_public_reply_id=old.id)
    assert stores.posts.get_many([old.id]) == {old.id: bumped}
    assert stores.posts.entries([old.id]) == [Entry.of(old)]
    assert [each.entry.post_id for each in stores.trends.recent(0, 10)] == [old.id]


def test_every_older_schema_has_one_step_to_the_next():
    older = [(name, n) for name, schema in SCHEMAS.items() for n in range(1, schema)]

    assert sorted((step.collection, step.schema) for step in STEPS) == sorted(older)
