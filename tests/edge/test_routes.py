from __future__ import annotations

import re

import pytest

from kwip.app import create_app
from kwip.blueprints import routes
from tests.edge.surfaces import TODAY
from tests.people import sign_in
from tests.servers import wait_until

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
EXAMPLES = {
    "post_id": "1",
    "notification_id": "1",
    "quoting_id": "1",
    "user_id": "1",
    "list_id": "1",
    "report_id": "1",
    "announcement_id": "1",
    "link_id": "1",
    "strike_id": "1",
    "tag_id": "1",
    "filter_id": "1",
    "keyword_id": "1",
    "filtered_id": "1",
    "draft_id": "1",
    "blog_id": "1",
    "guest_id": "1",
    "attachment_id": "1",
    "variant": "large.webp",
    "username": "alice",
    "token_id": "0" * 64,
    "session_id": "0" * 64,
    "passkey_id": "AbZ2",
    "name": "kwip.css",
    "code": "mVJsmOlC0xVY",
    "chosen": "mentions",
    "extension": "rss",
    "table": "lists",
    **TODAY,
}


def rows(**wanted):
    """List the rows whose policies are among those wanted; one at least."""
    found = [
        row
        for area in routes.AREAS.values()
        for row in area
        if all(getattr(row.policy, name) in wanted[name] for name in wanted)
    ]
    assert found
    return found


def unsafe(found):
    return [row for row in found if row.method in UNSAFE]


def path_of(row):
    return re.sub(r"<(?:.+?:)?(\w+)>", lambda m: EXAMPLES[m.group(1)], row.rule)


def about(row):
    return f"{row.method} {row.rule}"


def test_every_route_stands_in_the_table_and_every_row_is_a_route(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert endpoints == set(routes.POLICIES)


def test_no_two_rows_share_an_endpoint():
    assert len(routes.POLICIES) == len(rows()) + len(["static"])


def test_an_app_with_a_route_outside_the_table_does_not_start(
    wiring, settings, monkeypatch
):
    register = routes.register

    def register_one_more(app, **options):
        register(app, **options)
        app.add_url_rule("/sneaky", "sneaky", lambda: "")

    monkeypatch.setattr(routes, "register", register_one_more)

    with pytest.raises(routes.UndeclaredRouteError, match="sneaky"):
        create_app(wiring, settings)


#: Writes without a cookie, with something that only its owner and the site know.
SIGNED = {"unsubscribe_now", "renew_device"}
#: What Mastodon's API reads by a POST.
READS = {"admin_measures", "admin_dimensions", "admin_retention"}


def test_each_row_asks_for_what_belongs_together():
    for row in rows():
        policy = row.policy
        is_api = row.rule.startswith("/api/")

        assert (policy.scope is not None) == policy.auth.endswith("token"), about(row)
        assert is_api or not policy.auth.endswith("token"), about(row)
        assert (policy.auth == "staff") <= (policy.permission is not None), about(row)
        assert not is_api or policy.csrf == "none", about(row)
        if row.method in UNSAFE:
            is_write = policy.scope in {"write", "push", "admin:write"}
            has_proof = is_write or policy.csrf == "form"
            name = row.endpoint.__name__
            is_read = name in READS and policy.scope == "admin:read"
            is_signed = name in SIGNED and policy.auth == "none"
            assert has_proof or is_read or is_signed, about(row)
            assert policy.cache == "never", about(row)
            assert policy.quota != "none", about(row)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer 1.x",
        "Bearer " + "9" * 5_000,
        "Bearer \xff\xfe.\xff",
        "Basic YTpi",
        "{token}",
        "Token {token}",
        "Bearer {token}x",
    ],
)
def test_without_a_good_token_an_api_route_is_401(client, alice, authorization):
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(token=alice.token)

    is_sent = authorization not in {None, "Bearer", "Bearer ", "{token}"}
    says = "The access token is invalid." if is_sent else "Send an access token"

    reads = rows(auth={"token"}, scope={"read"})
    for row in (reads[0], *unsafe(rows(scope={"write"}))[:1]):
        answer = client.open(path_of(row), method=row.method, headers=headers)

        assert (about(row), answer.status_code) == (about(row), 401)
        assert list(answer.json) == ["error"]
        assert answer.json["error"].startswith(says)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_bad_token_is_401_also_where_none_is_needed(client):
    headers = {"Authorization": "Bearer 1.x"}

    for row in rows(auth={"optional_token"}):
        answer = client.open(path_of(row), method=row.method, headers=headers)

        assert (about(row), answer.status_code) == (about(row), 401)


