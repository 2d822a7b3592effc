"""Make the services of `kwip.services.posting`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kwip.services.bundle import Posting
from kwip.services.posting.claims import ClaimedIds
from kwip.services.posting.conversation_invites import ConversationInvites
from kwip.services.posting.conversations import Conversations
from kwip.services.posting.drafts import Drafts
from kwip.services.posting.permissions import Permissions
from kwip.services.posting.pins import Pins
from kwip.services.posting.policies import Policies
from kwip.services.posting.polls import Polls
from kwip.services.posting.posts import Posts
from kwip.services.posting.quotes import Quotes
from kwip.services.posting.quoting import Quoting
from kwip.services.posting.reactions import Reactions
from kwip.services.posting.reposts import Reposts
from kwip.services.posting.scheduled import Scheduled
from kwip.services.posting.texts import Texts
from kwip.services.posting.updates import Updates
from kwip.store.posting.claims import ClaimStore

if TYPE_CHECKING:
    from kwip.services.bundle import Delivery, Links, Reading, Uploads
    from kwip.wiring.core import Core


def make_posting(
    core: Core, delivery: Delivery, reading: Reading, media: Uploads, links: Links
) -> Posting:
    """Make them from the services they call."""
    stores, fence, loaders = core.stores, core.fence, core.loaders
    permissions, policies = Permissions(stores), Policies(stores, fence)
    posts = Posts(
        stores=stores,
        claims=ClaimedIds(ClaimStore(core.store), core.ids, core.options.clock),
        hydration=reading.hydration,
        threads=reading.threads,
        permissions=permissions,
        policies=policies,
        quoting=Quoting(stores, permissions, core.settings.origin),
        attachments=media.attachments,
        previews=links.previews,
        purges=media.attachments.files.purges,
        publication=delivery.publication,
        notifier=delivery.notifier,
        loaders=loaders,
        fence=fence,
        clock_guard=core.clock_guard,
        clock=core.options.clock,
        texts=Texts(
            stores.users,
            max_chars=core.settings.post_max_chars,
            host=urlsplit(core.settings.origin).netloc,
        ),
    )
    drafts = Drafts(
        store=stores.drafts,
        uploads=media.attachments.store,
        posts=posts,
        ids=core.ids,
        clock=core.options.clock,
    )
    return Posting(
        posts=posts,
        updates=Updates(posts),
        drafts=drafts,
        scheduled=Scheduled(drafts=drafts, posts=posts, clock=core.options.clock),
        reactions=Reactions(
            store=stores.reactions,
            users=stores.users,
            permissions=permissions,
            posts=posts,
            loaders=loaders,
            notifier=delivery.notifier,
            fence=fence,
            purges=media.attachments.files.purges,
            ids=core.ids,
        ),
        reposts=Reposts(
            stores=stores,
            permissions=permissions,
            publication=delivery.publication,
            posts=posts,
            loaders=loaders,
            fence=fence,
            clock_guard=core.clock_guard,
            ids=core.ids,
            clock=core.options.clock,
        ),
        polls=Polls(
            store=stores.votes,
            permissions=permissions,
            posts=posts,
            loaders=loaders,
            fence=fence,
            ids=core.ids,
            clock=core.options.clock,
        ),
        conversations=Conversations(
            muted=stores.muted_conversations,
            followed=stores.followed_conversations,
            permissions=permissions,
            posts=posts,
            loaders=loaders,
            fence=fence,
        ),
        conversation_invites=ConversationInvites(
            stores=stores, permissions=permissions, nudging=delivery.nudging
        ),
        quotes=Quotes(
            stores, permissions, policies, delivery.publication, posts, loaders, fence
        ),
        pins=Pins(stores, permissions, posts, loaders, fence),
    )
