"""Every row of the route table, asked by whoever there is.

What each caller gets follows from what the row declares.
"""

from __future__ import annotations

import io
import re

import pytest

from kwip.blueprints import gate, login
from kwip.blueprints.answers import cors
from kwip.domain.accounts.audit_log import BY_KWIP, Actor, AuditQuery
from kwip.domain.accounts.roles import Role, may
from kwip.domain.accounts.setup import LIFETIME
from kwip.domain.accounts.users import Viewer
from kwip.domain.administration.announcements import TypedAnnouncement
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import UserId
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.domain.moderation.reports import NewReport
from kwip.domain.moderation.strikes import Act, Decision
from kwip.domain.posting.posts import Draft
from kwip.text.emails import read_email
from tests.edge.test_routes import EXAMPLES, UNSAFE, about, rows
from tests.people import sign_in
from tests.pictures import plain
from tests.wired import form_of

ELSEWHERE = {"Origin": "https://elsewhere.example"}
#: Addresses of what is its owner's alone.
OWN = re.compile(
    r"<(?:.+?:)?(list_id|token_id|session_id|passkey_id|attachment_id|tag_id"
    r"|notification_id|filter_id|keyword_id|filtered_id|draft_id|blog_id|guest_id)>"
    r"|<id:post_id>(/(edit|delete|redraft|pin|unpin|interaction_policy)|.*/re(move|voke))$"
)
#: What everybody may read of a thing that is somebody's.
OPEN = re.compile(r"^/(api/widgets|embed|media)/|\.<feed:")
#: Where other sites send people, who are asked to log in and come back.
INTENTS = {"/share", "/follow"}
#: The second step of logging in, which leads whoever has not begun to the first.
SECOND_STEP = {"/login/code"}
#: After this a browser is signed out, and led to the page to log in.
SIGNS_OUT = {"logout"}
#: What only looks among the viewer's own, finds nothing there, and answers as if done.
HARMLESS = {
    "delete_draft",
    "held_draft",
    "undo_draft",
    "dismiss_notification",
    "end_session",
    "remove_featured_tag",
    "revoke_token",
    "unfeature_tag",
    "unpin",
    "unpin_status",
}
#: What some of them are sent, so that nothing else is wrong with it.
FIELDS = {
    "/api/v1/scheduled_statuses/<id:draft_id>": {"scheduled_at": "2030-01-01"},
    "/api/v2/filters/<id:filter_id>/statuses": {"status_id": "1"},
    "/api/v1/lists/<id:list_id>/accounts": {"account_ids[]": "1"},
    "/api/v1/lists/<id:list_id>": {"title": "Others"},
    "/api/v1/statuses/<id:post_id>": {"status": "Other words"},
    "/api/v1/statuses/<id:post_id>/interaction_policy": {
        "quote_approval_policy": "nobody"
    },
}
#: What acts of staff are sent, by their address; a reason where nothing is named.
STAFF_FIELDS = {
    "/admin/members/<name:username>/email": {},
    "/admin/members/<name:username>/role": {"role": "member", "reason": "A role"},
    "/admin/reports/<id:report_id>/act": {
        "act": "warn",
        "text": "Stop it",
        "keeps_open": "1",
    },
    "/admin/reports/<id:report_id>/note": {"note": "Seen"},
    **{
        f"/admin/reports/<id:report_id>/{act}": {}
        for act in ("assign", "unassign", "resolve", "resolve_others", "reopen")
    },
    **{
        f"/admin/strikes/<id:strike_id>/{act}": {"text": "Fine"}
        for act in ("approve", "reject")
    },
    "/admin/strikes/<id:strike_id>/undo": {},
    "/admin/emoji": {"shortcode": "tea"},
    "/admin/emoji/remove": {"shortcode": "tea"},
    "/admin/domains": {"domain": "spam.example", "reason": "Spam"},
    "/admin/domains/unblock": {"domain": "spam.example"},
    "/admin/announcements": {"text": "Tea", "act": "save", "reason": "Asked"},
    "/admin/announcements/<id:announcement_id>": {
        "text": "Cake",
        "act": "save",
        "reason": "Asked",
    },
    **{
        f"/admin/announcements/<id:announcement_id>/{act}": {"reason": "Asked"}
        for act in ("publish", "end", "delete")
    },
    "/api/v1/admin/measures": {"keys": ["new_users"]},
    "/api/v1/admin/dimensions": {"keys": ["languages"]},
    "/api/v1/admin/retention": {},
    "/admin/settings": {"sign_up": "open"},
    "/admin/settings/changes": {},
    "/admin/pages/<name>": {"act": "save"},
}
KEYWORD = {"keyword": "word"}
#: What tests of moderation do to reports and strikes; here there are none.
MODERATION = re.compile(r"^/admin/.*<id:(report|strike)_id>")
#: The collections that no request may change which is refused.
KEPT = (
    "posts",
    "lists",
    "filters",
    "drafts",
    "blogs",
    "nudges",
    "guest_replies",
    "sessions",
    "tokens",
    "users",
    "notifications",
    "blocks",
)


