"""Files that a page's script uploads for a kwip, before its form is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api.posting.media import state_of
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OWN_PART, form_policy
from kwip.domain.errors import InvalidError
from kwip.schemas.forms import ActForm
from kwip.schemas.posting.attaching import MediaForm
from kwip.schemas.posting.attachments import MediaAttachmentSchema
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import AttachmentId


def upload_file() -> Response:
    """Upload a file; it waits a day for its kwip."""
    change, file = http.load_form(MediaForm()), http.upload("file")
    if file is None:
        raise InvalidError(gettext("Choose a file."), {"file": gettext("Choose one.")})
    upload = http.services().attachments.upload(http.signed_in(), file, change)
    return http.answer_dumped(MediaAttachmentSchema, upload)


def file_state(attachment_id: AttachmentId) -> Response:
    """Return one of the viewer's files: 206 until converted, 422 if it can't be."""
    return state_of(http.services().attachments.get(http.signed_in(), attachment_id))


def describe_file(attachment_id: AttachmentId) -> Response:
    """Change the description or the focus of a file that is in no kwip yet."""
    change = http.load_form(MediaForm())
    upload = http.services().attachments.change(http.signed_in(), attachment_id, change)
    return http.answer_dumped(MediaAttachmentSchema, upload)


def remove_file(attachment_id: AttachmentId) -> Response:
    """Delete a file that is in no kwip."""
    http.load_form(ActForm())
    http.services().attachments.delete(http.signed_in(), attachment_id)
    return http.answer({})


_UPLOAD = replace(form_policy("media"), takes_files=True)
_MEDIA = "/compose/media"
_FILE = f"{_MEDIA}/<id:attachment_id>"

ROUTES = (
    Route("POST", _MEDIA, upload_file, _UPLOAD),
    Route("GET", _FILE, file_state, OWN_PART),
    Route("POST", _FILE, describe_file, form_policy("pages")),
    Route("POST", f"{_FILE}/delete", remove_file, form_policy("deletes")),
)
