"""Clean the settings of the site, and report which of them cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.site import (
    DESCRIPTION_MAX,
    MAX_RULES,
    NAME_MAX,
    PAGE_MAX,
    PAGES,
    RULE_MAX,
    SignUpMode,
    renumbered,
)
from kwip.domain.users import clean_username
from kwip.text.emails import clean_email
from kwip.text.profiles import clean_line, clean_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.site import SettingName, SiteRule, Value

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
        raise InvalidError("The settings were not saved.", wrong)
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
    if name == "sign_up":
        return _mode(text, wrong)
    if name == "rules":
        return _rules(text, known, wrong)
    return _contact(name, text, wrong)


def _line(name: SettingName, text: str, wrong: dict[str, str]) -> str:
    clean = clean_line(name, text, _LINES[name], wrong)
    if name == "name" and not clean:
        wrong.setdefault(name, "Enter a name for the site.")
    return clean


def _flag(name: SettingName, text: str, wrong: dict[str, str]) -> bool:
    typed = text.strip().lower()
    if typed not in _ON | _OFF:
        wrong[name] = "Use yes or no."
    return typed in _ON


def _mode(text: str, wrong: dict[str, str]) -> SignUpMode:
    try:
        return SignUpMode(text.strip().lower())
    except ValueError:
        wrong["sign_up"] = f"Choose one of: {', '.join(SignUpMode)}."
        return SignUpMode.CLOSED


def _rules(
    text: str, known: tuple[SiteRule, ...], wrong: dict[str, str]
) -> tuple[SiteRule, ...]:
    places: dict[str, str] = {}
    lines = (
        clean_line(f"line {number}", typed, RULE_MAX, places)
        for number, typed in enumerate(text.splitlines(), 1)
    )
    texts = list(dict.fromkeys(line for line in lines if line))
    if len(texts) > MAX_RULES:
        wrong["rules"] = f"Use up to {MAX_RULES} rules. These are {len(texts)}."
    for place, problem in places.items():
        wrong["rules"] = f"{place.capitalize()}: {problem}"
    return renumbered(known, texts)


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
