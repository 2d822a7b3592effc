"""Users, their credentials, and the claims that keep usernames and addresses unique."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from kwip.domain.accounts.roles import ADMINISTRATORS, Role
from kwip.domain.accounts.users import MAX_PINS, FeaturedTag, User
from kwip.domain.errors import ConflictError
from kwip.domain.ids import NOBODY, PostId, UserId
from kwip.domain.messages import Message, lazy_gettext
from kwip.domain.names import name_terms
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.store.accounts.login_documents import applicant_by, credentials_from
from kwip.store.accounts.profile_fields import field_documents, to_fields
from kwip.store.bulk import insert_missing
from kwip.store.client import ONE_BATCH, translated
from kwip.store.timelines.buckets import empty_timeline, home_of
from kwip.store.upgrades import schema_of, upgrade

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from kwip.domain.accounts.users import Email, ProfileKey
    from kwip.store.accounts.login_documents import Credentials
    from kwip.store.client import Document, Store

Flag = Literal["is_suspended", "is_silenced"]
#: What else happens in the transaction of a sign-up, with the id of the new user.
SignUpStep = Callable[[UserId, Any], None]

_HANDLE, _EMAIL = "handle:", "email:"
#: What to say of a field that somebody else has.
TAKEN: Mapping[str, Message] = {
    "username": lazy_gettext("This username is taken."),
    "email": lazy_gettext("This email address is taken."),
}
#: Schema 2 of users has no pins.
_PINNED = {"$ifNull": ["$pinned_ids", []]}
#: The fields of a user that documents have as they are.
_AS_STORED = {f.name for f in fields(User)} - {
    *("id", "fields", "pinned_ids", "featured_tags", "embed_origins", "role"),
    "dismissed_ids",
    *("reply_policy", "quote_policy", "endorsed_ids"),
}


class Pictured(NamedTuple):
    """A user, and the names of their pictures."""

    user_id: UserId
    avatar: str
    banner: str


class UserStore:
    """The `users` and `credentials` collections, and the claims of names."""

    def __init__(self, store: Store):
        self._store = store
        self._users = store.database["users"]
        self._credentials = store.database["credentials"]
        self._claims = store.database["claims"]
        self._timelines = store.database["timelines"]
        self._applications = store.database["applications"]

    def create(
        self,
        user: User,
        email: Email,
        password_hash: str,
        *steps: SignUpStep,
        is_awaited: bool = False,
    ) -> None:
        """Create claims, user, credentials and home timeline in one transaction.

        It begins with `steps`, which raise if there is to be no such user. Somebody
        `is_awaited` who does not sign in at once.

        Raises:
            ConflictError: The handle or the address is taken; `context` says which.
            StoreUnavailableError: The result is unknown; at worst, repeating it is a
                conflict.
        """

        def work(session: Any) -> None:
            for step in steps:
                step(user.id, session)
            handle, address = claims_of(user.username, email.key)
            if self._owner(handle, session) is not None:
                raise ConflictError(TAKEN["username"], field="username")
            if self._owner_by(email, session) is not None:
                raise ConflictError(TAKEN["email"], field="email")
            for claim in (handle, address):
                self._claims.insert_one(_claim(claim, user.id), session=session)
            self._users.insert_one(_to_document(user), session=session)
            self._credentials.insert_one(
                {
                    "_id": user.id,
                    "schema": schema_of("credentials"),
                    "email": email.address,
                    "email_key": email.key,
                    "password_hash": password_hash,
                    "email_confirmed_at": None,
                    "mail_problem": "",
                    "two_factor": None,
                    **({"is_awaited": True} if is_awaited else {}),
                },
                session=session,
            )
            self._timelines.insert_one(
                empty_timeline(home_of(user.id)), session=session
            )

        try:
            self._store.transact(work)
        except DuplicateKeyError as error:
            field = "email" if _EMAIL in str(error) else "username"
            raise ConflictError(TAKEN[field], field=field) from error

    @translated()
    def create_many(self, users: Sequence[User]) -> Mapping[str, UserId]:
        """Create users without credentials in bulk, and return who owns each handle.

        A handle that is taken keeps its owner. Claims are written first, because they
        decide that; a load that is killed right after them leaves handles without users
        until it is resumed.

        Raises:
            ConflictError: A handle belonged to a deleted user.
        """
        insert_missing(
            self._claims, [_claim(_HANDLE + u.username, u.id) for u in users]
        )
        ids = self.ids_of(u.username for u in users)
        if kept := sorted({u.username for u in users} - ids.keys()):
            raise ConflictError(
                f"{kept[0]} belonged to a deleted user and can't be used again."
            )
        owners = [replace(u, id=ids[u.username]) for u in users]
        insert_missing(self._users, [_to_document(u) for u in owners])
        insert_missing(self._timelines, [empty_timeline(home_of(u.id)) for u in owners])
        return ids

    @translated()
    def with_credentials(self, ids: Sequence[UserId]) -> set[UserId]:
        """Return which of the given users can sign in."""
        found = self._credentials.find({"_id": {"$in": list(ids)}}, {"_id": 1})
        return {UserId(d["_id"]) for d in found}

    @translated()
    def get_many(self, ids: Sequence[UserId]) -> dict[UserId, User]:
        """Read users by id, in one query."""
        found = self._users.find({"_id": {"$in": list(ids)}}).batch_size(ONE_BATCH)
        return {UserId(d["_id"]): to_user(d) for d in found}

    @translated()
    def ids_of(self, usernames: Iterable[str]) -> Mapping[str, UserId]:
        """Look up handles, in one query; unclaimed ones are absent."""
        claims = [_HANDLE + name for name in usernames]
        query = {"_id": {"$in": claims}, "user_id": {"$ne": NOBODY}}
        found = self._claims.find(query, {"user_id": 1})
        return {d["_id"].removeprefix(_HANDLE): UserId(d["user_id"]) for d in found}

    @translated()
    def credentials_of(self, login: str | Email) -> Credentials | None:
        """Find the credentials of the owner of a handle or an address.

        Makes as many queries if there is no such user, so that timing reveals nothing.
        """
        if isinstance(login, str):
            user_id = self._owner(_HANDLE + login)
        else:
            user_id = self._owner_by(login)
        is_user = user_id not in {None, NOBODY}
        found = (
            self._credentials.find_one({"_id": user_id})
            if is_user
            else self._applications.find_one(applicant_by(login))
        )
        user = self._users.find_one(
            {"_id": user_id}, {"username": 1, "is_suspended": 1}
        )
        return credentials_from(
            found, user if is_user else found, is_waiting=not is_user
        )

    def _owner(self, claim: str, session: Any = None) -> UserId | None:
        """Return the owner of a claim; `NOBODY` for deleted users' handles."""
        held = self._claims.find_one({"_id": claim}, {"user_id": 1}, session=session)
        return None if held is None else UserId(held["user_id"])

    def _owner_by(self, email: Email, session: Any = None) -> UserId | None:
        """Return the owner of an address.

        The address as typed is unknown for accounts of schema 1, so such an account
        owns every address that was the same by the rule of that schema.
        """
        user_id = self._owner(_EMAIL + digest_of(email.key), session)
        if user_id is None and email.folded != email.key:
            user_id = self._owner(_EMAIL + digest_of(email.folded), session)
            first = {"_id": user_id, "schema": 1}
            if self._credentials.find_one(first, {"_id": 1}, session=session) is None:
                return None
        return user_id

    @translated()
    def shown_among(
        self, ids: Collection[UserId], but: Sequence[Flag] = ("is_suspended",)
    ) -> set[UserId]:
        """Return which of the given users exist and have no such flag, in one query."""
        query: Document = {flag: {"$ne": True} for flag in but}
        query["_id"] = {"$in": list(ids)}
        return {UserId(d["_id"]) for d in self._users.find(query, {"_id": 1})}

    @translated()
    def update_profile(
        self, user_id: UserId, changes: Mapping[ProfileKey, Any]
    ) -> User | None:
        """Change a user's profile; None if there is no such user.

        If its fields change, their links are due to be checked.
        """
        fields: Document = {str(name): value for name, value in changes.items()}
        update: Document = {"$inc": {"version": 1}}
        if "fields" in fields:
            fields["fields"] = field_documents(fields["fields"])
            fields["verify_attempts"] = 0
            update["$currentDate"] = {"verify_due_at": True}
        if fields:
            update["$set"] = fields
        document = self._users.find_one_and_update(
            {"_id": user_id}, update, return_document=ReturnDocument.AFTER
        )
        return None if document is None else to_user(document)

    @translated()
    def pin(self, user_id: UserId, post_id: PostId) -> bool:
        """Put a post on top of a user's pins; False if there are `MAX_PINS` already.

        A post that is already pinned stays where it is.
        """
        result = self._users.update_one(
            {
                "_id": user_id,
                "$or": [
                    {"pinned_ids": post_id},
                    {f"pinned_ids.{MAX_PINS - 1}": {"$exists": False}},
                ],
            },
            [
                {
                    "$set": {
                        "pinned_ids": {
                            "$concatArrays": [
                                {"$setDifference": [[post_id], _PINNED]},
                                _PINNED,
                            ]
                        },
                        "version": {"$add": ["$version", 1]},
                    }
                }
            ],
        )
        return result.matched_count == 1

    @translated()
    def unpin(self, user_id: UserId, ids: Sequence[PostId]) -> None:
        """Remove posts from a user's pins."""
        self._users.update_one(
            {"_id": user_id, "pinned_ids": {"$in": list(ids)}},
            {"$pull": {"pinned_ids": {"$in": list(ids)}}, "$inc": {"version": 1}},
        )

    @translated()
    def is_empty(self) -> bool:
        """Return whether nobody has signed up yet."""
        return self._users.find_one({"_id": {"$gt": 0}}, {"_id": 1}) is None

    @translated()
    def count(self) -> int:
        """Estimate how many users there are."""
        return self._users.estimated_document_count()

    @translated()
    def pictures_after(self, after: UserId, limit: int) -> list[Pictured]:
        """Page users above `after` with the names of their pictures, by id."""
        found = self._users.find({"_id": {"$gt": after}}, {"avatar": 1, "banner": 1})
        return [
            Pictured(UserId(d["_id"]), d.get("avatar", ""), d.get("banner", ""))
            for d in found.sort("_id", ASCENDING).limit(limit)
        ]

    def iter_ids(self, after: int = 0, batch: int = 1_000) -> Iterator[list[UserId]]:
        """Iterate over all user ids above `after` in order, a batch at a time."""
        while ids := self._ids_after(after, batch):
            yield ids
            after = ids[-1]

    @translated()
    def _ids_after(self, after: int, batch: int) -> list[UserId]:
        found = self._users.find({"_id": {"$gt": after}}, {"_id": 1})
        return [UserId(d["_id"]) for d in found.sort("_id", ASCENDING).limit(batch)]


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text in hex: how addresses and secrets are stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def claims_of(username: str, email_key: str) -> tuple[str, str]:
    """Return the names of a user's claims: the handle, and the address."""
    return _HANDLE + username, address_claim(email_key)


