"""Send to every route what no app sends; nothing of it may be a mistake of ours."""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import re
from collections import defaultdict
from functools import partial
from itertools import product
from urllib.parse import unquote_to_bytes, urlencode

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest

from kwip import schemas
from kwip.blueprints import bodies, http, routes
from kwip.domain.errors import InvalidError
from kwip.domain.social.keyword_filters import FilterContext
from kwip.schemas.body import BodySchema
from kwip.schemas.discovery.search import SearchQuery
from kwip.schemas.pages import OwnPageQuery, SinceQuery
from kwip.schemas.urls import Urls
from tests.edge.test_routes import EXAMPLES
from tests.people import Browser, sign_in
from tests.thorough import part

PLACE = re.compile(r"<(?:[^<>]+:)?(\w+)>")
PLACES = re.compile(r"<[^<>]+>")
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
#: One of those that share their code: the routes of which there is nothing yet.
ROWS = list(
    {
        (row.endpoint.__code__, "<" in row.rule): row
        for area in routes.AREAS.values()
        for row in area
    }.values()
)
SCHEMAS = sorted(
    {
        found
        for module in pkgutil.walk_packages(schemas.__path__, f"{schemas.__name__}.")
        for found in vars(importlib.import_module(module.name)).values()
        if isinstance(found, type)
        and issubclass(found, BodySchema)
        and found.__module__ == module.name
        and hasattr(found, "make")
    },
    key=lambda schema: schema.__name__,
)
VALUES = [
    None, True, -1, 1.5, 2**63, 10**4_000, "", "x", "9" * 5_000, "x" * 5_000, "\0",
    "\ud800", "\u202e\u200b\ufeff", "$where", "@a " * 500, "https://" * 500,
    "\n" * 5_000, "🦊" * 400, ["x"], [None], [{"$gt": ""}], {"$ne": None},
    {"a": {"b": {"c": ["d"]}}}, ["1"] * 1_000,
]  # fmt: skip
TEXTS = ["", "x", "\0", "\u202e\u200b", "9" * 5_000, "https://" * 500, "🦊" * 400]
#: Bodies that give an endpoint something; whether it can be read is the same for all.
READABLE = [
    b"", b"[]", b"status=%ff%fe&id[]=%00", b"null", b"1", b'"x"', b'{"status": NaN}',
    b'{"status": "\xed\xa0\x80"}', b"{}", b"status[a]=1&status=2&status[]=3",
]  # fmt: skip
RAW = [
    *READABLE, b"{",
    b'{"status": ' + b"9" * 5_000 + b"}",
    b'{"status": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"status":' * 20_000,
    b'{"status": "\xff\xfe"}', b"\xff" * 1_000,
    b"\x1f\x8b\x08" + b"\0" * 100_000,
    b"status=" + b"x" * 200_000, b"status=" + b"x" * 300_000, b"status=" + b"%" * 1_000,
    b"a[" * 10_000, b"&".join(b"a%d=1" % n for n in range(2_000)),
    b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
]  # fmt: skip
TYPES = [
    None,
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "application/json; charset=utf-7",
    "\xff/\xfe; =",
]
QUERIES = [
    b"limit=9e9", b"limit=" + b"9" * 3_000, b"max_id=-1", b"min_id=%00", b"%",
    b"since_id=9223372036854775808", b"before=%ed%a0%80", b"\xff\xfe=\xff", b"a[" * 900,
    b"limit[]=1&limit[a]=2&limit=3", b"acct=%ff%00%E2%80%AE", b"acct=" + b"@" * 3_000,
    b"id[]=" + b"&id[]=".join([b"9"] * 500), b"id[a][b][c][d][e]=1", b"next=//x.y",
    b"exclude_replies=[]&pinned=%F0%9F%A6%8A&tagged=" + b"x" * 3_000,
]  # fmt: skip
#: How a name comes where a single text is expected.
SHAPES = ["{}[]=x", "{}[]=x&{}[]=y", "{}[a]=x", "{}[a][b]=x", "{}[][a]=x", "{}=x&{}=y",
          "{}=&{}[]=", "{}"]  # fmt: skip
PATHS = ["9223372036854775807", "9223372036854775808", "x", "%00", "9" * 3_000, "-1",
         "%ff%fe", "%ed%a0%80", "..", "%2e%2e%2f", "@", "\u0663"]  # fmt: skip
HEADERS = [
    {
        "Idempotency-Key": "\xff" * 1_000,
        "If-None-Match": '"' * 1_000,
        "Range": "bytes=9-1",
        "Accept-Language": "x" * 4_000,
        "User-Agent": "\xff" * 4_000,
        "X-Forwarded-Host": "evil.example",
        "X-Request-Id": "\xff",
    },
    {"Idempotency-Key": "$ne", "If-Match": "x", "Cookie": "kwip_8000=.eJw; =;;\xff"},
    {"Host": "evil.example/\xff", "Content-Length": "-1"},
    {"Authorization": "Bearer " + "\xff" * 4_000},
]