def asked():
    """Give every row but those that wait in a live process, or need a signature."""
    others = ("/poll/", "/media/private/")
    return [row for row in rows() if not row.rule.startswith(others)]


@pytest.fixture
def hers(alice, bob, wiring):
    """Return a function that gives the path of a row, to things of alice."""
    listed = alice.post("/api/v1/lists", json={"title": "Friends"}).json["id"]
    post = alice.say("hello #tea")["id"]
    quoting = alice.say("look", quoted_status_id=post)["id"]
    tag = alice.post("/api/v1/featured_tags", json={"name": "tea"}).json["id"]
    bob.post(f"/api/v1/statuses/{post}/favourite")
    made = {"title": "a", "context": ["home"], "keywords_attributes": [KEYWORD]}
    made = alice.post("/api/v2/filters", json=made).json
    path = f"/api/v2/filters/{made['id']}/statuses"
    filtered = alice.post(path, json={"status_id": post}).json["id"]
    drafts = wiring.services.drafts
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    draft = drafts.save(viewer, Draft(text="half a")).draft
    blog = wiring.services.blogs.add(viewer, "https://blog.example/feed")
    [told] = alice.get("/api/v1/notifications").json
    [token] = wiring.stores.tokens.of_user(alice.user.id)
    wiring.services.authentication.begin_session(alice.user.id, "alice", "hers")
    [session] = wiring.stores.sessions.of_user(alice.user.id)
    known = EXAMPLES | {
        "list_id": listed,
        "post_id": post,
        "quoting_id": quoting,
        "tag_id": tag,
        "draft_id": str(draft.id),
        "blog_id": str(blog.id),
        "filter_id": made["id"],
        "keyword_id": made["keywords"][0]["id"],
        "filtered_id": filtered,
        "token_id": token.digest,
        "session_id": session.digest,
        "passkey_id": "AbZ2",
        "notification_id": told["id"],
        "user_id": alice.id,
        "report_id": bob.post("/api/v1/reports", json={"account_id": alice.id}).json[
            "id"
        ],
    }

    def path(row):
        is_page = row.rule.startswith("/admin/pages/")
        values = known | {"name": "about"} if is_page else known
        return re.sub(r"<(?:.+?:)?(\w+)>", lambda m: values[m[1]], row.rule)

    path.known = known
    return path


@pytest.fixture
def ask(app, hers):
    """Return a function that asks for a row as somebody, with what they have."""
    nobody = app.test_client(use_cookies=False)

    def ask(row, person=None, browser=None, headers=None, **fields):
        headers = dict(headers or {})
        if person and row.policy.auth.endswith("token"):
            headers["Authorization"] = f"Bearer {person.token}"
        client = browser if browser and not person_only(row) else nobody
        answer = client.open(hers(row), method=row.method, data=fields, headers=headers)
        assert answer.status_code < 500, about(row)
        return answer

    ask.known = hers.known
    return ask


def person_only(row):
    return row.policy.auth.endswith("token")


