"""Replies of people without an account, about which the author of the post decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.accounts.audit_log import Action
from kwip.domain.clock import at
from kwip.domain.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
)
from kwip.domain.ids import NOBODY, slot_of
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.domain.moderation.guest_replies import (
    GUEST_NAME_MAX,
    MAX_OF_ADDRESS,
    MAX_OF_POST,
    MAX_SHOWN,
    UNCONFIRMED,
    WAITS,
    GuestReply,
    GuestReplyState,
    NewGuestReply,
)
from kwip.domain.posting.posts import Draft, ReplyPolicy, Visibility
from kwip.domain.timelines.notifications import Notification, NotificationKind
from kwip.domain.timelines.surrogate_keys import of_post
from kwip.services.mail.mails import GONE
from kwip.store.accounts.users import digest_of
from kwip.text.emails import clean_email
from kwip.text.profiles import clean_line
from kwip.text.translation import language

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import Email, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, PostId
    from kwip.domain.mail.mails import Mail
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.views import PostView
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.staff.email_domains import EmailDomains
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.mail.mails import Mails
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loader
    from kwip.store.accounts.users import UserStore
    from kwip.store.posting.guest_replies import GuestReplyStore


@dataclass(frozen=True, slots=True)
class GuestPage:
    """A post with some of its guests' replies, and whether guests can write more.

    If there are more, they come after the id `next_after`.
    """

    view: PostView
    replies: tuple[GuestReply, ...]
    is_open: bool
    next_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestReplies:
    """Take, confirm, show and decline replies of guests."""

    store: GuestReplyStore
    users: UserStore
    audit_log: AuditLog
    posts: Posts
    site: Site
    email_domains: EmailDomains
    notifier: Notifier
    fence: Fence
    mails: Mails
    ids: IdGenerator
    clock: ClockMs

    def page(
        self, viewer: Viewer | None, loader: Loader, post_id: PostId, after: int = 0
    ) -> GuestPage:
        """Show the guests' replies to a post that the viewer may see; one query.

        They are the oldest above the id `after`.

        Raises:
            NotFoundError: There is no such post, or none for this viewer.
            GoneError: It was deleted.
        """
        view = self.posts.get(viewer, loader, post_id)
        loader.bypass()  # they are not cached
        found = self.store.shown(post_id, MAX_SHOWN + 1, after)
        shown = tuple(found[:MAX_SHOWN])
        next_after = shown[-1].id if len(found) > MAX_SHOWN else None
        return GuestPage(view, shown, self._is_open(view), next_after)

    def write(self, loader: Loader, post_id: PostId, new: NewGuestReply) -> None:
        """Store a reply, and send a link to the address.

        Raises:
            NotFoundError: There is no such post for visitors.
            GoneError: It was deleted.
            ForbiddenError: The site or the author takes no such replies.
            InvalidError: Name, address or text cannot be used.
            RateLimitedError: There are too many that nobody has decided about.
        """
        view = self._open_view(loader, post_id)
        email, name, text = self._checked(new)
        self._require_room(post_id)
        now = at(self.clock())
        reply = GuestReply(
            id=self.ids.next_id(slot_of(view.author.id)),
            post_id=post_id,
            author_id=view.author.id,
            name=name,
            text=text,
            sender=digest_of(email.key),
            created_at=now,
        )
        mail = self.mails.draft(
            MailKind.GUEST_REPLY,
            NOBODY,
            email.address,
            {
                "reply_id": str(reply.id),
                "author": view.author.username,
                "language": language(),
            },
        )
        also = partial(self.mails.store.add, mail, mail.created_at)
        if not self.store.add(reply, now + UNCONFIRMED, also, MAX_OF_ADDRESS):
            raise _too_many()
        self.mails.hurry(mail)

    def pending(self, link: str) -> GuestReply:
        """Return the reply of a link that still works.

        Raises:
            NotFoundError: It does not.
        """
        return self._opened(link)[1]

    def confirm(self, loader: Loader, link: str) -> PostView:
        """Let the reply of a link wait for the author; the address is forgotten.

        Returns the post that it replies to.

        Raises:
            NotFoundError: The link no longer works, or the post is not there.
            GoneError: The post was deleted.
            ForbiddenError: The site or the author takes no such replies any more, or
                the address was blocked meanwhile.
            RateLimitedError: There are too many that the author has not decided about.
        """
        mail, reply = self._opened(link)
        self.email_domains.require_still_allowed(mail.address)
        view = self._open_view(loader, reply.post_id)
        notification = Notification(
            recipient_id=reply.author_id,
            kind=NotificationKind.GUEST_REPLY,
            actor_id=reply.author_id,  # guests are no users
            seq=self.ids.next_id(slot_of(reply.author_id)),
            post_id=reply.post_id,
        )
        until = at(self.clock()) + WAITS
        # Again after a worker died in between, but nobody is notified twice.
        if not self.store.confirm(reply, until, notification, MAX_OF_POST):
            raise _too_many()
        self.notifier.show(notification)
        self.mails.store.drop(mail.id)
        return view

    def withdraw(self, link: str) -> None:
        """Delete the reply of a link, and the address.

        Raises:
            NotFoundError: The link no longer works.
        """
        mail, reply = self._opened(link)
        self.store.remove(reply.author_id, reply.id)
        self.mails.store.drop(mail.id)

    def waiting(self, viewer: Viewer) -> list[GuestReply]:
        """Return the replies about which the viewer is to decide, oldest first."""
        return self.store.waiting(viewer.id, MAX_SHOWN)

    def approve(self, viewer: Viewer, reply_id: int) -> None:
        """Show a reply below the viewer's post.

        Raises:
            NotFoundError: The viewer has no such reply to decide about.
            ForbiddenError: The site takes no such replies any more.
        """
        is_on = self.site.current().guest_replies
        post_id = self.store.approve(viewer.id, reply_id) if is_on else None
        if post_id is not None:
            self._invalidate(post_id)
            return
        found = self.store.find(reply_id)
        if is_on or found is None or found.author_id != viewer.id:
            raise _gone(reply_id)
        raise ForbiddenError(
            lazy_gettext("This site doesn't show replies by guests any more."),
            rule="guests",
        )

    def remove(self, viewer: Viewer, reply_id: int) -> None:
        """Decline a reply to the viewer, or delete one that is shown.

        Raises:
            NotFoundError: The viewer has no such reply.
        """
        post_id = self.store.remove(viewer.id, reply_id)
        if post_id is None:
            raise _gone(reply_id)
        self._invalidate(post_id)

    def find_shown(self, reply_id: int) -> GuestReply:
        """Return a reply that is shown, to whoever may see its post.

        Raises:
            NotFoundError: There is none.
        """
        reply = self.store.find(reply_id)
        if reply is None or reply.state is not GuestReplyState.SHOWN:
            raise _gone(reply_id)
        return reply

    def moderate(self, order: Order, reply_id: int) -> None:
        """Delete a reply that is shown, as staff; the author of the post gets no mail.

        It says nothing about them, so they may have any role.

        Raises:
            NotFoundError: There is none.
        """
        reply = self.find_shown(reply_id)
        author = self.users.get_many([reply.author_id]).get(reply.author_id)
        entry = self.audit_log.entry_about(
            order,
            Action.DELETE_GUEST_REPLY,
            reply.author_id,
            author.username if author else "",
            post_id=str(reply.post_id),
        )
        if self.store.remove(reply.author_id, reply.id, entry) is None:
            raise _gone(reply_id)
        self._invalidate(reply.post_id)

    def _invalidate(self, post_id: PostId) -> None:
        self.fence.invalidate(invalidation_rules.show_guests(post_id=post_id))
        self.posts.purges.forget(of_post(post_id))

    def _require_room(self, post_id: PostId) -> None:
        """Refuse one more reply to a post of which too many wait; one query."""
        if self.store.waiting_for(post_id) >= MAX_OF_POST:
            raise _too_many()

    def _open_view(self, loader: Loader, post_id: PostId) -> PostView:
        """Return a post to which visitors can reply, or raise as `write` says."""
        view = self.posts.get(None, loader, post_id)
        if not self._is_open(view):
            raise ForbiddenError(
                lazy_gettext("You need an account to reply to this kwip."),
                rule="guests",
            )
        return view

    def _is_open(self, view: PostView) -> bool:
        """Return whether guests can reply; one query for a reply that is wanted."""
        post = view.post
        is_wanted = self.site.current().guest_replies and view.author.accepts_guests
        is_public = post.visibility is Visibility.PUBLIC and not post.repost_of_id
        return is_wanted and is_public and self._is_for_all(post)

    def _is_for_all(self, post: Post) -> bool:
        """Return whether everybody may reply, as the first post of it says now."""
        root: Post | None = post
        if post.root_id != post.id:
            root = self.posts.stores.posts.get_many([post.root_id]).get(post.root_id)
        return root is not None and root.reply_policy is ReplyPolicy.PUBLIC

    def _checked(self, new: NewGuestReply) -> tuple[Email, str, str]:
        wrong: dict[str, str] = {}
        name = clean_line("name", new.name, GUEST_NAME_MAX, wrong)
        if not name:
            wrong.setdefault("name", lazy_gettext("Enter your name."))
        try:
            text = self.posts.texts.clean(Draft(text=new.text)).text
        except InvalidError as error:
            text = ""
            wrong["text"] = next(iter(error.fields.values()), error.message)
        if wrong:
            raise InvalidError(lazy_gettext("Check what you entered."), wrong)
        email = clean_email(new.email)
        self.email_domains.require_allowed(email)
        return email, name, text

    def _opened(self, link: str) -> tuple[Mail, GuestReply]:
        mail = self.mails.opened(MailKind.GUEST_REPLY, link)
        reply = self.store.find(int(mail.details["reply_id"]))
        if reply is None:
            raise NotFoundError(GONE)
        return mail, reply


def _too_many() -> RateLimitedError:
    return RateLimitedError(
        lazy_gettext("Too many replies are waiting. Try again tomorrow."),
        retry_after_s=UNCONFIRMED.total_seconds(),
    )


def _gone(reply_id: int) -> NotFoundError:
    return NotFoundError(
        lazy_gettext("This reply is no longer available."), id=reply_id
    )
