"""One kwip: read it in its thread, write, edit and delete it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Response, request, url_for

from kwip.blueprints import errors, http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import (
    CACHED_OPEN,
    OPEN,
    OPEN_PART,
    OWN,
    OWN_PART,
    Form,
    form_policy,
    go,
    page,
    page_again,
    problem,
)
from kwip.blueprints.web.posting import attaching
from kwip.blueprints.web.posting.compose_form import (
    blank_sheet,
    poll_again,
    poll_sheet,
    sheet_again,
)
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    KwipError,
    NotFoundError,
    StorageFullError,
    StoreUnavailableError,
)
from kwip.domain.ids import PostId, parse_id
from kwip.domain.posting.posts import Visibility
from kwip.domain.social.keyword_filters import Filtering
from kwip.schemas.forms import ActForm
from kwip.schemas.pages import ThreadQuery
from kwip.schemas.posting.drafts import ContinuedForm, WaitForm
from kwip.schemas.posting.forms import ComposeForm, EditForm
from kwip.schemas.posting.quotes import ComposeQuery
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from kwip.blueprints.web.posting.attaching import Attached
    from kwip.domain.posting.posts import Draft, Post
    from kwip.domain.timelines.views import PostView

_CANNOT_EDIT = lazy_gettext("Only the author can edit this kwip.")
#: What can be corrected in the form, or tried again with it.
_REFUSALS = (
    InvalidError,
    NotFoundError,
    GoneError,
    ForbiddenError,
    StorageFullError,
    StoreUnavailableError,
)
_CANNOT_DELETE = lazy_gettext("Only the author can delete this kwip.")


def thread(username: str, post_id: PostId) -> Response:
    """Show a kwip in its thread, one part at a time."""
    part = http.load_query(ThreadQuery())
    found = http.services().threads.thread(http.viewer(), http.loader(), post_id, part)
    if (found.post.author.username, found.post.post.id) != (username, post_id):
        return go(_address(found.post))  # another name, or a repost
    may_write = http.viewer() and found.post.may_reply is not False
    sheet = blank_sheet(found.post) if may_write else None
    return page("thread.html", thread=found, sheet=sheet)


def compose() -> Response:
    """Show a page with the form for a new kwip, which may quote one."""
    quoted_id = http.load_query(ComposeQuery())
    if quoted_id is None:
        return page("compose.html", sheet=blank_sheet())
    view = http.services().posts.get(http.signed_in(), http.loader(), quoted_id).shown
    if not view.may_quote:
        raise ForbiddenError(
            gettext("You can't quote this kwip."),
            post_id=quoted_id,
            rule="quote_policy",
        )
    return page("compose.html", sheet=blank_sheet(quoted=view))


def create() -> Response:
    """Publish a kwip; sending the same form twice publishes one."""
    attached = attaching.take()
    try:
        if attached.error:
            raise attached.error
        draft = replace(_draft(), attachment_ids=attached.ids)
        if wait_s := http.load_form(WaitForm()):
            return _held(draft, wait_s)
        view = http.services().posts.create(http.signed_in(), draft)
    except _REFUSALS as error:
        return write_again(error, attached)
    _forget_draft()
    article = f"{_address(view)}/article"
    if view.post.in_reply_to_id is None:
        return go(url_for("web.home"), _is_out(view.post), article=article)
    return go(_reply_in_thread(view), gettext("Reply sent."), article=article)


def _held(draft: Draft, wait_s: int) -> Response:
    made = http.services().scheduled.hold(http.signed_in(), draft, wait_s)
    _forget_draft()
    says = gettext("Posting in %(number)s seconds.", number=wait_s)
    undo = url_for("web.undo_draft", draft_id=made.id)
    there = url_for("web.held_draft", draft_id=made.id)
    return go(there, says, undo=undo, wait_s=str(wait_s))


def _forget_draft() -> None:
    """Delete the saved draft that was posted now, unless that is under way itself."""
    draft_id = http.load_form(ContinuedForm()).draft_id
    if draft_id is not None:
        with suppress(ConflictError):
            http.services().drafts.discard(http.signed_in(), draft_id)


def _draft() -> Draft:
    """Read the form for a new kwip.

    Raises:
        InvalidError: A field is wrong, or the header has another key: a proxy that
            sends the request twice relies on it.
    """
    draft = http.load_form(ComposeForm())
    key = draft.idempotency_key
    if request.headers.get("Idempotency-Key", key) != key:
        raise InvalidError(
            gettext("This was sent with two different idempotency keys."),
            {"idempotency_key": gettext("Use the same key as in the header.")},
        )
    return draft


def _is_out(post: Post) -> str:
    if post.visibility is Visibility.DIRECT and not post.mentions:
        return gettext("Posted. You mentioned nobody, so only you can see it.")
    return gettext("Posted.")


def edit(username: str, post_id: PostId) -> Response:
    """Show the form to edit one of the viewer's kwips."""
    view = _own(username, post_id, _CANNOT_EDIT)
    values = {
        "text": view.post.text,
        "warning": view.post.warning,
        "is_sensitive": "1" if view.post.is_sensitive else "",
    }
    form, poll = Form(values), poll_sheet(view.post.poll)
    return page("edit.html", view=view, form=form, media=view.post.media, poll=poll)


