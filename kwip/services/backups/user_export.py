"""Write everything of one user into an archive: JSON Lines, and their files."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.batches import batches
from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import MAX_ID, ListId, PostId, UserId
from kwip.domain.media.attachments import AttachmentFile
from kwip.domain.media.media import AVATAR, BANNER, PictureFile, is_picture_name
from kwip.domain.posting.reactions import Act
from kwip.domain.timelines.id_lists import Between
from kwip.services.backups.archive import new_archive
from kwip.services.backups.manifests import Manifest
from kwip.services.backups.offline_pages import OfflinePages, file_in, picture_in

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kwip.domain.accounts.users import User
    from kwip.domain.clock import ClockMs
    from kwip.domain.media.attachments import Attachment
    from kwip.domain.moderation.guest_replies import GuestReply
    from kwip.domain.posting.blogs import Blog
    from kwip.domain.posting.drafts import SavedDraft
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.keyword_filters import Filter
    from kwip.domain.social.relationships import Relations
    from kwip.services.backups.archive import ArchiveWriter
    from kwip.services.maintenance.progress import Progress
    from kwip.services.reading.stores import Stores
    from kwip.store.mail.preferences import MailPreferenceStore
    from kwip.store.media import MediaStorage

PROFILE, KWIPS, LISTS = "profile.json", "kwips.jsonl", "lists.jsonl"
FOLLOWERS, TAGS, SETTINGS = "followers.jsonl", "hashtags.jsonl", "settings.json"
FOLLOWS, BLOCKS, MUTES = "follows.jsonl", "blocks.jsonl", "mutes.jsonl"
NOTES, GUESTS = "notes.jsonl", "guest_replies.jsonl"
_PICTURES = {"avatar": AVATAR, "banner": BANNER}
_ACTS = {"favourites.jsonl": Act.FAVOURITE, "bookmarks.jsonl": Act.BOOKMARK}
_BATCH = 500


@dataclass(frozen=True, slots=True)
class UserExport:
    """Exports users, who may keep writing meanwhile."""

    stores: Stores
    mail_preferences: MailPreferenceStore
    media: MediaStorage
    clock: ClockMs

    def create(self, username: str, path: Path, progress: Progress) -> Manifest:
        """Write the archive of a user to `path`.

        Raises:
            NotFoundError: There is no such user.
            ConflictError: The file exists.
            StorageFullError: The disk is full.
        """
        user_id = self.stores.users.ids_of([username]).get(username)
        user = self.stores.users.get_many([user_id]).get(user_id) if user_id else None
        if user is None:
            raise NotFoundError(f"There is no user @{username}.")
        now = at(self.clock())
        with new_archive(path) as archive:
            _write(archive, PROFILE, [_profile(user)])
            progress.begin("kwips", user.posts_count)
            _write(archive, KWIPS, self._kwips(user.id, progress))
            _write(archive, GUESTS, self._guests(user.id))
            for name, rows in self._people(user.id).items():
                _write(archive, name, rows)
            for name, act in _ACTS.items():
                _write(archive, name, self._reactions(act, user.id))
            _write(archive, SETTINGS, [self._settings(user)])
            self._write_files(archive, user, progress)
            pages = OfflinePages(archive, user)
            for posts in self._posts(user.id):
                for post in posts:
                    pages.add(post)
            pages.close()
            return archive.describe(
                Manifest(kind="user", began_at=now, taken_at=now, media="included")
            )

    def _posts(self, user_id: UserId) -> Iterator[list[Post]]:
        """Iterate over everything that a user wrote, the oldest first."""
        after = 0
        while entries := self.stores.posts.entries_by(
            [user_id], above=after, below=MAX_ID, limit=_BATCH, ascending=True
        ):
            found = self.stores.posts.get_many([each.post_id for each in entries])
            yield [post for _, post in sorted(found.items()) if not post.is_tombstone]
            after = entries[-1].post_id

    def _kwips(self, user_id: UserId, progress: Progress) -> Iterator[dict[str, Any]]:
        for posts in self._posts(user_id):
            for post in posts:
                yield _kwip(post) | {"earlier": self._earlier(post)}
            progress.advance(len(posts))

    def _guests(self, user_id: UserId) -> Iterator[dict[str, Any]]:
        after = 0
        while found := self.stores.guest_replies.by(user_id, after, _BATCH):
            yield from map(_guest, found)
            after = found[-1].id

    def _earlier(self, post: Post) -> list[dict[str, Any]]:
        """Return the texts before it was edited; one query if it was."""
        history = self.stores.posts.history(post.id) if post.edited_at else None
        return [
            {"text": each.text, "warning": each.warning, "written_at": each.written_at}
            for each in (history.revisions if history else ())
        ]

    def _people(self, user_id: UserId) -> dict[str, Iterable[dict[str, Any]]]:
        relations = self.stores.relationships.relations([user_id])[user_id]
        lists = self.stores.lists.of_owners([user_id])[user_id]
        return {
            FOLLOWS: self._named(relations.follows),
            BLOCKS: self._named(relations.blocks),
            MUTES: self._mutes(relations),
            NOTES: self._notes(user_id, relations),
            FOLLOWERS: self._named(self.followers(user_id)),
            TAGS: ({"name": tag} for tag in sorted(relations.tags)),
            LISTS: (self._list(each.id) for each in lists),
        }

    def followers(self, user_id: UserId) -> Iterator[UserId]:
        """Iterate over the followers of a user."""
        part = Between(0, MAX_ID, _BATCH, ascending=True)
        while rows := self.stores.relationships.followers(user_id, part):
            yield from (UserId(row.id) for row in rows)
            part = part._replace(above=rows[0].id)

    def _settings(self, user: User) -> dict[str, Any]:
        mailbox = self.stores.credentials.mailbox(user.id)
        mail = self.mail_preferences.find(user.id)
        return {
            "email": mailbox and mailbox.email,
            "email_confirmed_at": mailbox and mailbox.confirmed_at,
            "folds_repeats": user.folds_repeats,
            "requires_descriptions": user.requires_descriptions,
            "undo_s": user.undo_s,
            "language": user.language,
            "time_zone": user.time_zone,
            "reply_policy": user.reply_policy.value,
            "quote_policy": user.quote_policy.value,
            "hides_collections": user.hides_collections,
            "hides_counts": user.hides_counts,
            "is_indexable": user.is_indexable,
            "is_crawlable": user.is_crawlable,
            "may_trend": user.may_trend,
            "endorsed": [each.username for each in self.people(user.endorsed_ids)],
            "filters": list(map(_filter, self.stores.filters.find(user.id).filters)),
            "drafts": list(map(_draft, self.stores.drafts.of_owner(user.id))),
            "feeds": list(map(_feed, self.stores.blogs.of_owner(user.id))),
            "shows_favourites": user.shows_favourites,
            "embed_origins": list(user.embed_origins),
            "notification_mail": sorted(kind.value for kind in mail.kinds),
            "notification_mail_frequency": mail.frequency.value,
            "notification_push": sorted(kind.value for kind in mail.push_kinds),
            "notification_hidden": sorted(kind.value for kind in mail.hidden_kinds),
        }

    def people(self, ids: Iterable[UserId]) -> Iterator[User]:
        """Iterate over users; one query for 500."""
        for some in batches(sorted(ids), _BATCH):
            found = self.stores.users.get_many(some)
            yield from (found[i] for i in some if i in found)

    def _named(self, ids: Iterable[UserId]) -> Iterator[dict[str, Any]]:
        return ({"username": user.username} for user in self.people(ids))

    def _mutes(self, relations: Relations) -> Iterator[dict[str, Any]]:
        ends = dict(relations.mute_ends)
        for user in self.people(relations.mutes):
            yield {
                "username": user.username,
                "hides_notifications": user.id not in relations.heard,
                "ends_at": at(ends[user.id]) if user.id in ends else None,
            }

    def _notes(self, user_id: UserId, relations: Relations) -> Iterator[dict[str, Any]]:
        for some in batches(sorted(relations.noted), _BATCH):
            notes = self.stores.notes.by_user(user_id, some)
            for user in self.people(notes):
                yield {"username": user.username, "note": notes[user.id]}

    def _list(self, list_id: ListId) -> dict[str, Any]:
        listing = self.stores.lists.find(list_id)
        assert listing is not None  # noqa: S101 -- read a moment ago
        return {
            "title": listing.list.title,
            "replies_policy": listing.list.replies_policy.value,
            "is_exclusive": listing.list.is_exclusive,
            "is_public": listing.list.is_public,
            "members": [row["username"] for row in self._named(listing.member_ids)],
        }

    def _reactions(self, act: Act, user_id: UserId) -> Iterator[dict[str, Any]]:
        after = 0
        part = Between(after, MAX_ID, _BATCH, ascending=True)
        while rows := self.stores.reactions.by_user(act, user_id, part)[::-1]:
            for row in rows:
                yield {"kwip_id": str(row.id), "author_id": str(row.author_id)}
            part = part._replace(above=rows[-1].cursor)

    def _write_files(
        self, archive: ArchiveWriter, user: User, progress: Progress
    ) -> None:
        progress.begin("files", 0)
        for field, kind in _PICTURES.items():
            name = str(getattr(user, field))
            if name and is_picture_name(name):
                width = max(width for width, _ in kind.sizes)
                path = PictureFile(name, width).path
                self._write_file(archive, path, picture_in(field))
        for posts in self._posts(user.id):
            for post in posts:
                for each in post.media:
                    self._write_attachment(archive, post, each)
                    progress.advance()

    def _write_attachment(
        self, archive: ArchiveWriter, post: Post, attachment: Attachment
    ) -> None:
        for variant in attachment.variants:
            file = AttachmentFile(
                attachment.file, variant, is_open=post.visibility.is_open
            )
            self._write_file(archive, file.path, file_in(attachment.id, variant))

    def _write_file(self, archive: ArchiveWriter, path: str, name: str) -> None:
        found = self.media.open(path)
        if found is None:  # deleted meanwhile
            return
        with found.content, archive.member(name, is_packed=False) as member:
            shutil.copyfileobj(found.content, member)
            member.count = 1


def _write(archive: ArchiveWriter, name: str, rows: Iterable[dict[str, Any]]) -> None:
    with archive.member(name) as member:
        for row in rows:
            text = json.dumps(row, ensure_ascii=False, default=_plain)
            member.write(text.encode("utf-8", "surrogatepass") + b"\n")
            member.count += 1


def _plain(value: dt.datetime) -> str:
    return value.isoformat()


def _profile(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "username": user.username,
        "display_name": user.display_name,
        "bio": user.bio,
        "fields": [{"name": f.name, "value": f.value} for f in user.fields],
        "pinned_ids": [str(i) for i in user.pinned_ids],
        "featured_tags": [tag.name for tag in user.featured_tags],
        "is_embeddable": user.is_embeddable,
        "is_discoverable": user.is_discoverable,
        "is_locked": user.is_locked,
        "created_at": user.created_at,
    }


def _guest(reply: GuestReply) -> dict[str, Any]:
    return {
        "kwip_id": str(reply.post_id),
        "name": reply.name,
        "text": reply.text,
        "created_at": reply.created_at,
    }


def _filter(each: Filter) -> dict[str, Any]:
    ends = each.expires_ms
    return {
        "title": each.title,
        "contexts": [context.value for context in each.contexts],
        "action": each.action.value,
        "expires_at": None if ends is None else at(ends),
        "keywords": [
            {"text": k.text, "is_whole_word": k.is_whole_word} for k in each.keywords
        ],
        "kwip_ids": [str(p.post_id) for p in each.posts],
    }


def _feed(blog: Blog) -> dict[str, Any]:
    return {
        "url": blog.url,
        "title": blog.title,
        "is_paused": blog.is_paused,
        "added_at": blog.added_at,
        "posted_count": blog.posted_count,
    }


def _draft(draft: SavedDraft) -> dict[str, Any]:
    content = draft.content
    parent, poll = content.in_reply_to_id, content.poll
    return {
        "updated_at": draft.updated_at,
        "scheduled_at": draft.scheduled_at,
        "text": content.text,
        "warning": content.warning,
        "visibility": content.visibility.value,
        "in_reply_to_id": None if parent is None else str(parent),
        "poll": None if poll is None else list(poll.titles),
    }


def _kwip(post: Post) -> dict[str, Any]:
    def text_of(post_id: PostId | None) -> str | None:
        return None if post_id is None else str(post_id)

    return {
        "id": str(post.id),
        "created_at": post.created_at,
        "visibility": post.visibility.value,
        "text": post.text,
        "warning": post.warning,
        "is_sensitive": post.is_sensitive,
        "language": post.language,
        "source": post.source,
        "quote_policy": post.quote_policy.value,
        "reply_policy": post.reply_policy.value,
        "in_reply_to_id": text_of(post.in_reply_to_id),
        "repost_of_id": text_of(post.repost_of_id),
        "quote_of_id": text_of(post.quote_of_id),
        "edited_at": post.edited_at,
        "media": [{**asdict(each), "id": str(each.id)} for each in post.media],
        "poll": None if post.poll is None else asdict(post.poll),
        "replies_count": post.replies_count,
        "reposts_count": post.reposts_count,
        "favourites_count": post.favourites_count,
    }
