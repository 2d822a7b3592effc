"""Long conversations, made at once: publishing a thousand replies takes too long."""

from __future__ import annotations


def grow(database, root_id, parents, **fields):
    """Store one reply by the root's author for each of `parents`; give all ids.

    A parent is a place in what is returned, in which the root is first.
    """
    root = database["posts"].find_one(root_id)
    ids, documents = [root_id], []
    for number, parent in enumerate(parents, 1):
        post_id = root_id + number  # of the same moment, and none after the next post
        changed = {
            "_id": post_id,
            "text": f"Reply {number}",
            "in_reply_to_id": ids[parent],
            "in_reply_to_author_id": root["author_id"],
            "last_public_reply_id": None,
            "is_listed": False,
            "nonce": f"{number}",
        }
        documents.append({**root, **changed, **fields})
        ids.append(post_id)
    database["posts"].insert_many(documents)
    return ids