class Kinds:
    """Tells the first row of each kind from those that take the same path."""

    def __init__(self, kind):
        self._kind = kind
        self._met = set()

    def is_new(self, row, *more):
        kind = (self._kind(row), *more)
        is_new = kind not in self._met
        self._met.add(kind)
        return is_new


def gate_of(row):
    """Give what decides what is looked at before an endpoint runs."""
    return row.method, row.policy.auth, row.policy.csrf, row.policy.takes_files


class Sender:
    """Sends to one row's route as somebody who may use it."""

    def __init__(self, row, person, browser, post_id):
        self.row = row
        self.place = ROWS.index(row)
        self._person = person
        self._browser = browser
        self.form_token = browser.form_token
        self._known = EXAMPLES | {
            "user_id": person.id,
            "username": person.user.username,
            "post_id": post_id,
        }

    def some(self, values):
        """Return a fortieth of the values, but one at least; the rows take turns."""
        return part(values, of=min(40, len(values)), first=self.place)

    def __call__(self, *, path_values=None, **options):
        headers = options.pop("headers", {})
        if self.row.policy.auth.endswith("token"):
            headers = {"Authorization": f"Bearer {self._person.token}"} | headers
        path = PLACE.sub(
            lambda m: (path_values or self._known)[m.group(1)], self.row.rule
        )
        with self._browser.open(
            path, method=self.row.method, headers=headers, **options
        ) as answer:
            self._check(answer, repr(options)[:200])

    def _check(self, answer, sent):
        about = f"{self.row.method} {self.row.rule} {sent}"
        assert (about, answer.status_code // 100) != (about, 5)
        assert answer.headers["X-Request-Id"]
        if self.row.rule.startswith("/api/") and answer.status_code >= 400:
            assert answer.json["error"]
        if "Location" in answer.headers:
            where = answer.headers["Location"]
            assert (about, where[0]) == (about, "/")
            assert (about, where[:2]) != (about, "//")


@pytest.fixture
def senders(app, wiring, alice):
    return senders_of(app, wiring, alice)


def senders_of(app, wiring, person):
    """Give a sender for each row, first of those that read.

    The others may end the session and delete the post; then the next one that needs
    them gets new ones, when it is its turn.
    """
    database, nobody = wiring.store.database, Browser(app)
    session = post_id = None
    for row in sorted(ROWS, key=lambda row: row.method in UNSAFE):
        has_session = row.policy.reads_cookie
        if has_session and not database["sessions"].count_documents({}, limit=1):
            session = sign_in(app, wiring, person)
        alive = {"_id": int(post_id or 0), "is_tombstone": False}
        if not database["posts"].count_documents(alive, limit=1):
            post_id = person.say("hello")["id"]
        yield Sender(row, person, session if has_session else nobody, post_id)


#: What `fields_of` has found out in this process, by the place of a row.
_FIELDS = {}


@pytest.fixture
def fields_of(monkeypatch):
    """Return a function that tells which fields a route reads, by asking it."""
    asked = []

    def noting(load, schema):
        asked.extend(field.data_key or name for name, field in schema.fields.items())
        return load(schema)

    for name in ("load_form", "load_body", "load_query"):
        monkeypatch.setattr(http, name, partial(noting, getattr(http, name)))

    def found(send):
        if send.place not in _FIELDS:
            asked.clear()
            send(data={"csrf_token": send.form_token})
            _FIELDS[send.place] = [*asked]
        return _FIELDS[send.place]

    return found


def test_fields_of_nonsense_are_no_mistake_of_ours(senders, fields_of):
    read = set()
    for send in senders:
        if send.row.method not in UNSAFE or send.row.policy.csrf == "form":
            continue
        names = fields_of(send)
        read |= {*names}
        for value in send.some(VALUES) if names else VALUES[-1:]:
            send(json=dict.fromkeys([*names, "other"], value))
            text = value if isinstance(value, str) else json.dumps(value)
            send(data=dict.fromkeys([*names, "other"], text.encode(errors="replace")))

    assert read >= {"status", "display_name", "home", "duration", "notify"}


def test_forms_of_nonsense_are_no_mistake_of_ours(senders, fields_of):
    read = set()
    for send in senders:
        if send.row.method not in UNSAFE or send.row.policy.csrf != "form":
            continue
        # A form takes its own fields only.
        names = fields_of(send)
        read |= {*names}
        for text in send.some(TEXTS):
            fields = dict.fromkeys(names or ["x"], text.encode(errors="replace"))
            send(data=fields | {"csrf_token": send.form_token})

    assert read >= {"text", "warning", "bio", "next", "name"}


def test_bodies_of_nonsense_are_no_mistake_of_ours_and_fill_no_memory(
    senders, fields_of
):
    before = psutil.Process().memory_info().rss
    highest = before
    kinds, tried = Kinds(gate_of), set()
    for send in senders:
        is_form = send.row.policy.csrf == "form"
        # The token of a form is looked for in the same way on every route.
        is_read = not is_form and bool(fields_of(send))
        bodies_sent = send.some(READABLE) if is_read else RAW[-2:]
        if kinds.is_new(send.row, is_read):
            # All kinds read it with the same code, so all bodies go to one of each.
            bodies_sent = send.some(RAW) if is_read in tried else RAW
            tried.add(is_read)
        for number, raw in enumerate(bodies_sent):
            types = {TYPES[number % len(TYPES)]}
            for content_type in types if is_form else {*types, "application/json"}:
                send(data=raw, content_type=content_type)
        highest = max(highest, psutil.Process().memory_info().rss)

    assert highest - before < 50 * 2**20


def test_queries_of_nonsense_are_no_mistake_of_ours(senders, fields_of):
    """Each route gets those that it reads; one of each kind gets all."""
    kinds, sent = Kinds(gate_of), set()
    for send in senders:
        # A form without its token is refused before anything of it is looked at.
        is_form = send.row.policy.csrf == "form"
        names = () if is_form else fields_of(send)
        is_new = kinds.is_new(send.row)
        for query in QUERIES:
            name = re.split(rb"[=\[&]", query)[0].decode("latin-1")
            # A page reads where it leads on to by itself.
            if is_new or name in names or name == "next":
                send(environ_overrides={"QUERY_STRING": query.decode("latin-1")})
                sent |= {name} & {*names}

    assert sent >= {"limit", "max_id", "min_id", "since_id", "acct", "id"}


def test_parameters_in_every_shape_are_no_mistake_of_ours(senders, fields_of):
    read = set()
    for send in senders:
        names = fields_of(send) if send.row.method == "GET" else []
        read |= {*names}
        for shape in send.some(SHAPES) if names else ():
            query = "&".join(shape.format(name, name) for name in names)
            send(environ_overrides={"QUERY_STRING": query})

    assert read >= {"repeats", "order", "limit", "tagged", "types", "fields"}


@pytest.mark.long
def test_fields_of_forms_in_every_shape_are_no_mistake_of_ours(senders, fields_of):
    for send in senders:
        if send.row.policy.csrf != "form":
            continue
        names = fields_of(send)
        for shape in send.some(SHAPES):
            fields = "&".join(shape.format(name, name) for name in names)
            token = urlencode({"csrf_token": send.form_token})
            send(data=f"{token}&{fields}", content_type=TYPES[2])


def test_headers_of_nonsense_are_no_mistake_of_ours(senders):
    kinds = Kinds(gate_of)
    for send in senders:
        # An endpoint may look at the first of them itself.
        for headers in HEADERS if kinds.is_new(send.row) else HEADERS[:1]:
            send(headers=headers)


def test_paths_of_nonsense_are_no_mistake_of_ours(senders):
    kinds = Kinds(lambda row: tuple(PLACES.findall(row.rule)))
    for send in senders:
        if "<" not in send.row.rule:
            continue
        is_new = kinds.is_new(send.row)
        for nonsense in PATHS if is_new else send.some(PATHS[:4]):
            send(path_values=defaultdict(lambda n=nonsense: n))


def test_addresses_of_nonsense_are_no_mistake_of_ours(client):
    for nonsense in PATHS:
        raw = unquote_to_bytes(nonsense).decode("latin-1")
        for path in (f"/{raw}", f"/@{raw}", f"/api/{raw}", f"/static/{raw}"):
            with client.get("/", environ_overrides={"PATH_INFO": path}) as answer:
                assert (path[:50], answer.status_code // 100) != (path[:50], 5)


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=8,
)


def new(schema):
    """Make a schema; some know the addresses of the site, or where filters apply."""
    if issubclass(schema, SearchQuery):
        return schema(Urls("https://kwip.example"))
    if issubclass(schema, OwnPageQuery | SinceQuery):
        return schema(FilterContext.HOME)
    return schema()


def names_of(schema):
    """Give the names that the fields of a schema have in a request."""
    return sorted(f.data_key or name for name, f in new(schema).fields.items())


def test_each_field_takes_each_value_or_says_what_is_wrong():
    refused = []
    for schema in SCHEMAS:
        for name, value in product(names_of(schema), VALUES):
            try:
                new(schema).parse({name: value})
            except InvalidError as error:
                refused.append(error.fields)

    assert len(refused) > 1_000
    assert all(refused)


@given(st.sampled_from(SCHEMAS), st.data())
def test_a_schema_gives_a_value_or_says_what_is_wrong(schema, data):
    names = st.sampled_from(names_of(schema) or ["x"])
    body = data.draw(st.dictionaries(names | st.text(max_size=5), ANY_JSON, max_size=5))

    try:
        new(schema).parse(body)
    except InvalidError as error:
        wrong = error.fields
    else:
        return
    assert wrong


@given(st.binary(max_size=200))
def test_bytes_of_nonsense_are_a_form_or_a_bad_request(raw):
    with contextlib.suppress(BadRequest):
        bodies.unnest(bodies._parse_form(raw))
