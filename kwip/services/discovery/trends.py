"""Show trends to one viewer: what was computed, checked against what holds now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.filters import hidden_by
from kwip.domain.timelines.tags import TagView
from kwip.domain.timelines.trends import MIN_PEOPLE, LinkView, may_trend
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.social.keyword_filters import Filtering
    from kwip.domain.timelines.trends import Trend, TrendKind
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration


@dataclass(frozen=True, slots=True)
class Trends:
    """Trends of each kind. Warm: 3 round trips with authentication, no MongoDB.

    A post must still be public and not sensitive, by somebody who wants to be in trends
    and whom no block, mute, silence or suspension hides. A hashtag or link is only
    shown if so many of the posts kept with it are such posts, and still have it, that
    it would be a trend. The rules of staff apply at once.
    """

    entities: Entities
    hydration: Hydration
    rules: Callable[[], DiscoveryRules]

    def posts(
        self,
        viewer: Viewer | None,
        loader: Loader,
        filtering: Filtering | None = None,
    ) -> list[PostView]:
        """Return the posts that trend, the highest score first."""
        found = self._checked(viewer, loader, "posts", lambda *_: True, filtering)
        return [views[0] for _, views in found if views]

    def tags(self, viewer: Viewer | None, loader: Loader) -> list[TagView]:
        """Return the hashtags that trend, the highest score first."""
        found = self._checked(
            viewer, loader, "tags", lambda tag, view: view.post.has_hashtag(tag)
        )
        followed = self.hydration.relations(viewer, loader).tags
        return [
            TagView(trend.name, trend.name in followed, trend.history)
            for trend, views in found
            if len(views) >= MIN_PEOPLE
        ]

    def links(self, viewer: Viewer | None, loader: Loader) -> list[LinkView]:
        """Return the links that trend, the highest score first."""
        found = self._checked(viewer, loader, "links", _begins_with)
        return [
            LinkView(trend.name, trend.history)
            for trend, views in found
            if len(views) >= MIN_PEOPLE
        ]

    def _may(self, kind: TrendKind, name: str) -> bool:
        return may_trend(self.rules(), kind, name)

    def _checked(
        self,
        viewer: Viewer | None,
        loader: Loader,
        kind: TrendKind,
        has: Callable[[str, PostView], bool],
        filtering: Filtering | None = None,
    ) -> list[tuple[Trend, Sequence[PostView]]]:
        """Return the trends of a kind with those of their posts that still count."""
        viewers = [] if viewer is None else [viewer.id]
        known = loader.load(
            Lookup(self.entities.trends, [kind]),
            Lookup(self.entities.relations, viewers),
        )[0][kind]
        trends = [each for each in known if self._may(kind, each.name)]
        hidden = hidden_by(self.hydration.relations(viewer, loader))
        entries = [post for each in trends for post in each.posts]
        entries = [post for post in entries if post.author_id not in hidden]
        views = self.hydration.posts(viewer, loader, entries, filtering=filtering)
        shown = {i: view for i, view in views.items() if _may_trend(view)}
        return [
            (
                trend,
                [
                    shown[post.post_id]
                    for post in trend.posts
                    if post.post_id in shown and has(trend.name, shown[post.post_id])
                ],
            )
            for trend in trends
        ]


def _may_trend(view: PostView) -> bool:
    post = view.post
    is_public = post.visibility is Visibility.PUBLIC
    is_calm = not (post.is_sensitive or post.warning)
    is_wanted = view.author.may_trend and not view.is_author_limited
    return is_public and is_calm and is_wanted


def _begins_with(url: str, view: PostView) -> bool:
    return bool(view.post.links) and view.post.links[0].url == url
