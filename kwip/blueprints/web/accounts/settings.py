"""Settings: privacy, the password, sessions, and how pages look on this device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import appearance, http, languages
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.pages import (
    OPEN,
    OWN,
    Form,
    form_policy,
    go,
    own_user,
    page,
    page_again,
)
from kwip.domain.errors import InvalidError, NotFoundError, RateLimitedError
from kwip.schemas.accounts.forms import (
    AppearanceForm,
    LanguageForm,
    PasswordForm,
    PrivacyForm,
    ReadingForm,
)
from kwip.schemas.forms import ActForm
from kwip.text.dates import zones
from kwip.text.translation import gettext, ngettext

if TYPE_CHECKING:
    from flask import Response


#: The boxes of the form about privacy.
_PRIVACY = (
    *("is_discoverable", "is_indexable", "is_crawlable", "may_trend"),
    *("is_locked", "hides_collections", "is_embeddable", "shows_favourites"),
    *("accepts_buzzes", "accepts_guests"),
)


def settings() -> Response:
    """List the settings."""
    mailbox = http.services().email_address.mailbox(http.signed_in())
    to_confirm = mailbox is not None and mailbox.confirmed_at is None
    return page("settings.html", to_confirm=to_confirm)


def privacy_settings() -> Response:
    """Show the privacy settings."""
    me = own_user()
    values = {name: "1" if getattr(me, name) else "" for name in _PRIVACY}
    values |= {"reply_policy": me.reply_policy, "quote_policy": me.quote_policy}
    values["embed_origins"] = "\n".join(me.embed_origins)
    return page("settings_privacy.html", form=Form(values), **_guests())


def _guests() -> dict[str, object]:
    return {"has_guests": http.services().site.current().guest_replies}


def save_privacy() -> Response:
    """Save where the viewer is shown; takes effect at once."""
    try:
        change = http.load_form(PrivacyForm())
        http.services().users.update_profile(http.signed_in(), change)
    except InvalidError as error:
        return page_again("settings_privacy.html", error, **_guests())
    return go(url_for("web.privacy_settings"), gettext("Changes saved."))


def reading_settings() -> Response:
    """Show the reading settings."""
    me = own_user()
    values = {
        name: "1" if getattr(me, name) else ""
        for name in ("folds_repeats", "requires_descriptions", "hides_counts")
    }
    values["undo_s"] = str(me.undo_s)
    return page("settings_reading.html", form=Form(values))


def save_reading() -> Response:
    """Set whether the viewer's pages hide repeats, and files need descriptions."""
    try:
        change = http.load_form(ReadingForm())
    except InvalidError as error:
        return page_again("settings_reading.html", error)
    http.services().users.update_profile(http.signed_in(), change)
    return go(url_for("web.reading_settings"), gettext("Changes saved."))


def password_settings() -> Response:
    """Show the form to change the password."""
    return page("settings_password.html", form=Form())


def change_password() -> Response:
    """Change the viewer's password, and end all other sessions."""
    try:
        form = http.load_form(PasswordForm())
        ended = http.services().account.change_password(
            http.signed_in(), form.old, form.new
        )
    except (InvalidError, RateLimitedError) as error:
        return page_again("settings_password.html", error)
    message = f"{gettext('Password changed.')} {_logged_out(ended)}"
    return go(url_for("web.password_settings"), message)


def session_settings() -> Response:
    """Show the viewer's sessions."""
    sessions = http.services().account.sessions(http.signed_in())
    return page("settings_sessions.html", sessions=sessions)


def end_session(session_id: str) -> Response:
    """End one session; one that has already ended is not an error."""
    http.load_form(ActForm())
    here = url_for("web.session_settings")
    try:
        http.services().account.end_session(http.signed_in(), session_id)
    except NotFoundError:
        return go(here, gettext("That device was already logged out."))
    return go(here, gettext("Logged out of that device."))


def end_other_sessions() -> Response:
    """End all other sessions."""
    http.load_form(ActForm())
    ended = http.services().account.end_other_sessions(http.signed_in())
    return go(url_for("web.session_settings"), _logged_out(ended))


def appearance_settings() -> Response:
    """Show the appearance settings of this device, also to visitors."""
    chosen = appearance.current()
    form = Form({"theme": chosen.theme, "size": chosen.size})
    return page("settings_appearance.html", form=form)


def save_appearance() -> Response:
    """Save the appearance settings on this device."""
    try:
        theme, size = http.load_form(AppearanceForm())
    except InvalidError as error:
        return page_again("settings_appearance.html", error)
    response = go(url_for("web.appearance_settings"), gettext("Saved on this device."))
    appearance.keep(response, appearance.Appearance(theme, size))
    return response


def language_settings() -> Response:
    """Show the language and the time zone, also to visitors."""
    viewer = http.viewer()
    if viewer is None:
        values = {"language": languages.chosen(), "time_zone": ""}
    else:
        values = {"language": viewer.language, "time_zone": viewer.time_zone}
    return page("settings_language.html", form=Form(values), zones=_zones())


def save_language() -> Response:
    """Save the language: of the account, and for when it is logged out here."""
    try:
        change = http.load_form(LanguageForm())
    except InvalidError as error:
        return page_again("settings_language.html", error, zones=_zones())
    viewer, code = http.viewer(), change.language or ""
    if viewer is not None:
        http.services().users.update_profile(viewer, change)
    languages.use(code)
    response = go(url_for("web.language_settings"), gettext("Changes saved."))
    languages.keep(response, code)
    return response


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in zones()]


def _logged_out(count: int) -> str:
    if count == 0:
        return gettext("You weren't logged in anywhere else.")
    return ngettext(
        "Logged out of %(num)s other device.",
        "Logged out of %(num)s other devices.",
        count,
    )


_FORM = form_policy("pages")
_OPEN_FORM = Policy(
    auth="optional", scope=None, quota="pages", cache="never", csrf="form"
)
_END = "/settings/sessions/<string(length=64):session_id>/end"

ROUTES = (
    Route("GET", "/settings", settings, OWN),
    Route("GET", "/settings/privacy", privacy_settings, OWN),
    Route("POST", "/settings/privacy", save_privacy, _FORM),
    Route("GET", "/settings/reading", reading_settings, OWN),
    Route("POST", "/settings/reading", save_reading, _FORM),
    Route("GET", "/settings/password", password_settings, OWN),
    Route("POST", "/settings/password", change_password, _FORM),
    Route("GET", "/settings/sessions", session_settings, OWN),
    Route("POST", "/settings/sessions/end", end_other_sessions, _FORM),
    Route("POST", _END, end_session, _FORM),
    Route("GET", "/settings/appearance", appearance_settings, OPEN),
    Route("POST", "/settings/appearance", save_appearance, _OPEN_FORM),
    Route("GET", "/settings/language", language_settings, OPEN),
    Route("POST", "/settings/language", save_language, _OPEN_FORM),
)