def refused(row, *, is_known, is_ours):
    """Give the number with which a policy refuses somebody; None if it does not."""
    policy = row.policy
    if policy.auth == "staff":
        return 404  # nobody here is that
    if not is_known and policy.auth in {"token", "user"}:
        return {"token": 401, "user": 303}[policy.auth]
    is_form = policy.csrf == "form" and row.method in UNSAFE
    return 403 if is_form and not is_ours else None


def check(row, answer, number):
    """Assert that an answer is the refusal that is due, or none."""
    got = answer.status_code
    where = (
        "" if row.rule in INTENTS | SECOND_STEP else answer.headers.get("Location", "")
    )
    is_to_login = where.startswith("/login")
    if number == 303:
        assert (about(row), is_to_login) == (about(row), True)
    elif number is not None:
        assert (about(row), got) == (about(row), number)
    else:
        assert (about(row), got in {401, 403} or is_to_login) == (about(row), False)


def stored(wiring):
    return {name: list(wiring.store.database[name].find()) for name in KEPT}


def strangers_are_refused(ask):
    for row in asked():
        check(row, ask(row), refused(row, is_known=False, is_ours=False))


def suspended_users_are_strangers(ask, person, browser):
    for row in asked():
        if row.policy.auth == "optional_token":
            check(row, ask(row, person, browser), 401)
        elif row.policy.auth != "none":
            number = refused(row, is_known=False, is_ours=False)
            check(row, ask(row, person, browser), number)


def forms_need_their_token(ask, browser):
    for row in asked():
        if row.policy.csrf == "form" and row.method in UNSAFE:
            is_staffs = row.policy.auth == "staff"
            check(row, ask(row, browser=browser), 404 if is_staffs else 403)


def other_origins_get_no_cookie(ask, browser):
    """A browser sends its cookie with what another site asks for, but no token."""
    for row in asked():
        is_known = row.policy.auth in {"user", "optional"}
        answer = ask(row, browser=browser, headers=ELSEWHERE)
        if row.method in UNSAFE or row.policy.auth == "token":
            check(row, answer, refused(row, is_known=is_known, is_ours=False))
        opened = answer.headers.get("Access-Control-Allow-Origin", "*")
        assert (about(row), opened) == (about(row), "*")
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_whoever_may_not_is_refused_and_changes_nothing(
    app, wiring, ask, alice, bob, people
):
    hers = sign_in(app, wiring, alice)
    eve = people("eve")
    his = sign_in(app, wiring, eve)
    wiring.services.moderation.suspend(eve.user.id)
    before = stored(wiring)

    strangers_are_refused(ask)
    suspended_users_are_strangers(ask, eve, his)
    forms_need_their_token(ask, hers)
    other_origins_get_no_cookie(ask, hers)

    assert stored(wiring) == before


def test_what_is_somebodys_is_nobody_elses(app, wiring, ask, bob):
    browser = sign_in(app, wiring, bob)
    before = stored(wiring)
    found = [row for row in asked() if OWN.search(row.rule)]
    found = [row for row in found if not OPEN.search(row.rule)]
    answered = []
    for row in found:
        fields = FIELDS.get(row.rule, {"csrf_token": browser.form_token})
        if ask(row, bob, browser, **fields).status_code not in {403, 404}:
            answered.append(row.endpoint.__name__)

    assert set(answered) == HARMLESS
    assert len(found) > 30
    assert stored(wiring) == before


def test_whoever_may_is_let_in(app, wiring, ask, alice):
    browser = sign_in(app, wiring, alice)
    for row in sorted(asked(), key=lambda row: row.method in UNSAFE):
        answer = ask(row, alice, browser, csrf_token=browser.form_token)

        if row.endpoint.__name__ in SIGNS_OUT:
            browser = sign_in(app, wiring, alice)
        else:
            is_for_staff = (row.policy.scope or "").startswith("admin:")
            check(row, answer, 403 if is_for_staff else None)


def _waits_for_approval(services):
    services.applications.apply(form_of("dave"), "I bake.")
    user_id = services.applications.named("dave").id
    return {"user": str(user_id), "act": "reject"}


def _invites(services):
    made = services.invitations.create_for_staff(BY_KWIP, max_uses=1, days=1)
    return {"code": made.code}


