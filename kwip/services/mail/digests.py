"""Notifications as a mail: what is unread, newest first, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.users import Viewer
from kwip.domain.mail.mails import Item, Letter
from kwip.domain.posting.posts import Visibility
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.notifications import NotificationKind, Selection, grouped
from kwip.domain.timelines.pages import PageRequest
from kwip.text.excerpts import excerpt
from kwip.text.translation import gettext, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post
    from kwip.domain.signed_addresses import Signer
    from kwip.domain.timelines.notifications import NotificationGroup, NotificationView
    from kwip.services.mail.site import Site
    from kwip.services.reading.loader import Loaders
    from kwip.services.timelines.notifications import Notifications
    from kwip.store.mail.preferences import MailPreferenceStore

#: The most in one mail; the others are on the page.
MOST = 20
_EXCERPT = 200
#: Texts that not everybody may read are not sent through other people's servers.
_OPEN = frozenset({Visibility.PUBLIC, Visibility.UNLISTED})


@dataclass(frozen=True, slots=True)
class Digests:
    """Read a user's unread notifications, and write a letter of them."""

    notifications: Notifications
    loaders: Loaders
    preferences: MailPreferenceStore
    signer: Signer
    site: Site

    def unread(
        self, user_id: UserId, username: str, above: int, wanted: Selection
    ) -> list[NotificationView]:
        """Return what happened above an id and was not seen, newest first.

        As on the page, nothing by people that the user muted or blocked, or who are
        suspended, and nothing that a filter hides.
        """
        viewer = Viewer.without_session(user_id, username)
        filtering = Filtering(context=FilterContext.NOTIFICATIONS)
        page = PageRequest(limit=MOST, since_id=above, filtering=filtering)
        found = self.notifications.page(viewer, self.loaders.begin(), page, wanted)
        return [view for view in found.items if view.is_new]

    def letter(
        self, user_id: UserId, username: str, details: Mapping[str, str]
    ) -> Letter | None:
        """Write the letter of some notifications; None if none is left to show.

        Of the kinds that were wanted, the user may have turned some off meanwhile.
        """
        kinds = frozenset(NotificationKind(k) for k in details["kinds"].split())
        kinds &= self.preferences.find(user_id).kinds
        if not kinds:
            return None
        above, until = int(details["above"]), int(details["until"])
        found = self.unread(user_id, username, above, Selection(kinds))
        views = [view for view in found if view.id <= until]
        if not views:
            return None
        groups = grouped(views)
        return Letter(
            subject=ngettext(
                "%(num)s new notification on %(site)s",
                "%(num)s new notifications on %(site)s",
                len(views),
                site=self.site.name,
            ),
            paragraphs=(gettext("Here is what you haven't seen yet."),),
            items=tuple(self._item(group) for group in groups),
            action=(gettext("See all"), self.site.page("/notifications")),
            reason=gettext(
                "You get this email because you turned it on for @%(name)s.",
                name=username,
            ),
            settings=(
                gettext("Change what you get"),
                self.site.page("/settings/notifications"),
            ),
            unsubscribe=(
                gettext("Unsubscribe"),
                self.site.page(f"/email/unsubscribe?key={self.key_of(user_id)}"),
            ),
        )

    def key_of(self, user_id: UserId) -> str:
        """Return what a link to unsubscribe carries; it works for ever."""
        return f"{user_id}.{self.signer.sign_mail(f'unsubscribe {user_id}')}"

    def _item(self, group: NotificationGroup) -> Item:
        newest = group.newest
        names = [f"@{actor.username}" for actor in group.actors]
        others = len(names) - 1
        who = names[0]
        if others:
            who = ngettext(
                "%(who)s and %(num)s other",
                "%(who)s and %(num)s others",
                others,
                who=who,
            )
        said = _SAID[newest.kind](who, len(names))
        post = None if newest.post is None else newest.post.post
        if newest.strike is not None:
            return Item(said, "", self.site.page("/settings/strikes"))
        if post is None:
            return Item(said, "", self.site.page(f"/{names[0]}"))
        address = self.site.page(f"/@{self._author(newest)}/{post.id}")
        is_folded = newest.post is not None and newest.post.folded_by
        return Item(said, "" if is_folded else _excerpt(post), address)

    @staticmethod
    def _author(view: NotificationView) -> str:
        shown = view.post
        return view.actor.username if shown is None else shown.author.username


def _excerpt(post: Post) -> str:
    if post.visibility not in _OPEN:
        return ""
    return excerpt(post.warning or post.text, _EXCERPT)


_SAID: Mapping[NotificationKind, Callable[[str, int], str]] = {
    NotificationKind.MENTION: lambda who, _: gettext("%(who)s mentioned you", who=who),
    NotificationKind.REPLY: lambda who, _: gettext("%(who)s replied to you", who=who),
    NotificationKind.REPOST: lambda who, num: ngettext(
        "%(who)s reposted your kwip", "%(who)s reposted your kwip", num, who=who
    ),
    NotificationKind.FAVOURITE: lambda who, num: ngettext(
        "%(who)s favourited your kwip", "%(who)s favourited your kwip", num, who=who
    ),
    NotificationKind.FOLLOW: lambda who, num: ngettext(
        "%(who)s followed you", "%(who)s followed you", num, who=who
    ),
    NotificationKind.POST: lambda who, _: gettext("%(who)s posted a kwip", who=who),
    NotificationKind.POLL: lambda *_: gettext("A poll has ended"),
    NotificationKind.QUOTE: lambda who, _: gettext("%(who)s quoted you", who=who),
    NotificationKind.CONVERSATION: lambda who, _: gettext(
        "%(who)s replied in a conversation you follow", who=who
    ),
    NotificationKind.MODERATION: lambda *_: gettext(
        "Moderators have made a decision about your account"
    ),
    NotificationKind.BUZZ: lambda who, num: ngettext(
        "%(who)s misses you", "%(who)s miss you", num, who=who
    ),
    NotificationKind.INVITATION: lambda who, num: ngettext(
        "%(who)s invited you into a conversation",
        "%(who)s invited you into a conversation",
        num,
        who=who,
    ),
    NotificationKind.GUEST_REPLY: lambda *_: gettext(
        "Someone without an account replied to you"
    ),
    NotificationKind.FOLLOW_REQUEST: lambda who, num: ngettext(
        "%(who)s wants to follow you", "%(who)s want to follow you", num, who=who
    ),
}


def sentence(kind: NotificationKind, who: str) -> str:
    """Say what one person did, in the reader's language."""
    return _SAID[kind](who, 1)
