"""Bring a user and their kwips from the archive of another Kwip.

User, kwips and attachments keep their ids, so their dates stay the same, kwips find the
own ones that they answer and quote, and an import that is repeated finds what is there.
"""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, TYPE_CHECKING

from kwip.domain.accounts.users import ProfileChange, ProfileField, Viewer
from kwip.domain.batches import batches
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.ids import UserId
from kwip.domain.media.attachments import Attachment, Upload, UploadState, file_name
from kwip.domain.posting.posts import IMPORTED
from kwip.services.accounts.users import SignUp
from kwip.services.backups.offline_pages import file_in, picture_in
from kwip.services.backups.people_import import PeopleImport
from kwip.services.backups.post_import import PostImport
from kwip.services.backups.user_export import (
    BLOCKS,
    FOLLOWS,
    KWIPS,
    LISTS,
    MUTES,
    NOTES,
    PROFILE,
)
from kwip.services.backups.user_rows import (
    Row,
    id_in,
    lists_in,
    mutes_in,
    names_in,
    notes_in,
    post_in,
    read_file,
    reading,
    rows_of,
    text_in,
)

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.posting.posts import Post
    from kwip.services.accounts.users import Users
    from kwip.services.backups.archive import Archive
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.home_backfill import HomeBackfill
    from kwip.services.delivery.search_index import SearchIndex
    from kwip.services.maintenance.progress import Progress
    from kwip.services.media.attachments import Attachments
    from kwip.services.posting.texts import Texts
    from kwip.services.reading.stores import Stores
    from kwip.services.social.lists import Lists
    from kwip.services.social.relationships import Relationships

