"""What a device is told of a notification: a sentence, a text, and where to see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.push import PushMessage
from kwip.domain.timelines.notifications import APP_TYPES
from kwip.services.mail.digests import sentence
from kwip.services.push.encryption import MAX_BYTES
from kwip.text.excerpts import excerpt
from kwip.text.translation import language

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.users import User
    from kwip.domain.timelines.notifications import NotificationView
    from kwip.services.mail.site import Site

_BODY = 200


@dataclass(frozen=True, slots=True)
class PushMessages:
    """Write messages; `icon_of` returns the address of a user's picture."""

    site: Site
    icon_of: Callable[[User], str]

    def write(self, view: NotificationView) -> PushMessage:
        """Write the message of a notification, as its recipient may see it.

        Nothing of a kwip whose text a filter folds or a warning covers.
        """
        shown = view.post
        if view.strike is not None:
            body, path = "", "/settings/strikes"
        elif shown is None:
            body, path = excerpt(view.actor.bio, _BODY), f"/@{view.actor.username}"
        else:
            post = shown.post
            text = "" if shown.folded_by else post.warning or post.text
            body = excerpt(text, _BODY)
            path = f"/@{shown.author.username}/{post.id}"
        return PushMessage(
            notification_id=view.id,
            type=APP_TYPES[view.kind],
            title=sentence(view.kind, f"@{view.actor.username}"),
            body=body,
            icon=self.icon_of(view.actor),
            address=self.site.page(path),
        )

    @staticmethod
    def payload(message: PushMessage, token: str) -> bytes:
        """Return the JSON that Mastodon's apps read, `url` added for browsers.

        A body that makes it too long is left out.
        """
        fields = {
            "access_token": token,
            "preferred_locale": language(),
            "notification_id": str(message.notification_id),
            "notification_type": message.type,
            "title": message.title,
            "body": message.body,
            "icon": message.icon,
        }
        if not token:
            del fields["access_token"]
            fields["url"] = message.address
        written = json.dumps(fields, ensure_ascii=False).encode()
        if len(written) > MAX_BYTES:
            shorter = fields | {"body": ""}
            written = json.dumps(shorter, ensure_ascii=False).encode()
        return written