def _waits_for_an_invitation(services):
    email, now = read_email("erin@example.org"), at(system_clock_ms())
    services.wait_list.store.add(email, now, now + LIFETIME)
    services.wait_list.store.confirm(email, now, now + LIFETIME)
    return {"key": services.wait_list.waiting()[0].key}


def _kwip(services):
    """Publish a kwip that can be acted on."""
    alice = services.members.user("alice")
    made = services.posts.publish(alice.id, Draft(text="Buy"))
    return {"act": "delete", "post_ids[]": str(made.id), "text": "Spam"}


def _guest_reply(services):
    """Show a guest's reply to a kwip."""
    alice = services.members.user("alice")
    post = services.posts.publish(alice.id, Draft(text="Rye?"))
    now = at(system_clock_ms())
    reply = GuestReply(
        id=post.id,
        post_id=post.id,
        author_id=alice.id,
        name="Carla",
        text="Buy",
        sender="",
        created_at=now,
        state=GuestReplyState.SHOWN,
    )
    services.guest_replies.store.add(reply, now + LIFETIME, lambda _: None, most=9)
    return {"guest_id": str(reply.id), "reason": "Spam"}


def _rule(kind, name):
    """Return a function that gives what is hidden: something else each time."""

    def give(services):
        version = services.discovery_changes.current().version
        return {"kind": kind, "name": f"{name}{version}", "reason": "Spam"}

    return give


#: What staff sends where people join, and what has to be made for it.
JOINING = {
    "/admin/kwips": _kwip,
    "/admin/guests/delete": _guest_reply,
    "/admin/hashtags": _rule("tag", "tea"),
    "/admin/links": _rule("link", "https://"),
    "/admin/applications": _waits_for_approval,
    "/admin/invitations": lambda _: {"max_uses": "1", "days": ""},
    "/admin/invitations/end": _invites,
    "/admin/waiting-list": _waits_for_an_invitation,
}
#: The beginning of what the log names.
JOINED = {
    "/admin/applications": "@dave",
    "/admin/invitations": "invitation",
    "/admin/invitations/end": "invitation",
    "/admin/waiting-list": "waiting",
    **{rule: "announcement" for rule in STAFF_FIELDS if "/announcements" in rule},
}


def _announced(row, services, known):
    """Add an announcement that the row can act on; give what else it is sent."""
    is_published = row.rule.endswith("/end")
    typed = TypedAnnouncement(text="Tea")
    made = services.announcements.add(typed, BY_KWIP, is_published=is_published)
    known["announcement_id"] = str(made.id)
    return {"version": 1} if row.rule.endswith("_id>") else {}


def _appealed(services, known):
    owner = UserId(int(known["user_id"]))
    viewer = Viewer(id=UserId(0), username="", digest="")
    decision = Decision(act=Act.SILENCE, text="Spam")
    strike = services.decisions.act_on(viewer, BY_KWIP, owner, decision)
    services.strikes.appeal(owner, strike.id, "No")
    return str(strike.id)


def _reported(row, services, known):
    """Give the version of the report; for an act on the others, make another one."""
    viewer = Viewer(id=UserId(0), username="", digest="")
    report = services.queue.get(viewer, int(known["report_id"])).report
    if row.rule.endswith("/resolve_others"):
        another = Viewer(id=UserId(1), username="", digest="")
        services.reports.create(another, NewReport(report.target_id))
    return report.version


def _settings(row, services):
    """Give what a page about settings is sent: the version, and something else."""
    site = services.site.current()
    if row.rule.endswith("/changes"):
        return {"change": services.site.changes(1)[0].id}
    name = "text" if row.rule.startswith("/admin/pages/") else "name"
    return {"version": site.version, name: f"Site {site.version}"}


