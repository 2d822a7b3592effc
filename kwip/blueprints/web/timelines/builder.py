"""The page that shows a widget as somebody chooses it, and the code to paste.

Its form is a GET form: every choice is an address, and a script only loads it earlier.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import request

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import OPEN, Form, page
from kwip.domain.errors import GoneError, InvalidError, NotFoundError
from kwip.domain.ids import ListId, PostId, parse_id
from kwip.schemas.discovery.search import post_id_in, username_in
from kwip.schemas.timelines.builder import BuilderQuery, WidgetChoice
from kwip.schemas.timelines.widget_codes import Subject, code_of
from kwip.text.hashtags import clean_hashtag
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Response

    from kwip.domain.accounts.users import User
    from kwip.domain.timelines.search import Mistake
    from kwip.domain.timelines.views import PostView

_BAD_REQUEST = 400
#: The address of a list, or its id.
_LIST = re.compile(r"(?:^|/lists?/)([0-9]{1,19})(?:/|$)")


def builder() -> Response:
    """Show a widget, and the code that puts it on another page."""
    own = _own_name()
    choice, wrong = _read(own)
    subject = code = None
    try:
        subject = _subject(choice)
        code = subject and code_of(choice, subject, http.site().urls)
    except InvalidError as error:
        wrong = {**wrong, **error.fields}
    form = Form({**choice.options, **request.args.to_dict(), "of": choice.of}, wrong)
    hints = subject.hints if subject else ()
    shown = {"choice": choice, "code": code, "hints": hints}
    response = page("builder.html", form=form, own=own, **shown)
    if wrong:
        response.status_code = _BAD_REQUEST
    return response


def _own_name() -> str:
    viewer = http.viewer()
    return viewer.username if viewer else ""


def _read(own: str) -> tuple[WidgetChoice, Mapping[str, str]]:
    """Read what is chosen, without what is wrong in it, and say that."""
    schema = BuilderQuery(own)
    try:
        return http.load_query(schema), {}
    except InvalidError as error:
        sound = {k: v for k, v in request.args.items() if k not in error.fields}
        return schema.parse(sound), error.fields


def _subject(choice: WidgetChoice) -> Subject | None:
    """Find what the widget is to show; None as long as nothing is entered.

    Raises:
        InvalidError: There is none such, or it is in no widget.
    """
    if not choice.of and choice.kind != "public":
        return None
    return _FINDERS[choice.kind](choice.of)


def _user(name: str) -> Subject:
    user = _found_user(name)
    title = gettext("Kwips by @%(name)s", name=user.username)
    page_of_it = http.site().urls.user(user.username)
    return Subject(user.username, page_of_it, title, user.embed_origins)


def _profile(name: str) -> Subject:
    user = _found_user(name)
    title = gettext("@%(name)s on Kwip", name=user.username)
    return Subject(user.username, http.site().urls.user(user.username), title)


def _favourites(name: str) -> Subject:
    user = _found_user(name)
    if not user.shows_favourites:
        raise _wrong(_no_favourites(user.username))
    page_of_it = f"{http.site().urls.origin}/embed/user/{user.username}/favourites"
    title = gettext("Favourites of %(name)s", name=f"@{user.username}")
    return Subject(user.username, page_of_it, title, user.embed_origins)


def _no_favourites(name: str) -> str:
    if name == _own_name():
        return gettext("You don't let other sites show your favourites.")
    return gettext("@%(name)s doesn't let other sites show favourites.", name=name)


def _found_user(name: str) -> User:
    username = (username_in(name, http.site().urls) or "").lower()
    try:
        found = http.services().users.by_name(http.viewer(), http.loader(), username)
    except NotFoundError as error:
        raise _wrong(gettext("There's nobody with this username here.")) from error
    except GoneError as error:
        raise _wrong(gettext("This account isn't available.")) from error
    if found.user.is_embeddable:
        return found.user
    raise _wrong(_opted_out(username))


def _opted_out(username: str) -> str:
    if username == _own_name():
        return gettext("You don't let other sites show your kwips.")
    return gettext("@%(name)s doesn't let other sites show their kwips.", name=username)


def _public(_nothing: str) -> Subject:
    site = http.site()
    title = gettext("Public kwips on %(site)s", site=site.info.title)
    return Subject("", f"{site.urls.origin}/", title)


def _tag(name: str) -> Subject:
    tag = clean_hashtag(name, field="of")
    title = gettext("Kwips with #%(tag)s", tag=tag)
    return Subject(tag, http.site().urls.tag(tag), title)


def _list(address: str) -> Subject:
    found = _LIST.search(address)
    list_id = None if found is None else parse_id(found[1])
    if list_id is None:
        raise _wrong(gettext("Enter the address of a list on this site."))
    try:
        shown, owner = http.services().widgets.lists.about(
            http.loader(), ListId(list_id)
        )
    except NotFoundError as error:
        raise _wrong(gettext("There's no public list at this address.")) from error
    page_of_it = f"{http.site().urls.origin}/embed/list/{list_id}"
    return Subject(str(list_id), page_of_it, shown.title, owner.embed_origins)


def _search(words: str) -> Subject:
    try:
        query = http.services().search.read(http.loader(), words)
    except InvalidError as error:
        raise _wrong(error.fields["q"]) from error
    if query.mistakes:
        raise _wrong(_explained(query.mistakes[0]))
    page_of_it = f"{http.site().urls.origin}/search?{urlencode({'q': words})}"
    title = gettext("Kwips with “%(words)s”", words=words)
    hints = tuple(_explained(each) for each in query.hints)
    return Subject(words, page_of_it, title, hints=hints)


def _explained(mistake: Mistake) -> str:
    return f"{mistake.part}: {mistake.says}"


def _post(address: str) -> Subject:
    view = _found_post(address)
    return _of_post(view, gettext("Kwip by @%(name)s", name=view.author.username))


def _thread(address: str) -> Subject:
    view = _found_post(address)
    title = gettext("Kwip by @%(name)s and its replies", name=view.author.username)
    return replace(
        _of_post(view, title), invitation=gettext("Read and write comments on Kwip")
    )


def _of_post(view: PostView, title: str) -> Subject:
    page_of_it, sites = http.site().urls.post(view), view.author.embed_origins
    return Subject(str(view.post.id), page_of_it, title, sites)


def _found_post(address: str) -> PostView:
    post_id = post_id_in(address, http.site().urls) or parse_id(address)
    if post_id is None:
        raise _wrong(gettext("Enter the address of a kwip on this site."))
    try:
        return http.services().widgets.post(http.loader(), PostId(post_id))
    except GoneError as error:
        raise _wrong(gettext("This kwip was deleted.")) from error
    except NotFoundError as error:
        raise _wrong(_why_not(PostId(post_id))) from error


def _why_not(post_id: PostId) -> str:
    """Say why a kwip is in no widget, to somebody who may see it."""
    try:
        view = http.services().posts.get(http.viewer(), http.loader(), post_id)
    except (NotFoundError, GoneError):
        return gettext("There's no public kwip with this address.")
    if not view.post.visibility.is_open:
        return gettext("Widgets can't show this kwip: it isn't public.")
    return _opted_out(view.author.username)


def _wrong(message: str) -> InvalidError:
    return InvalidError(message, {"of": message})


_FINDERS: Mapping[str, Callable[[str], Subject]] = MappingProxyType(
    {
        "user": _user,
        "favourites": _favourites,
        "public": _public,
        "tag": _tag,
        "list": _list,
        "search": _search,
        "post": _post,
        "thread": _thread,
        "profile": _profile,
    }
)

ROUTES = (Route("GET", "/widgets", builder, OPEN),)
