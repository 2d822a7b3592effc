"""The forms around mail: asking for one, and what its links carry."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from kwip.domain.accounts.two_factor import Answer, Proof
from kwip.domain.mail.preferences import Frequency, MailPreferences, StaffTopic
from kwip.domain.timelines.notifications import KINDS, NotificationKind
from kwip.schemas.body import BodySchema, StrictSchema, Text, choice, line


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password, and the link that allows to set it."""

    link: str
    password: str


@dataclass(frozen=True, slots=True)
class NewEmail:
    """A new address, and what allows to set it."""

    email: str
    proof: Proof


class ForgotForm(StrictSchema[str]):
    """The email address of somebody who forgot the password."""

    email = line()

    def make(self, *, email: str) -> str:
        """Return the address."""
        return email


class LinkQuery(StrictSchema[str]):
    """What a link in a mail carries."""

    link = Text(load_default="")

    def make(self, *, link: str) -> str:
        """Return it."""
        return link


class EmailForm(StrictSchema[NewEmail]):
    """The new address, the current password, and a code or a passkey."""

    email = line()
    password = line()
    code = line(is_required=False)
    assertion = Text(load_default="")

    def make(self, *, email: str, password: str, code: str, assertion: str) -> NewEmail:
        """Build the value."""
        answer = Answer(code=code, assertion=assertion)
        return NewEmail(email, Proof(password=password, answer=answer))


class KeyQuery(BodySchema[str]):
    """What a link to unsubscribe carries; programs of mail may add to it."""

    key = Text(load_default="")

    def make(self, *, key: str) -> str:
        """Return it."""
        return key


class NotificationMailForm(StrictSchema[MailPreferences]):
    """A box for each kind of notification by mail, and how often.

    Others say what comes by push, and what is on pages; those begin with an empty one,
    so that all can be off, and all are on without any.
    """

    mention = fields.Boolean(load_default=False)
    reply = fields.Boolean(load_default=False)
    quote = fields.Boolean(load_default=False)
    follow = fields.Boolean(load_default=False)
    follow_request = fields.Boolean(load_default=False)
    favourite = fields.Boolean(load_default=False)
    repost = fields.Boolean(load_default=False)
    poll = fields.Boolean(load_default=False)
    post = fields.Boolean(load_default=False)
    conversation = fields.Boolean(load_default=False)
    buzz = fields.Boolean(load_default=False)
    invitation = fields.Boolean(load_default=False)
    guest_reply = fields.Boolean(load_default=False)
    push = fields.List(
        fields.String(validate=validate.OneOf([kind.value for kind in KINDS])),
        load_default=list,
    )
    shown = fields.List(
        fields.String(validate=validate.OneOf(["", *(kind.value for kind in KINDS)])),
        load_default=list,
    )
    frequency = choice(*Frequency)

    def make(
        self, *, frequency: str, push: list[str], shown: list[str], **kinds: bool
    ) -> MailPreferences:
        """Build the preferences."""
        chosen = {NotificationKind(name) for name, is_on in kinds.items() if is_on}
        return MailPreferences(
            kinds=frozenset(chosen),
            frequency=Frequency(frequency),
            push_kinds=frozenset(map(NotificationKind, push)),
            hidden_kinds=frozenset(
                NotificationKind(name) for name in kinds if shown and name not in shown
            ),
        )


class StaffMailForm(StrictSchema["frozenset[StaffTopic]"]):
    """What a member of staff gets mail about."""

    reports = fields.Boolean(load_default=False)
    applications = fields.Boolean(load_default=False)

    def make(self, **topics: bool) -> frozenset[StaffTopic]:
        """Return it."""
        return frozenset(StaffTopic(name) for name, is_on in topics.items() if is_on)


class NewPasswordForm(StrictSchema[NewPassword]):
    """The new password, with the link from the mail."""

    link = line()
    new_password = line()

    def make(self, *, link: str, new_password: str) -> NewPassword:
        """Build the value."""
        return NewPassword(link, new_password)