def fields_of(row, wiring, known):
    """Give what an act of staff is sent, with what it must be made for."""
    services = wiring.services
    fields = dict(STAFF_FIELDS.get(row.rule, {"reason": f"For {row.rule}"}))
    if row.rule in JOINING:
        fields = JOINING[row.rule](services)
    elif "<id:announcement_id>" in row.rule:
        fields |= _announced(row, services, known)
    elif row.rule.endswith("/role"):
        services.moderation.set_role(UserId(int(known["user_id"])), Role.MODERATOR)
    elif row.rule == "/admin/emoji":
        fields["picture"] = (io.BytesIO(plain()), "tea.png")
    elif row.rule.startswith(("/admin/settings", "/admin/pages/")):
        fields |= _settings(row, services)
    elif "<id:strike_id>" in row.rule:
        known["strike_id"] = _appealed(services, known)
    elif "<id:report_id>" in row.rule and not row.rule.endswith("note"):
        fields["version"] = _reported(row, services, known)
    return fields


def check_act(row, wiring, ask, person, browser):
    """Assert that somebody is let in; if they act, that the log says who and why."""
    token = {"csrf_token": browser.form_token}
    if row.method not in UNSAFE:
        if "<id:announcement_id>" in row.rule:
            _announced(row, wiring.services, ask.known)
        assert (about(row), ask(row, person, browser).status_code) == (about(row), 200)
        return
    fields = fields_of(row, wiring, ask.known)
    before = {each.id for each in wiring.services.audit_log.page(AuditQuery())}
    check(row, ask(row, person, browser, **fields), 403)  # without the form token
    if "picture" in fields:
        fields |= fields_of(row, wiring, ask.known)
    answer = ask(row, person, browser, **token, **fields)
    logged = wiring.services.audit_log.page(AuditQuery())
    added = {
        (e.actor, e.subject.partition(" ")[0], e.reason)
        for e in logged
        if e.id not in before
    }
    about_site = "site" if row.rule.startswith(("/admin/set", "/admin/pages")) else ""
    code = f":{fields['shortcode']}:" if "shortcode" in fields else ""
    subject = fields.get("domain") or about_site or code or "@alice"
    if "kind" in fields:
        subject = ("#" if fields["kind"] == "tag" else "") + fields["name"]
    subject = JOINED.get(row.rule, subject)
    reason = fields.get("reason", fields.get("text", fields.get("note", "")))
    reason = "" if about_site else reason
    assert (about(row), answer.status_code) in {(about(row), 200), (about(row), 303)}
    act = (Actor("staff", person.user.username), subject, reason)
    assert (about(row), added) == (about(row), {act})


def roles_open_what_they_may(app, wiring, ask, people):
    """Each role asks for every address for staff, and gets what the table says."""
    rows = [row for row in asked() if row.policy.auth == "staff"]
    for role in Role:
        person = people(f"a_{role}")
        wiring.services.moderation.set_role(person.user.id, role)
        browser = sign_in(app, wiring, person)
        before = stored(wiring)
        for row in rows:
            if not may(role, row.policy.permission):
                fields = {"csrf_token": browser.form_token}
                answer = ask(row, person, browser, **fields)
                assert (about(row), answer.status_code) == (about(row), 404)
        assert stored(wiring) == before
        for row in rows:
            if may(role, row.policy.permission) and not MODERATION.search(row.rule):
                check_act(row, wiring, ask, person, browser)


def test_each_role_opens_what_it_may_and_nothing_else(app, wiring, ask, people):
    roles_open_what_they_may(app, wiring, ask, people)


@pytest.mark.parametrize(
    ("place", "name", "instead", "walk"),
    [
        (gate, "_let_in", lambda *_: None, "strangers"),
        (gate, "_require_permission", lambda *_: None, "roles"),
        (login, "check_form_token", lambda _: None, "forms"),
        (cors, "_CORS", {"Access-Control-Allow-Origin": "https://x"}, "origins"),
    ],
)
def test_a_check_that_is_taken_out_is_noticed(
    app, wiring, ask, alice, people, monkeypatch, place, name, instead, walk
):
    browser = sign_in(app, wiring, alice)
    monkeypatch.setattr(place, name, instead)
    walks = {
        "roles": lambda: roles_open_what_they_may(app, wiring, ask, people),
        "strangers": lambda: strangers_are_refused(ask),
        "forms": lambda: forms_need_their_token(ask, browser),
        "origins": lambda: other_origins_get_no_cookie(ask, browser),
    }

    with pytest.raises(AssertionError):
        walks[walk]()
