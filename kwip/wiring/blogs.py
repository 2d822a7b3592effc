"""Make the services with which users have their blogs posted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip import __version__
from kwip.services.backups.blogs.blogs import Blogs
from kwip.services.backups.blogs.feed_reader import FeedReader
from kwip.services.backups.blogs.posting import BlogPosting
from kwip.services.bundle import Blogging

if TYPE_CHECKING:
    from kwip.services.bundle import Accounts, Links, OwnData, Posting
    from kwip.wiring.core import Core


def make_blogs(
    core: Core, links: Links, posting: Posting, accounts: Accounts, own_data: OwnData
) -> Blogging:
    """Make them from the services they call."""
    settings, clock = core.settings, core.options.clock
    store, is_on = core.stores.blogs, settings.blogs == "on"
    # With previews it shares how long other sites may keep the lane waiting.
    fetcher = replace(
        links.previews.finder.fetcher,
        user_agent=f"Kwip/{__version__} (feeds; +{settings.origin}/)",
    )
    return Blogging(
        blogs=Blogs(
            store=store,
            ids=core.ids,
            rate_limits=own_data.imports.rate_limits,
            enqueue=core.enqueue,
            clock=clock,
            is_on=is_on,
        ),
        blog_posting=BlogPosting(
            store=store,
            reader=FeedReader(fetcher),
            posts=posting.posts,
            kwips=own_data.imports.kwips,
            email_address=accounts.email_address,
            clock=clock,
            is_on=is_on,
        ),
    )
