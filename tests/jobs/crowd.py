"""An author with many followers, written as documents."""

from __future__ import annotations

from kwip.domain.accounts.users import User
from kwip.store.social.edges import Edge, follow_document, follower_document


def add_followers(kwip, mongodb, author_id, slots, now):
    """Let new users, one for each slot, follow an author."""
    users = [User(id=n << 16, username=f"f{n}", display_name="") for n in slots]
    kwip.stores.users.create_many(users)
    edges = [Edge(user.id, author_id, "active", "") for user in users]
    mongodb["follows"].insert_many(follow_document(edge, now) for edge in edges)
    mongodb["followers"].insert_many(
        follower_document(author_id, user.id) for user in users
    )
    mongodb["users"].update_one(
        {"_id": author_id}, {"$inc": {"followers_count": len(users)}}
    )
    mongodb["users"].update_many(
        {"_id": {"$in": [user.id for user in users]}}, {"$set": {"following_count": 1}}
    )