def save_edit(username: str, post_id: PostId) -> Response:
    """Edit one of the viewer's kwips; the earlier text goes into the history."""
    old = _own(username, post_id, _CANNOT_EDIT)
    attached = attaching.take(old.post)
    try:
        if attached.error:
            raise attached.error
        asked = replace(
            http.load_form(EditForm()),
            attachment_ids=attached.ids,
            attachment_changes=attached.changes,
        )
        view = http.services().posts.edit(http.signed_in(), post_id, asked)
    except (InvalidError, StorageFullError) as error:
        said = _in_words_of_form(error)
        shown = {"view": old, "media": attached.media, "poll": poll_again()}
        return page_again("edit.html", said, **shown)
    return go(_address(view), gettext("Changes saved."))


def delete(username: str, post_id: PostId) -> Response:
    """Ask for confirmation."""
    return page("delete.html", view=_own(username, post_id, _CANNOT_DELETE))


def delete_now(username: str, post_id: PostId) -> Response:
    """Delete one of the viewer's kwips; a tombstone remains."""
    _require_own(username, post_id, _CANNOT_DELETE)
    http.load_form(ActForm())
    http.services().posts.delete(http.signed_in(), post_id)
    return go(url_for("web.home"), gettext("Kwip deleted."))


def history(username: str, post_id: PostId) -> Response:
    """Show the earlier versions of a kwip."""
    view = _shown(username, post_id)
    found = http.services().posts.history(http.viewer(), http.loader(), post_id)
    return page("history.html", view=view, history=found)


def article(username: str, post_id: PostId) -> Response:
    """Return a kwip as in a timeline, for a page that shows it and lacks the newest."""
    filtering = Filtering(context=None)  # a script asks, from a page of any kind
    view = _shown(username, post_id)
    view = replace(view, folded_by=filtering.folded_by(view.filtered))
    return page("article.html", view=view)


def reply(username: str, post_id: PostId) -> Response:
    """Return the form to reply to a kwip, for a page that shows the kwip."""
    view = _shown(username, post_id)
    if view.may_reply is False:
        raise ForbiddenError(
            gettext("You can't reply to this kwip."),
            post_id=post_id,
            rule="reply_policy",
        )
    return page("reply.html", sheet=blank_sheet(view))


def _shown(username: str, post_id: PostId) -> PostView:
    """Find a kwip by its address.

    Raises:
        NotFoundError: There is none for this viewer, or its author has another name.
    """
    view = http.services().posts.get(http.viewer(), http.loader(), post_id)
    if view.author.username != username:
        raise NotFoundError(gettext("Kwip not found."), post_id=post_id)
    return view


