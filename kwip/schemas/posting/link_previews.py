"""Link previews: Mastodon's PreviewCard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.schemas.dumping import DumpSchema, constant

if TYPE_CHECKING:
    from kwip.domain.posting.posts import Post


class PreviewCardSchema(DumpSchema):
    """A `Post` that has a preview as Mastodon's PreviewCard.

    There is never HTML of another site in it, so its type is `link` or `photo`.
    """

    url = fields.String(attribute="preview.url")
    title = fields.String(attribute="preview.title")
    description = fields.String(attribute="preview.description")
    language = constant(None)
    type = fields.Function(lambda post: post.preview.kind.value)
    author_name = fields.String(attribute="preview.author_name")
    author_url = constant("")
    provider_name = fields.String(attribute="preview.provider_name")
    provider_url = constant("")
    html = constant("")
    width = fields.Function(lambda post: _size(post)[0])
    height = fields.Function(lambda post: _size(post)[1])
    image = fields.Method("get_image")
    image_description = fields.Method("get_image_description")
    embed_url = constant("")
    blurhash = fields.Function(
        lambda post: post.preview.image and post.preview.image.blurhash
    )
    published_at = constant(None)
    authors = fields.Method("get_authors")

    def get_image(self, post: Post) -> str | None:
        """Return the address of our copy of the picture."""
        return self.urls.preview_image(post)

    def get_image_description(self, post: Post) -> str:
        """Return what the page says of its picture."""
        image = post.preview and post.preview.image
        return image.description if image else ""

    def get_authors(self, post: Post) -> list[dict[str, object]]:
        """Return the author, if the page names one."""
        name = post.preview.author_name if post.preview else ""
        return [{"name": name, "url": "", "account": None}] if name else []


def _size(post: Post) -> tuple[int, int]:
    image = post.preview and post.preview.image
    return (image.width, image.height) if image else (0, 0)
