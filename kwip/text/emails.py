"""E-mail addresses: which are valid, and when two are the same.

What was typed is kept for sending. Addresses are compared by a key: the local part in
lower case (no case folding: `ß` and `ss` are different mailboxes), and the domain in
the ASCII form of IDNA.
"""

from __future__ import annotations

import re
import unicodedata

from kwip.domain.accounts.users import Email
from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.text.hosts import ascii_host

_LOCAL = re.compile(r"[^@\s]{1,64}")
#: A top-level domain is not a number, and the host has something before it.
_DOMAIN = re.compile(r".+\.[a-z](?:[a-z0-9-]*[a-z0-9])")


def clean_email(text: str) -> Email:
    """Parse the address of a new account.

    Raises:
        InvalidError: It does not look like an address.
    """
    email = read_email(text)
    local, _, domain = email.key.rpartition("@")
    fits = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not (fits and email.address.isprintable() and ascii_host(domain)):
        raise InvalidError(
            lazy_gettext("That email address can't be used."),
            {
                "email": lazy_gettext(
                    "Enter an email address, such as name@example.org."
                )
            },
        )
    return email


def clean_domain(text: str) -> str:
    """Parse a domain of addresses, with or without the `@`; return it in ASCII.

    Raises:
        InvalidError: No address can have it.
    """
    domain = ascii_host(text.strip().removeprefix("@"))
    if domain is None or not _DOMAIN.fullmatch(domain):
        raise InvalidError(
            lazy_gettext("That domain can't be used."),
            {
                "domain": lazy_gettext(
                    "Enter what follows the @ of an address: example.org."
                )
            },
        )
    return domain


def clean_blocked(text: str) -> str:
    """Parse a domain of addresses, or one address; return it as it is compared.

    An address loses what follows a `+` in it, which often leads to the same mailbox.

    Raises:
        InvalidError: No address can have it.
    """
    if "@" not in text.strip()[1:]:
        return clean_domain(text)
    try:
        return _without_tag(clean_email(text).key)
    except InvalidError as error:
        raise InvalidError(error.message, {"domain": error.fields["email"]}) from error


def blocked_by(email: Email) -> list[str]:
    """Return what blocks an address: itself, its domain, and all domains above it."""
    labels = email.key.rpartition("@")[2].split(".")
    domains = [".".join(labels[place:]) for place in range(len(labels))]
    return [email.key, _without_tag(email.key), *domains]


def _without_tag(key: str) -> str:
    local, _, domain = key.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def read_email(text: str) -> Email:
    """Parse an address, valid or not, to look for its account."""
    address = text.strip()
    local, _, domain = address.rpartition("@")
    host = ascii_host(domain) or domain.lower()
    key = f"{unicodedata.normalize('NFC', local.lower())}@{host}"
    return Email(address, key, address.casefold())
