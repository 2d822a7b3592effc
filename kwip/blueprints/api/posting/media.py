"""Media: files that apps upload for statuses."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.table import Route
from kwip.domain.errors import InvalidError
from kwip.domain.media.attachments import UploadState
from kwip.schemas.posting.attachments import MediaAttachmentSchema, MediaBody
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.ids import AttachmentId
    from kwip.domain.media.attachments import Upload


def upload_media() -> Response:
    """Upload a file; with 202 if it is a video or sound, which is converted later."""
    upload = _upload()
    response = http.answer_dumped(MediaAttachmentSchema, upload)
    if upload.state is UploadState.PROCESSING:
        response.status_code = HTTPStatus.ACCEPTED
    return response


def _upload() -> Upload:
    _refuse("thumbnail", gettext("Kwip makes the preview itself."))
    change, file = http.load_body(MediaBody()), http.upload("file")
    if file is None:
        raise InvalidError(
            gettext("Choose a file."),
            {"file": gettext("Send it in a multipart form.")},
        )
    return http.services().attachments.upload(http.signed_in(), file, change)


def upload_media_v1() -> Response:
    """Upload a file, as older apps do; `url` is null until it is converted."""
    return http.answer_dumped(MediaAttachmentSchema, _upload())


def media(attachment_id: AttachmentId) -> Response:
    """Return one of the viewer's files: 206 until converted, 422 if it can't be."""
    return state_of(http.services().attachments.get(http.signed_in(), attachment_id))


def state_of(upload: Upload) -> Response:
    """Answer how far an upload has come."""
    if upload.state is UploadState.FAILED:
        return http.problem(
            gettext("This file can't be used."),
            {"file": upload.problem},
            HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    response = http.answer_dumped(MediaAttachmentSchema, upload)
    if upload.state is UploadState.PROCESSING:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
    return response


def change_media(attachment_id: AttachmentId) -> Response:
    """Change the description or the focus of a file that is in no status yet."""
    _refuse("thumbnail", gettext("Kwip makes the preview itself."))
    _refuse("file", gettext("Upload it as a new file instead."))
    change = http.load_body(MediaBody())
    upload = http.services().attachments.change(http.signed_in(), attachment_id, change)
    return http.answer_dumped(MediaAttachmentSchema, upload)


def delete_media(attachment_id: AttachmentId) -> Response:
    """Delete a file that is in no status."""
    http.services().attachments.delete(http.signed_in(), attachment_id)
    return http.answer({})


def _refuse(name: str, why: str) -> None:
    """Refuse a file in a field that takes none, so that nobody believes it was used."""
    if http.upload(name) is not None:
        raise InvalidError(gettext("This file can't be replaced."), {name: why})


_UPLOAD = replace(policies.write("media"), takes_files=True)
_CHANGE = replace(policies.write("api"), takes_files=True)
_MEDIA = "/api/v1/media/<id:attachment_id>"

ROUTES = (
    Route("POST", "/api/v2/media", upload_media, _UPLOAD),
    Route("POST", "/api/v1/media", upload_media_v1, _UPLOAD),
    Route("GET", _MEDIA, media, policies.READ),
    Route("PUT", _MEDIA, change_media, _CHANGE),
    Route("DELETE", _MEDIA, delete_media, policies.write("deletes")),
)