_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How the user signs in here; without a username, it is that of the archive."""

    email: str
    password: str = field(repr=False)
    username: str | None = None


@dataclass(slots=True)
class Imported:
    """What an import has added, and what could not be brought over, in words."""

    user_id: UserId
    username: str
    added: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserImport:
    """Imports users. Nobody is notified, and no home but the user's own changes."""

    stores: Stores
    users: Users
    relationships: Relationships
    lists: Lists
    attachments: Attachments
    texts: Texts
    search_index: SearchIndex
    home_backfill: HomeBackfill
    fence: Fence
    clock: ClockMs

    def run(self, archive: Archive, account: Account, progress: Progress) -> Imported:
        """Import an archive; run it again to resume an interrupted one.

        Raises:
            InvalidError: The archive is damaged or has what no export writes, or the
                username or the e-mail address is taken.
        """
        archive.check(progress)
        _require_members(archive)
        profile = _profile_row(archive)
        with reading(PROFILE, 1):
            name = str(account.username or profile["username"]).lower()
            user_id = UserId(id_in(profile["id"], self.clock()))
        self._check_rows(archive, user_id, profile)
        viewer = self._user(user_id, name, account)
        done = Imported(viewer.id, viewer.username)
        self.users.update_profile(viewer, _profile_in(archive, profile))
        total = archive.manifest.members[KWIPS].count
        progress.begin("kwips", total)
        number = 0
        for rows in batches(rows_of(archive, KWIPS), _BATCH):
            self._import_kwips(archive, viewer, rows, number, done)
            number += len(rows)
            progress.advance(len(rows))
        self._import_people(archive, viewer, done)
        self._import_notes(archive, viewer)
        self._import_lists(archive, viewer, done)
        self.home_backfill.rebuild(viewer.id)
        return done

    def _check_rows(self, archive: Archive, user_id: UserId, profile: Row) -> None:
        """Read everything once, before anything is written."""
        with reading(PROFILE, 1):
            self.users.check_profile(_profile_in(archive, profile))
        for line, row in enumerate(rows_of(archive, KWIPS), 1):
            with reading(KWIPS, line):
                post_in(row, user_id, self.texts, self.clock())
        for member in (FOLLOWS, BLOCKS, MUTES):
            names_in(archive, member)
        mutes_in(archive, MUTES, self.clock())
        _notes(archive)
        for _ in lists_in(archive, LISTS):
            pass

    def _user(self, user_id: UserId, name: str, account: Account) -> Viewer:
        owner = self.stores.users.ids_of([name]).get(name)
        if owner is None:
            known = self.stores.users.get_many([user_id]).get(user_id)
            if known is not None:
                raise InvalidError(
                    f"This user is here already, as @{known.username}. Leave out --as"
                    " to bring the rest, or delete that user first."
                )
            form = SignUp(username=name, email=account.email, password=account.password)
            self.users.sign_up(form, user_id=user_id)
        elif owner != user_id:
            raise InvalidError(
                f"The username {name} is taken. Use --as with another one."
            )
        return Viewer.without_session(user_id, name)

    def _import_kwips(
        self,
        archive: Archive,
        viewer: Viewer,
        rows: list[Row],
        number: int,
        done: Imported,
    ) -> None:
        wanted: list[Post] = []
        for line, row in enumerate(rows, number + 1):
            with reading(KWIPS, line):
                found = post_in(row, viewer.id, self.texts, self.clock())
            if isinstance(found, str):
                done.findings.append(f"kwip {row['id']}: {found}")
            else:
                wanted.append(found)
        there = self.stores.posts.get_many([post.id for post in wanted])
        added = []
        for post in wanted:
            if post.id in there:
                if there[post.id].author_id != viewer.id:
                    done.findings.append(f"kwip {post.id}: its id is taken here")
                continue
            linked = self._posts.linked(post)
            try:
                self._insert(archive, linked)
            except (ConflictError, InvalidError) as error:
                done.findings.append(f"kwip {post.id}: {error.message}")
                continue
            added.append(linked)
        self.search_index.put(added)
        done.added["kwips"] += len(added)

    def _insert(self, archive: Archive, post: Post) -> None:
        media = tuple(self._uploaded(archive, post, each) for each in post.media)
        self.fence.invalidate(
            self._posts.insert(replace(post, media=media), IMPORTED, "push")
        )

    @property
    def _posts(self) -> PostImport:
        return PostImport(self.stores, self.attachments, self.clock)

    def _uploaded(self, archive: Archive, post: Post, each: Attachment) -> Attachment:
        """Store an attachment that has no post yet, unless it is there."""
        store, files = self.attachments.store, self.attachments.files
        found = store.of_owner(post.author_id, [each.id])
        if each.id in found:
            return found[each.id].attachment
        if store.find(each.id):
            raise ConflictError(f"the id of its file {each.id} is taken here")
        parts = {
            variant: io.BytesIO(read_file(archive, file_in(each.id, variant)))
            for variant in each.variants
        }
        name = file_name(parts, self.attachments.signer.file_key)
        upload = Upload(
            attachment=replace(each, file=name),
            owner_id=post.author_id,
            state=UploadState.READY,
            post_id=None,
            is_open=False,
            size_bytes=sum(part.getbuffer().nbytes for part in parts.values()),
        )
        files.save(name, parts)
        store.insert(upload, at(self.clock()))
        files.save(name, parts)  # once more: see `AttachmentFiles.place`
        return upload.attachment

    def _import_people(self, archive: Archive, viewer: Viewer, done: Imported) -> None:
        """Follow, block and mute the users of these names that are here."""
        people = self._people
        for kind in (BLOCKS, MUTES, FOLLOWS):
            what, names = kind.removesuffix(".jsonl"), names_in(archive, kind)
            # Some mutes may be over by now.
            terms = mutes_in(archive, MUTES, self.clock()) if kind == MUTES else None
            made = people.relate(viewer, what, names, terms)
            if made.added:
                done.added[what] += made.added
            done.findings += [f"{what}: @{name} is not here" for name in made.unknown]
            done.findings += [f"{what}: @{name}: {why}" for name, why in made.refused]

    def _import_notes(self, archive: Archive, viewer: Viewer) -> None:
        notes = _notes(archive)
        for name, user_id in self.stores.users.ids_of(notes).items():
            self.stores.notes.write(viewer.id, user_id, notes[name])

    @property
    def _people(self) -> PeopleImport:
        return PeopleImport(
            self.stores, self.relationships, self.lists, self.fence, self.clock
        )

    def _import_lists(self, archive: Archive, viewer: Viewer, done: Imported) -> None:
        """Create the lists whose titles the user has no list of."""
        titles = self._people.titles(viewer)
        for change, names in lists_in(archive, LISTS):
            if change.title in titles:
                continue
            try:
                self._people.add_list(viewer, change, names)
            except InvalidError as error:  # there are too many
                done.findings.append(f"list {change.title}: {error.message}")
                continue
            done.added["lists"] += 1


def _require_members(archive: Archive) -> None:
    for name in (PROFILE, KWIPS, FOLLOWS, BLOCKS, MUTES, LISTS):
        if name not in archive.manifest.members:
            raise InvalidError(f"{archive.path} has no {name}. Export the user again.")


def _notes(archive: Archive) -> dict[str, str]:
    """Return the notes about people; older archives have none."""
    return notes_in(archive, NOTES) if NOTES in archive.manifest.members else {}


def _profile_row(archive: Archive) -> Row:
    rows = list(islice(rows_of(archive, PROFILE), 2))
    if len(rows) != 1:
        raise InvalidError(f"{PROFILE} must have exactly one line: the user's profile.")
    return rows[0]


def _profile_in(archive: Archive, row: Row) -> ProfileChange:
    with reading(PROFILE, 1):
        fields = tuple(
            ProfileField(text_in(each["name"]), text_in(each["value"]))
            for each in row["fields"]
        )
        return ProfileChange(
            display_name=text_in(row["display_name"]),
            bio=text_in(row["bio"]),
            fields=fields,
            is_embeddable=bool(row["is_embeddable"]),
            is_discoverable=bool(row["is_discoverable"]),
            is_locked=bool(row.get("is_locked")),
            avatar=_picture(archive, "avatar"),
            banner=_picture(archive, "banner"),
        )


def _picture(archive: Archive, field: str) -> IO[bytes] | None:
    name = picture_in(field)
    if name not in archive.manifest.members:
        return None
    return io.BytesIO(read_file(archive, name))
