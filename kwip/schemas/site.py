"""What the site says about itself: Mastodon's Instance, versions 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.accounts.site import SignUpMode
from kwip.domain.accounts.users import (
    BIO_MAX,
    DISPLAY_NAME_MAX,
    FIELD_MAX,
    MAX_FEATURED_TAGS,
    MAX_FIELDS,
    MAX_PINS,
)
from kwip.domain.media.attachments import DESCRIPTION_MAX, MAX_IMAGES, VIDEO_MAX_BYTES
from kwip.domain.posting import polls
from kwip.schemas.dumping import DumpSchema, Instant, constant, instant
from kwip.schemas.markdown import page_html
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from kwip.domain.accounts.site import SiteSettings

#: The version of Mastodon whose API this is; clients choose features by it.
_MASTODON_VERSION = "4.5.0"
#: Mastodon's own count of API changes; Kwip has everything up to the first one.
_API_VERSION = 1
#: How many characters apps count for a link by default. Kwip counts all of them.
_LINK_CHARS = 23
#: What an upload may be, whatever its name is.
IMAGE_TYPES = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/heic",
    "image/heif",
)
VIDEO_TYPES = (
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
    "video/x-msvideo",
)
AUDIO_TYPES = (
    "audio/mpeg",
    "audio/mp4",
    "audio/x-m4a",
    "audio/aac",
    "audio/ogg",
    "audio/opus",
    "audio/webm",
    "audio/flac",
    "audio/wav",
)
#: The pixels of the largest photograph.
_MAX_PIXELS = 50_000_000
#: 4K, in both of its widths. More than 60 frames a second are left out, and no upload
#: is refused for them.
_VIDEO_PIXELS, _VIDEO_RATE = 4_096 * 2_176, 120
_POLLS = {
    "max_options": polls.MAX_OPTIONS,
    "max_characters_per_option": polls.OPTION_MAX,
    "min_expiration": polls.MIN_DURATION_S,
    "max_expiration": polls.MAX_DURATION_S,
}
_DESCRIPTION = lazy_gettext("Short posts from people you choose.")
#: The pages about the site, with their titles. The rules are a list, the others texts.
PAGE_TITLES = {
    "about": lazy_gettext("About"),
    "rules": lazy_gettext("Rules"),
    "privacy": lazy_gettext("Privacy policy"),
    "terms": lazy_gettext("Terms of service"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    """What clients may know about the site before anyone signs in.

    `settings` returns those in force; no I/O, unless they have just changed. `push_key`
    returns the public key that devices subscribe with; the first call takes some ms.
    """

    version: str
    post_max_chars: int
    media_max_bytes: int
    settings: Callable[[], SiteSettings] = field(repr=False)
    push_key: Callable[[], str] = field(repr=False)

    @property
    def title(self) -> str:
        """The site's name."""
        return self.settings().name

    @property
    def description(self) -> str:
        """What the site is about, in a line."""
        return self.settings().description or str(_DESCRIPTION)

    @property
    def is_signup_open(self) -> bool:
        """Whether anyone can create an account, or ask for one."""
        return self.settings().sign_up in {SignUpMode.OPEN, SignUpMode.APPROVAL}

    @property
    def has_waiting_list(self) -> bool:
        """Whether people can leave an address, to be invited later."""
        return self.settings().sign_up is SignUpMode.CLOSED

    @property
    def pages(self) -> list[tuple[str, str]]:
        """The pages about the site that have a text: path and title."""
        settings = self.settings()
        return [
            (f"/{name}", str(title))
            for name, title in PAGE_TITLES.items()
            if getattr(settings, name)
        ]


@dataclass(frozen=True, slots=True)
class SiteView:
    """The site for apps; `contact` is the account of its contact, as JSON values."""

    info: SiteInfo
    contact: object = None

    @property
    def settings(self) -> SiteSettings:
        """The settings in force."""
        return self.info.settings()


class _InstanceSchema(DumpSchema):
    """What both versions of Mastodon's Instance have in common."""

    title = fields.String(attribute="info.title")
    version = fields.Function(
        lambda view: f"{_MASTODON_VERSION} (compatible; Kwip {view.info.version})"
    )
    description = fields.String(attribute="info.description")
    languages = fields.Function(lambda view: [view.settings.language])
    rules = fields.Function(lambda view: rules_json(view.settings))
    configuration = fields.Method("get_configuration")

    def get_configuration(self, view: SiteView) -> dict[str, object]:
        """Return the limits; zeros for what Kwip does not have yet."""
        info = view.info
        return {
            "accounts": {
                "max_featured_tags": MAX_FEATURED_TAGS,
                "max_pinned_statuses": MAX_PINS,
                "max_profile_fields": MAX_FIELDS,
                "profile_field_name_limit": FIELD_MAX,
                "profile_field_value_limit": FIELD_MAX,
                "max_display_name_length": DISPLAY_NAME_MAX,
                "max_note_length": BIO_MAX,
            },
            "statuses": {
                "max_characters": info.post_max_chars,
                "max_media_attachments": MAX_IMAGES,
                "characters_reserved_per_url": _LINK_CHARS,
            },
            "media_attachments": {
                "supported_mime_types": [*IMAGE_TYPES, *VIDEO_TYPES, *AUDIO_TYPES],
                "image_size_limit": info.media_max_bytes,
                "image_matrix_limit": _MAX_PIXELS,
                "video_size_limit": VIDEO_MAX_BYTES,
                "video_frame_rate_limit": _VIDEO_RATE,
                "video_matrix_limit": _VIDEO_PIXELS,
                "description_limit": DESCRIPTION_MAX,
            },
            "polls": _POLLS,
        }

    def get_host(self, _view: SiteView) -> str:
        """Return the host without a scheme, with its port if the origin names one."""
        return self.urls.host