def _address(view: PostView) -> str:
    return url_for("web.thread", username=view.author.username, post_id=view.post.id)


def _reply_in_thread(view: PostView) -> str:
    """Return where a reply is below its parent, if that is still known."""
    if view.in_reply_to_username is None:
        return _address(view)
    return url_for(
        "web.thread",
        username=view.in_reply_to_username,
        post_id=view.post.in_reply_to_id,
        reply=view.post.id,
        _anchor=f"p{view.post.id}",
    )


def _own(username: str, post_id: PostId, refusal: str) -> PostView:
    """Find one of the viewer's own kwips.

    Raises:
        ForbiddenError: The viewer is not its author; the message is the refusal.
    """
    _require_own(username, post_id, refusal)
    view = http.services().posts.get(http.signed_in(), http.loader(), post_id)
    if not view.is_own:
        raise ForbiddenError(str(refusal), post_id=post_id, rule="author")
    return view


def _require_own(username: str, post_id: PostId, refusal: str) -> None:
    """Refuse an address with another username, before anything is read."""
    if http.signed_in().username != username:
        raise ForbiddenError(str(refusal), post_id=post_id, rule="author")


def write_again(error: KwipError, attached: Attached) -> Response:
    """Show the form with what was written, and how to correct it."""
    if isinstance(error, StoreUnavailableError) and not attached.media:
        raise error  # without the store there may be no form to show
    said = _in_words_of_form(error)
    if http.is_script():
        return problem(said)
    wrong = said.fields if isinstance(said, InvalidError) else {}
    problem_shown = "" if {"text", "file", "poll"} & wrong.keys() else said.message
    parent, quoted = map(_named_in_form, ("in_reply_to_id", "quote_of_id"))
    sheet = sheet_again(parent, wrong, problem_shown, attached.media, quoted)
    response = page("compose.html", sheet=sheet)
    response.status_code = errors.number_of(error)
    errors.say_when(response, error)
    return response


def _named_in_form(field: str) -> PostView | None:
    """Find what the sent form replies to or quotes, unless it is gone meanwhile."""
    post_id = parse_id(request.form.get(field, ""))
    if post_id is None:
        return None
    try:
        return http.services().posts.get(
            http.signed_in(), http.loader(), PostId(post_id)
        )
    except (NotFoundError, GoneError):
        return None


#: The services' names of fields that have another name in forms.
_FORM_NAMES = {
    "status": "text",
    "spoiler_text": "warning",
    "idempotency_key": "key",
    "media_ids": "file",
    "description": "file",
}


def _in_words_of_form(error: KwipError) -> KwipError:
    if not isinstance(error, InvalidError):
        return error
    named = {_FORM_NAMES.get(k, k): text for k, text in error.fields.items()}
    return InvalidError(error.message, named, **error.context)


_WITH_FILES = replace(form_policy("posts"), takes_files=True)
_POST_RULE = "/@<name:username>/<id:post_id>"

ROUTES = (
    Route("GET", "/compose", compose, OWN),
    Route("POST", "/compose", create, _WITH_FILES),
    Route("GET", _POST_RULE, thread, CACHED_OPEN),
    Route("GET", f"{_POST_RULE}/history", history, OPEN),
    Route("GET", f"{_POST_RULE}/article", article, OPEN_PART),
    Route("GET", f"{_POST_RULE}/reply", reply, OWN_PART),
    Route("GET", f"{_POST_RULE}/edit", edit, OWN),
    Route("POST", f"{_POST_RULE}/edit", save_edit, _WITH_FILES),
    Route("GET", f"{_POST_RULE}/delete", delete, OWN),
    Route("POST", f"{_POST_RULE}/delete", delete_now, form_policy("deletes")),
)