def test_a_token_that_may_only_read_writes_nothing(alice):
    headers = {"Authorization": f"Bearer {alice.reading_token}"}

    for row in unsafe(rows(scope={"write"})):
        answer = alice.ask(row.method, path_of(row), headers=headers)

        assert (about(row), answer.status_code) == (about(row), 403)
        assert answer.json["error"] == "This action is outside the authorized scopes."


def test_a_cookie_opens_nothing_in_the_api(app, wiring, client, alice):
    browser = sign_in(app, wiring, alice)

    for row in rows(auth={"token", "optional_token"}):
        with_cookie = browser.open(path_of(row), method=row.method)
        without = client.open(path_of(row), method=row.method)

        assert (about(row), with_cookie.data) == (about(row), without.data)
        assert with_cookie.status_code == without.status_code
        assert "Cookie" not in with_cookie.vary
        assert "Set-Cookie" not in with_cookie.headers


def pages_of_members():
    return [row for row in rows(auth={"user"}) if not row.rule.startswith("/poll/")]


def test_who_is_not_signed_in_is_led_to_the_log_in_page(client):
    for row in pages_of_members():
        answer = client.open(path_of(row), method=row.method)

        assert (about(row), answer.status_code) == (about(row), 303)
        where = answer.headers["Location"]
        assert where.startswith("/login")
        assert ("next=" in where) == (row.method == "GET")


def test_a_token_opens_no_page(alice):
    for row in pages_of_members():
        answer = alice.ask(row.method, path_of(row))

        assert (about(row), answer.status_code) == (about(row), 303)


@pytest.mark.parametrize("token", [None, "", "x", "IjEi.aaa.bbb", "\ud800"])
def test_a_form_that_is_not_ours_is_403(app, wiring, alice, token):
    browser = sign_in(app, wiring, alice)
    data = b"" if token is None else b"csrf_token=" + token.encode(errors="replace")

    for row in unsafe(rows(csrf={"form"}))[:3]:
        answer = browser.open(
            path_of(row),
            method=row.method,
            data=data,
            content_type="application/x-www-form-urlencoded",
        )

        assert (about(row), answer.status_code) == (about(row), 403)
        assert answer.mimetype == "text/html"


def test_a_form_token_is_good_in_its_own_browser_only(app, wiring, alice, bob):
    hers, his = sign_in(app, wiring, alice), sign_in(app, wiring, bob)

    for row in unsafe(rows(csrf={"form"}, auth={"user"})):
        stolen = hers.open(
            path_of(row), method=row.method, data={"csrf_token": his.form_token}
        )

        assert (about(row), stolen.status_code) == (about(row), 403)


@pytest.mark.parametrize(
    "path", ["/api/v1/statuses/", "/api/v1/accounts/", "/api/widgets/v1/thread/"]
)
@pytest.mark.parametrize(
    "nonsense",
    ["0x1", "-1", "1.5", "٣", "9223372036854775808", "9" * 5_000, "a", "%ff"],
)
def test_an_id_that_cannot_be_one_is_404(client, path, nonsense):
    answer = client.get(path + nonsense)

    assert answer.status_code == 404
    assert answer.json["error"] == "There's nothing at this address."


def test_the_highest_id_is_an_id(client):
    answer = client.get("/api/v1/statuses/9223372036854775807")

    assert answer.status_code == 404
    assert answer.json["error"] == "Kwip not found."


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/api/v1/instance", "/api/widgets/v1/public"]
)
def test_a_slash_at_the_end_is_no_redirect(client, path):
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/").status_code == 200


def test_slashes_that_are_doubled_are_no_redirect_either(client):
    for path, number in {"//livez": 200, "//": 200, "/api//v1/instance": 404}.items():
        answer = client.get("/", environ_overrides={"PATH_INFO": path})

        assert (path, answer.status_code) == (path, number)


def test_the_permission_for_a_write_never_comes_from_the_cache(app, wiring, alice):
    # Somebody ends her token and session behind the back of the cache.
    browser = sign_in(app, wiring, alice)
    wait_until(lambda: wiring.fence.lease() is not None)
    token, page = "/api/v1/timelines/home", "/home"
    for _ in range(2):
        assert alice.get(token).status_code == 200
        assert browser.get(page).status_code == 200
    for kept in (wiring.stores.tokens, wiring.stores.sessions):
        for one in kept.of_user(alice.user.id):
            kept.delete(alice.user.id, one.digest)
    assert alice.get(token).status_code == 200
    assert browser.get(page).status_code == 200

    for row in unsafe(rows(scope={"write"})):
        answer = alice.ask(row.method, path_of(row))

        assert (about(row), answer.status_code) == (about(row), 401)
    for row in unsafe(rows(auth={"user"})):
        answer = browser.open(
            path_of(row), method=row.method, data={"csrf_token": browser.form_token}
        )

        assert (about(row), answer.status_code) == (about(row), 303)
        assert answer.headers["Location"].startswith("/login")