def address_claim(email_key: str) -> str:
    """Return the name of the claim of an address."""
    return _EMAIL + digest_of(email_key)


def to_user(document: Document) -> User:
    """Convert a stored document of any schema to a user."""
    d = upgrade("users", document)
    return User(
        id=UserId(d["_id"]),
        fields=to_fields(d["fields"]),
        pinned_ids=tuple(PostId(i) for i in d["pinned_ids"]),
        embed_origins=tuple(d["embed_origins"]),
        dismissed_ids=tuple(d["dismissed_ids"]),
        role=Role(d["role"]),
        reply_policy=ReplyPolicy(d["reply_policy"]),
        quote_policy=QuotePolicy(d["quote_policy"]),
        endorsed_ids=tuple(UserId(i) for i in d["endorsed_ids"]),
        featured_tags=tuple(
            FeaturedTag(x["id"], x["name"]) for x in d["featured_tags"]
        ),
        **{name: d[name] for name in _AS_STORED},
    )


def _to_document(user: User) -> Document:
    return {
        "_id": user.id,
        "schema": schema_of("users"),
        "username": user.username,
        "display_name": user.display_name,
        "names": name_terms(user.username, user.display_name),
        "bio": user.bio,
        "avatar": user.avatar,
        "banner": user.banner,
        "fields": field_documents(user.fields),
        "pinned_ids": [],
        "featured_tags": [],
        "dismissed_ids": [],
        "is_suspended": False,
        "is_silenced": False,
        "is_embeddable": user.is_embeddable,
        "shows_favourites": user.shows_favourites,
        "embed_origins": user.embed_origins,
        "is_discoverable": user.is_discoverable,
        "role": user.role,
        "is_admin": user.role in ADMINISTRATORS,  # for the version before
        "is_locked": user.is_locked,
        "folds_repeats": user.folds_repeats,
        "requires_descriptions": user.requires_descriptions,
        "undo_s": user.undo_s,
        "language": user.language,
        "time_zone": user.time_zone,
        "accepts_buzzes": user.accepts_buzzes,
        "accepts_guests": user.accepts_guests,
        "reply_policy": user.reply_policy,
        "quote_policy": user.quote_policy,
        "hides_collections": user.hides_collections,
        "hides_counts": user.hides_counts,
        "is_indexable": user.is_indexable,
        "is_crawlable": user.is_crawlable,
        "may_trend": user.may_trend,
        "endorsed_ids": [],
        "posts_count": 0,
        "followers_count": 0,
        "following_count": 0,
        "requests_count": 0,
        "last_pull_id": 0,
        "version": 1,
    }


def _claim(claim: str, user_id: UserId) -> Document:
    return {"_id": claim, "schema": schema_of("claims"), "user_id": user_id}
