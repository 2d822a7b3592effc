"""Find out what a link leads to: fetch the page, read its head, copy its picture."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from kwip.domain.errors import InvalidError
from kwip.domain.media.attachments import file_name
from kwip.domain.media.link_previews import (
    PREVIEW_FILE,
    LinkPreview,
    PreviewImage,
    PreviewKind,
    preview_path,
)
from kwip.services.media.converting.isolated import FailedError, Isolated, Limits
from kwip.services.outgoing.connections import FetchError
from kwip.services.outgoing.fetching import Limit
from kwip.text.web_pages import (
    DESCRIPTION_CHARS,
    NAME_CHARS,
    TITLE_CHARS,
    PageFacts,
    cleaned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.signed_addresses import Signer
    from kwip.services.media.converting.pictures import Pictures
    from kwip.services.media.stored.attachment_files import AttachmentFiles
    from kwip.services.outgoing.fetching import Fetched, Fetcher

_PAGE = Limit(max_bytes=1_000_000, may_be_cut=True)
_IMAGE = {"image/": Limit(max_bytes=5_000_000)}
_LINKED = {"text/html": _PAGE, "application/xhtml+xml": _PAGE, **_IMAGE}
_OEMBED = {"application/json": Limit(max_bytes=100_000)}
#: A page of 1 MB takes 80 MB and 30 ms, including the program. One of 200,000 nested
#: elements would take minutes, because the standard says how to parse it.
_CHILD = Limits(memory_bytes=400_000_000, cpu_s=1, waiting=16)


class PageReader:
    """Read the head of pages in a child process."""

    def __init__(self) -> None:
        self._child = Isolated("kwip.services.links.page_child", _CHILD)

    def read(self, page: Fetched) -> PageFacts:
        """Return what a page says of itself.

        Raises:
            FetchError: It cannot be read.
            StoreUnavailableError: Too many pages are being read.
        """
        question = {"charset": page.charset, "url": page.url}
        try:
            answer, _ = self._child.run(question, io.BytesIO(page.content))
            # What comes from a child may be anything.
            return PageFacts(**{name: str(said) for name, said in answer.items()})
        except (FailedError, TypeError) as error:
            raise FetchError("unreadable") from error

    def close(self) -> None:
        """End the child, if there is one."""
        self._child.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Make previews of addresses; one request for the page, one for its picture.

    One more if the page lacks a title or a picture and says where else they are
    (oEmbed).
    """

    fetcher: Fetcher
    reader: PageReader
    pictures: Pictures
    files: AttachmentFiles
    signer: Signer

    def find(self, url: str) -> LinkPreview | None:
        """Make a preview, and store its picture; None if the page has no title.

        Raises:
            FetchError: The page cannot be fetched, or read.
            StoreUnavailableError: Too many are being made.
            StorageFullError: The disk is full.
        """
        page = self.fetcher.get(url, _LINKED)
        if page.media_type.startswith("image/"):
            return self._photo(url, page)
        facts = self._completed(self.reader.read(page))
        title = cleaned(facts.title, max_chars=TITLE_CHARS)
        if not title:
            return None
        return LinkPreview(
            url=url,
            kind=PreviewKind.LINK,
            title=title,
            description=cleaned(facts.description, max_chars=DESCRIPTION_CHARS),
            author_name=cleaned(facts.author_name, max_chars=NAME_CHARS),
            provider_name=cleaned(facts.provider_name, max_chars=NAME_CHARS),
            image=self._fetched_image(facts),
        )

    def _photo(self, url: str, page: Fetched) -> LinkPreview | None:
        image = self.copy(page.content)
        if image is None:
            return None
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        title = cleaned(name, max_chars=TITLE_CHARS) or urlsplit(url).hostname or ""
        return LinkPreview(url=url, kind=PreviewKind.PHOTO, title=title, image=image)

    def _completed(self, facts: PageFacts) -> PageFacts:
        """Add what only the page's oEmbed document says; its HTML is never used."""
        if not facts.oembed_url or (facts.title and facts.image_url):
            return facts
        try:
            content = self.fetcher.get(facts.oembed_url, _OEMBED).content
            said: Any = json.loads(content)
        except (FetchError, ValueError, RecursionError):
            return facts
        return _with_oembed(facts, said) if isinstance(said, dict) else facts

    def _fetched_image(self, facts: PageFacts) -> PreviewImage | None:
        """Copy the picture of a page, if it can be used."""
        if not facts.image_url:
            return None
        try:
            content = self.fetcher.get(facts.image_url, _IMAGE).content
        except FetchError:
            return None
        description = cleaned(facts.image_description, max_chars=DESCRIPTION_CHARS)
        return self.copy(content, description)

    def copy(self, content: bytes, description: str = "") -> PreviewImage | None:
        """Store a small copy of a picture; None if it cannot be used."""
        try:
            made = self.pictures.still(PREVIEW_FILE, io.BytesIO(content))
        except InvalidError:
            return None
        files = {name: io.BytesIO(part) for name, part in made.files.items()}
        name = file_name(files, self.signer.file_key)
        path = preview_path(name)
        self.files.media.save(path, files[PREVIEW_FILE])
        return PreviewImage(
            file=name,
            width=made.width,
            height=made.height,
            blurhash=made.blurhash,
            description=description,
        )


def _with_oembed(facts: PageFacts, said: Mapping[str, object]) -> PageFacts:
    def text(name: str) -> str:
        value = said.get(name)
        return value if isinstance(value, str) else ""

    is_photo = said.get("type") == "photo"
    return replace(
        facts,
        title=facts.title or text("title"),
        author_name=facts.author_name or text("author_name"),
        provider_name=facts.provider_name or text("provider_name"),
        image_url=facts.image_url
        or text("thumbnail_url")
        or (text("url") if is_photo else ""),
    )
