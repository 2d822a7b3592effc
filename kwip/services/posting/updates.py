"""Updates: posts that programs send with a single request, or only have checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.ids import PostId
from kwip.domain.posting.posts import Post

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Draft
    from kwip.services.posting.posts import Posts

#: The id of a post that is not stored.
_UNSAVED = PostId(0)


@dataclass(frozen=True, slots=True)
class Updates:
    """Check posts before they are written."""

    posts: Posts

    def check(self, author_id: UserId, draft: Draft) -> Post:
        """Return the post that a draft without files would become; store nothing.

        Its id is 0, and so are those that it belongs to. Up to seven queries.

        Raises:
            InvalidError: The text cannot be used.
        """
        draft, quoted = self.posts.quoting.find(
            author_id, self.posts.texts.clean(draft)
        )
        return Post(
            id=_UNSAVED,
            root_id=_UNSAVED,
            author_id=author_id,
            text=draft.text,
            warning=draft.warning,
            visibility=draft.visibility,
            created_at=at(self.posts.clock()),
            source=draft.source,
            quote_of_id=quoted.id if quoted else None,
            quote_of_author_id=quoted.author_id if quoted else None,
            is_quote=quoted is not None,
            **self.posts.texts.entities(draft.text),
        )
