"""Clean the settings of the site, and report which of them cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.site import (
    DESCRIPTION_MAX,
    MAX_RULES,
    NAME_MAX,
    PAGE_MAX,
    PAGES,
    RULE_MAX,
    SignUpMode,
    renumbered,
)
from kwip.domain.accounts.users import clean_username
from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.text.emails import clean_email
from kwip.text.profiles import clean_line, clean_lines
from kwip.text.translation import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.accounts.site import SettingName, SiteRule, Value

_LINES: Mapping[str, int] = {"name": NAME_MAX, "description": DESCRIPTION_MAX}
_FLAGS = ("confirm_email", "members_invite", "guest_replies")
_ON, _OFF = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def cleaned_settings(
    typed: Mapping[SettingName, str], known: tuple[SiteRule, ...]
) -> dict[SettingName, Value]:
    """Return what settings are stored as, from what was typed.

    Rules are one to a line, and keep the ids of the `known` ones.

    Raises:
        InvalidError: Some cannot be used; `fields` names each.
    """
    wrong: dict[str, str] = {}
    found = {name: _cleaned(name, text, known, wrong) for name, text in typed.items()}
    if wrong:
        raise InvalidError(lazy_gettext("The settings were not saved."), wrong)
    return found


def _cleaned(
    name: SettingName, text: str, known: tuple[SiteRule, ...], wrong: dict[str, str]
) -> Value:
    if name in _LINES:
        return _line(name, text, wrong)
    if name in PAGES:
        return clean_lines(name, text.expandtabs(4), PAGE_MAX, wrong)
    if name in _FLAGS:
        return _flag(name, text, wrong)
    if name in _CHOICES:
        return _CHOICES[name](text, wrong)
    if name == "rules":
        return _rules(text, known, wrong)
    return _contact(name, text, wrong)


def _line(name: SettingName, text: str, wrong: dict[str, str]) -> str:
    clean = clean_line(name, text, _LINES[name], wrong)
    if name == "name" and not clean:
        wrong.setdefault(name, lazy_gettext("Enter a name for the site."))
    return clean


def _flag(name: SettingName, text: str, wrong: dict[str, str]) -> bool:
    typed = text.strip().lower()
    if typed not in _ON | _OFF:
        wrong[name] = lazy_gettext("Use yes or no.")
    return typed in _ON


def _mode(text: str, wrong: dict[str, str]) -> SignUpMode:
    try:
        return SignUpMode(text.strip().lower())
    except ValueError:
        wrong["sign_up"] = lazy_gettext(
            "Choose one of: %(modes)s.", modes=", ".join(SignUpMode)
        )
        return SignUpMode.CLOSED


def _language(text: str, wrong: dict[str, str]) -> str:
    code = text.strip().lower()
    if code not in LANGUAGES:
        wrong["language"] = lazy_gettext(
            "Choose one of: %(modes)s.", modes=", ".join(LANGUAGES)
        )
    return code


def _rules(
    text: str, known: tuple[SiteRule, ...], wrong: dict[str, str]
) -> tuple[SiteRule, ...]:
    places: dict[str, str] = {}
    lines = (
        clean_line(str(number), typed, RULE_MAX, places)
        for number, typed in enumerate(text.splitlines(), 1)
    )
    texts = list(dict.fromkeys(line for line in lines if line))
    if len(texts) > MAX_RULES:
        wrong["rules"] = lazy_gettext(
            "Use up to %(limit)s rules. These are %(number)s.",
            limit=MAX_RULES,
            number=len(texts),
        )
    for number, problem in places.items():
        wrong["rules"] = lazy_gettext(
            "Line %(number)s: %(problem)s", number=number, problem=problem
        )
    return renumbered(known, texts)


_CHOICES: Mapping[SettingName, Callable[[str, dict[str, str]], str]] = {
    "sign_up": _mode,
    "language": _language,
}


def _contact(name: SettingName, text: str, wrong: dict[str, str]) -> str:
    if not text.strip():
        return ""
    try:
        if name == "contact_username":
            return clean_username(text)
        return clean_email(text).address
    except InvalidError as error:
        wrong[name] = next(iter(error.fields.values()))
        return ""
