"""The forms that write and edit a kwip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields, validate

from kwip.domain.ids import PostId
from kwip.domain.posting.posts import Draft, Edit, QuotePolicy, ReplyPolicy, Visibility
from kwip.schemas.body import Id, StrictSchema, Text, line
from kwip.schemas.policies import policy_field
from kwip.schemas.posting.drafts import WithDraft
from kwip.schemas.posting.polls import PollOfForm
from kwip.schemas.posting.scheduled import WithTime
from kwip.text.translation import lazy_gettext

#: A reply form shows no more people to address.
TO_MAX = 100


class _WithAttachments(Schema):
    """Fields of a form that `AttachForm` reads."""

    media_ids = fields.Raw()
    media_description = fields.Raw()
    media_focus = fields.Raw()
    media_place = fields.Raw()
    media_remove = fields.Raw()
    file_description = fields.Raw()


class ComposeForm(_WithAttachments, WithDraft, WithTime, StrictSchema[Draft]):
    """A kwip; `key` is drawn when the form is made, so that it is posted only once.

    What is attached is read separately.
    """

    text = Text(load_default="")
    visibility = fields.Enum(
        Visibility,
        by_value=True,
        load_default=Visibility.PUBLIC,
        error_messages={"unknown": lazy_gettext("Choose who can see this.")},
    )
    warning = Text(load_default="")
    is_sensitive = fields.Boolean(load_default=False)
    in_reply_to_id = Id(load_default=None)
    quote_of_id = Id(load_default=None)
    to = fields.List(Text(), load_default=list, validate=validate.Length(max=TO_MAX))
    poll = PollOfForm()
    quote_policy = policy_field(QuotePolicy)
    reply_policy = policy_field(ReplyPolicy)
    key = line()

    def make(
        self,
        *,
        text: str,
        visibility: Visibility,
        in_reply_to_id: int | None,
        to: list[str],
        key: str,
        **others: Any,
    ) -> Draft:
        """Build the draft."""
        return Draft(
            text=text,
            warning=others["warning"],
            is_sensitive=others["is_sensitive"],
            visibility=visibility,
            in_reply_to_id=None if in_reply_to_id is None else PostId(in_reply_to_id),
            source="web",
            poll=others["poll"],
            quote_of_id=others["quote_of_id"],
            quote_policy=others["quote_policy"],
            reply_policy=others["reply_policy"],
            idempotency_key=key,
            to=tuple(to),
        )


class EditForm(_WithAttachments, StrictSchema[Edit]):
    """The new text of a kwip, its content warning, and its poll.

    What is attached is read separately.
    """

    text = Text(load_default="")
    warning = Text(load_default="")
    is_sensitive = fields.Boolean(load_default=False)
    poll = PollOfForm(is_edit=True)

    def make(self, *, text: str, warning: str, is_sensitive: bool, **it: Any) -> Edit:
        """Build the edit."""
        edit = Edit(text=text, warning=warning, is_sensitive=is_sensitive)
        return replace(edit, poll=it.get("poll"), keeps_poll="poll" not in it)