@dataclass(frozen=True, slots=True)
class SiteText:
    """A text about the site in Markdown; None for the time if it is not known."""

    text: str
    changed_at: dt.datetime | None


class PrivacyPolicySchema(DumpSchema):
    """A `SiteText` as Mastodon's PrivacyPolicy."""

    updated_at = Instant(attribute="changed_at")
    content = fields.Function(lambda view: page_html(view.text))


class TermsOfServiceSchema(DumpSchema):
    """A `SiteText` as Mastodon's TermsOfService: the ones in effect."""

    effective_date = fields.Function(
        lambda view: f"{view.changed_at:%Y-%m-%d}" if view.changed_at else None
    )
    effective = constant(value=True)
    content = fields.Function(lambda view: page_html(view.text))
    succeeded_by = constant(None)


class ExtendedDescriptionSchema(DumpSchema):
    """A `SiteView` as Mastodon's ExtendedDescription."""

    updated_at = fields.Function(
        lambda view: (
            instant(view.settings.changed_at["about"])
            if view.settings.about and "about" in view.settings.changed_at
            else None
        )
    )
    content = fields.Function(
        lambda view: page_html(view.settings.about or view.info.description)
    )


class InstanceV1Schema(_InstanceSchema):
    """A `SiteView` as Mastodon's V1::Instance.

    `stats` are zeros: Kwip does not compute them yet, and apps need the keys.
    """

    uri = fields.Method("get_host")
    short_description = fields.String(attribute="info.description")
    email = fields.String(attribute="settings.contact_email")
    streaming = fields.Method("get_urls", data_key="urls")
    stats = constant({"user_count": 0, "status_count": 0, "domain_count": 0})
    thumbnail = fields.Method("get_thumbnail")
    registrations = fields.Boolean(attribute="info.is_signup_open")
    approval_required = fields.Function(
        lambda view: view.settings.sign_up is SignUpMode.APPROVAL
    )
    invites_enabled = fields.Boolean(attribute="settings.members_invite")
    contact_account = fields.Raw(attribute="contact")

    def get_urls(self, _view: SiteView) -> dict[str, str]:
        """Return where streams will be."""
        return {"streaming_api": self.urls.streaming}

    def get_thumbnail(self, _view: SiteView) -> str:
        """Return the address of the site's picture."""
        return self.urls.default_banner()


class InstanceV2Schema(_InstanceSchema):
    """A `SiteView` as Mastodon's Instance."""

    domain = fields.Method("get_host")
    source_url = constant("")
    usage = constant({"users": {"active_month": 0}})
    thumbnail = fields.Method("get_thumbnail")
    icon = constant([])
    registrations = fields.Method("get_registrations")
    api_versions = constant({"mastodon": _API_VERSION})
    contact = fields.Function(
        lambda view: {
            "email": view.settings.contact_email,
            "account": view.contact,
        }
    )

    def get_configuration(self, view: SiteView) -> dict[str, object]:
        """Return the limits, and the site's addresses."""
        return super().get_configuration(view) | {
            "urls": {"streaming": self.urls.streaming},
            "vapid": {"public_key": view.info.push_key()},
            "translation": {"enabled": False},
        }

    def get_thumbnail(self, _view: SiteView) -> dict[str, object]:
        """Return the address of the site's picture."""
        return {"url": self.urls.default_banner(), "blurhash": None, "versions": {}}

    def get_registrations(self, view: SiteView) -> dict[str, object]:
        """Return whether and where one can sign up."""
        mode = view.settings.sign_up
        return {
            "enabled": view.info.is_signup_open,
            "approval_required": mode is SignUpMode.APPROVAL,
            "message": closed_message(mode),
            "url": f"{self.urls.origin}/signup",
        }


def rules_json(settings: SiteSettings) -> list[dict[str, object]]:
    """Write the rules as Mastodon's."""
    return [
        {"id": str(rule.id), "text": rule.text, "hint": "", "translations": {}}
        for rule in settings.rules
    ]


def closed_message(mode: SignUpMode) -> str | None:
    """Say why not everybody can sign up; None if everybody can."""
    if mode is SignUpMode.INVITATION:
        return gettext("You need an invitation to sign up.")
    if mode is SignUpMode.CLOSED:
        return gettext("Sign-ups are closed on this site.")
    return None
