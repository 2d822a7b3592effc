"""Clean texts for storing, and find what is in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from kwip.domain.posting.posts import IMPORTED
from kwip.domain.posting.sources import FEED
from kwip.domain.text import Hashtag, Link, Mention
from kwip.text.cleaning import clean_text, clean_warning
from kwip.text.parsing import parse
from kwip.text.polls import clean_poll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.posting.posts import Draft, Post
    from kwip.domain.text import Entities
    from kwip.store.accounts.users import UserStore


class TextEntities(TypedDict):
    """Links, mentions and hashtags of a text, as fields of a post."""

    links: tuple[Link, ...]
    mentions: tuple[Mention, ...]
    hashtags: tuple[Hashtag, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """Clean and parse texts by the rules of the site; `host` is its own."""

    users: UserStore
    max_chars: int
    host: str

    def clean(self, draft: Draft) -> Draft:
        """Clean the text and its content warning, which count together, and the poll.

        The text may be empty if anything is attached or quoted.

        Raises:
            InvalidError: They cannot be used.
        """
        warning = clean_warning(draft.warning)
        text = clean_text(
            draft.text,
            max_chars=self.max_chars,
            warning=warning,
            may_be_empty=bool(draft.attachment_ids or draft.quote_of_id),
        )
        is_sensitive = draft.is_sensitive or warning != ""
        poll = draft.poll and clean_poll(
            draft.poll, has_media=bool(draft.attachment_ids)
        )
        return replace(
            draft, text=text, warning=warning, is_sensitive=is_sensitive, poll=poll
        )

    def parse(self, text: str) -> Entities:
        """Parse a text by the rules of the site, without looking up users."""
        return parse(text, host=self.host)

    def of_draft(self, draft: Draft) -> TextEntities:
        """Parse a draft; what a feed says mentions nobody, as its member did not."""
        if draft.source != FEED:
            return self.entities(draft.text, draft.to)
        found = self.parse(draft.text)
        return TextEntities(links=found.links, mentions=(), hashtags=found.hashtags)

    def of_edit(self, text: str, old: Post) -> TextEntities:
        """Parse the text of an edit; who corrects a feed or an import mentions nobody.

        Its names were no mentions, and stay text. Those that the author adds are.
        """
        found = self.entities(text)
        if old.source not in {FEED, IMPORTED}:
            return found
        known = {each.user_id for each in old.mentions}
        named = {name.username for name in self.parse(old.text).names}
        mentions = (
            each
            for each in found["mentions"]
            if each.user_id in known or each.username not in named
        )
        return {**found, "mentions": tuple(mentions)}

    def entities(self, text: str, to: Sequence[str] = ()) -> TextEntities:
        """Parse a text; keep mentions of users who may be seen. Two queries.

        A mention of a suspended user stays plain text. Users named in `to` and not in
        the text are mentioned outside of it.
        """
        found = self.parse(text)
        named = {n.username for n in found.names}
        names = {*named, *to}
        known = self.users.ids_of(names) if names else {}
        shown = self.users.shown_among(known.values()) if known else set()
        mentions = tuple(
            Mention(n.start, n.end, known[n.username], n.username)
            for n in found.names
            if known.get(n.username) in shown
        )
        beside = tuple(
            Mention(0, 0, known[name], name)
            for name in dict.fromkeys(to)
            if name not in named and known.get(name) in shown
        )
        return TextEntities(
            links=found.links, mentions=beside + mentions, hashtags=found.hashtags
        )
