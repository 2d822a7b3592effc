"""Users: sign up, find, change their profiles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any, TypeVar

from kwip.cache import invalidation_rules
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import (
    BIO_MAX,
    DISPLAY_NAME_MAX,
    User,
    check_password,
    clean_username,
)
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.ids import UserId
from kwip.domain.media.media import AVATAR, BANNER
from kwip.domain.messages import lazy_gettext
from kwip.domain.names import name_terms
from kwip.domain.timelines.surrogate_keys import of_user
from kwip.domain.timelines.views import UserView
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup
from kwip.services.reading.lookups import require_user_id
from kwip.text.emails import clean_email
from kwip.text.profiles import clean_line, clean_lines, cleaned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.accounts.users import (
        Email,
        ProfileChange,
        ProfileField,
        ProfileKey,
        Viewer,
    )
    from kwip.domain.ids import IdGenerator
    from kwip.domain.media.media import PictureKind
    from kwip.services.accounts.passwords import Passwords
    from kwip.services.accounts.staff.email_domains import EmailDomains
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.services.media.media import Media
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.social.relationships import Relationships
    from kwip.store.accounts.users import SignUpStep, UserStore

_T = TypeVar("_T")

_REFUSED = lazy_gettext("This account can't be created.")
_TAKEN = {
    "username": lazy_gettext("This username is taken."),
    "email": lazy_gettext("This email address is taken."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """The sign-up form."""

    username: str
    email: str
    password: str
    display_name: str = ""
    bio: str = ""
    avatar: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is yet to be stored; `is_awaited` until they first sign in."""

    user: User
    email: Email
    password_hash: str
    is_awaited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Sign people up and show who they are."""

    store: UserStore
    email_domains: EmailDomains
    entities: Entities
    fence: Fence
    passwords: Passwords
    media: Media
    relationships: Relationships
    ids: IdGenerator
    clock_guard: ClockGuard

    def sign_up(self, form: SignUp, *, user_id: UserId | None = None) -> User:
        """Create a user, with credentials and an empty home, in one transaction.

        With an id, if the user had it elsewhere.

        Raises:
            InvalidError: Every field that cannot be used, in `fields`, or the address
                whose domain is blocked, or the field that is `taken`, which the
                context also names.
        """
        return self.create(self.prepare(form, user_id=user_id))

    def sign_up_admin(self, form: SignUp, use_code: SignUpStep) -> User:
        """Create the site's owner; `use_code` uses up the setup code.

        Raises:
            InvalidError: As for other users.
            NotFoundError: Another request was faster.
        """
        return self.create(self.prepare(form, role=Role.OWNER), use_code)

    def prepare(
        self, form: SignUp, *, user_id: UserId | None = None, role: Role = Role.MEMBER
    ) -> NewUser:
        """Check a form, and make of it what `create` stores.

        Raises:
            InvalidError: Every field that cannot be used, in `fields`, or the address
                whose domain is blocked.
        """
        self.clock_guard.require()
        form, email = _clean(form)
        self.email_domains.require_allowed(email)
        user = User(
            id=user_id or UserId(self.ids.next_id(self.ids.random_slot())),
            username=form.username,
            display_name=form.display_name,
            bio=form.bio,
            avatar=form.avatar,
            role=role,
            language=form.language,
        )
        return NewUser(user, email, self.passwords.hash(form.password))

    def create(self, new: NewUser, *steps: SignUpStep) -> User:
        """Create a user, with credentials and an empty home, in one transaction.

        Raises:
            InvalidError: Something is `taken`, or a step says so.
            NotFoundError: The site is already set up.
        """
        user = new.user
        try:
            self.store.create(
                user,
                new.email,
                new.password_hash,
                *steps,
                is_awaited=new.is_awaited,
            )
        except ConflictError as error:
            raise refusal(error) from error
        finally:
            self.fence.invalidate(
                invalidation_rules.sign_up(user_id=user.id, username=user.username)
            )
        return user

    def by_id(self, viewer: Viewer | None, loader: Loader, user_id: UserId) -> UserView:
        """Show a user.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        users = loader.load(Lookup(self.entities.users, [user_id]))[0]
        found = require_shown(user_id, users.get(user_id))
        if viewer is None:
            return UserView(user=found)
        between = self.relationships.between(viewer, loader, [user_id])
        return UserView(
            user=found, relationship=between[0], is_own=viewer.id == user_id
        )

    def by_name(self, viewer: Viewer | None, loader: Loader, username: str) -> UserView:
        """Show the user with a username, in any letter case.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        return self.by_id(viewer, loader, self.id_of(loader, username))

    def id_of(self, loader: Loader, username: str) -> UserId:
        """Look up the id of a username, in any letter case.

        Raises:
            NotFoundError: There is no such user.
        """
        return require_user_id(self.entities, loader, username)

    def me(self, viewer: Viewer, loader: Loader) -> User:
        """Show the viewer's own profile.

        Raises:
            NotFoundError: The user behind the session is gone.
        """
        found = loader.load(Lookup(self.entities.users, [viewer.id]))[0]
        if viewer.id not in found:
            raise NotFoundError(
                lazy_gettext("Your account no longer exists."), user_id=viewer.id
            )
        return found[viewer.id]

    def update_profile(self, viewer: Viewer, change: ProfileChange) -> User:
        """Change the viewer's profile and pictures.

        Changes everything or nothing. The pictures that are replaced stay in the media
        folder until `kwip media prune`.

        Raises:
            InvalidError: Something cannot be used; `fields` names it all, the parts of
                a profile field as `fields[0][name]` and `fields[0][value]`.
            StorageFullError: There is no room for a picture.
            StoreUnavailableError: The pictures or the database cannot be reached.
            NotFoundError: The user behind the session is gone.
        """
        changes, drawn = self.check_profile(change)
        if "display_name" in changes:
            changes["names"] = name_terms(viewer.username, changes["display_name"])
        changes |= {key: self.media.save(sizes) for key, sizes in drawn.items()}
        if "fields" in changes:
            changes["fields"] = self._with_dates(viewer, changes["fields"])
        user = self.store.update_profile(viewer.id, changes)
        self.fence.invalidate(invalidation_rules.update_profile(user_id=viewer.id))
        self.media.purges.forget(of_user(viewer.id))
        if user is None:
            raise NotFoundError(
                lazy_gettext("Your account no longer exists."), user_id=viewer.id
            )
        return user

    def _with_dates(
        self, viewer: Viewer, fields: Sequence[ProfileField]
    ) -> tuple[ProfileField, ...]:
        """Let links that stay in a profile stay verified."""
        user = self.store.get_many([viewer.id]).get(viewer.id)
        known = {x.value: x.verified_at for x in user.fields} if user else {}
        return tuple(replace(x, verified_at=known.get(x.value)) for x in fields)

    def check_profile(
        self, change: ProfileChange
    ) -> tuple[dict[ProfileKey, Any], dict[ProfileKey, dict[int, bytes]]]:
        """Return what a change would store, and the pictures in all sizes.

        Raises:
            InvalidError: As `update_profile` does.
        """
        wrong: dict[str, str] = {}
        changes = cleaned(change, wrong)
        pictures: tuple[tuple[ProfileKey, PictureKind, IO[bytes] | None], ...] = (
            ("avatar", AVATAR, change.avatar),
            ("banner", BANNER, change.banner),
        )
        drawn = {
            key: self._draw(kind, file, wrong)
            for key, kind, file in pictures
            if file is not None
        }
        if wrong:
            raise InvalidError(lazy_gettext("Your profile could not be saved."), wrong)
        return changes, drawn

    def _draw(
        self, kind: PictureKind, file: IO[bytes], wrong: dict[str, str]
    ) -> dict[int, bytes]:
        try:
            return self.media.draw(kind, file)
        except InvalidError as error:
            wrong |= error.fields
            return {}


def refusal(error: ConflictError) -> InvalidError | NotFoundError:
    """Say what is in the way of a sign-up."""
    field = str(error.context["field"])
    if field == "setup":
        return NotFoundError(lazy_gettext("This site is already set up."))
    return InvalidError(_REFUSED, {field: _TAKEN[field]}, taken=field)


def _clean(form: SignUp) -> tuple[SignUp, Email]:
    """Clean every field, and report all errors together."""
    wrong: dict[str, str] = {}
    username = _checked(clean_username, form.username, wrong)
    email = _checked(clean_email, form.email, wrong)
    password = _checked(check_password, form.password, wrong)
    display_name = clean_line(
        "display_name", form.display_name, DISPLAY_NAME_MAX, wrong
    )
    bio = clean_lines("bio", form.bio, BIO_MAX, wrong)
    if username is None or email is None or password is None or wrong:
        raise InvalidError(_REFUSED, wrong)
    cleaned = replace(
        form,
        username=username,
        email=email.address,
        password=password,
        display_name=display_name,
        bio=bio,
    )
    return cleaned, email


def _checked(clean: Callable[[str], _T], text: str, wrong: dict[str, str]) -> _T | None:
    try:
        return clean(text)
    except InvalidError as error:
        wrong |= error.fields
        return None
