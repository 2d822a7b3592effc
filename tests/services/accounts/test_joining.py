"""How people join: at once, by invitation, after approval, from the waiting list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Barrier

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP, Actor, AuditQuery, Order
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.site import SignUpMode
from kwip.domain.accounts.users import User
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    KwipError,
    NotAuthenticatedError,
    NotFoundError,
)
from kwip.domain.mail.mails import MailKind
from kwip.domain.mail.preferences import StaffTopic
from kwip.services.accounts.sign_in import Applicant
from kwip.services.accounts.users import NewUser, SignUp
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.services.maintenance.checks.joining_check import check_joining
from kwip.store.maintenance.audit import AuditStore
from kwip.store.maintenance.joining_audit import JoiningAuditStore
from kwip.text.dates import written_for
from kwip.text.emails import read_email
from tests.wired import Silence, form_of

BY_ANN = Order(Actor("user", "ann"))
BROWSER = Applicant(address=None, agent="test")


@pytest.fixture
def join(kwip):
    """Return the services of a site, and a function that changes who may sign up."""

    def mode(sign_up, **others):
        kwip.services.site.change({"sign_up": sign_up, **others}, BY_KWIP)

    return kwip.services, mode


def sign_up(services, name, language="", **ways):
    form = replace(form_of(name), language=language)
    return services.sign_in.sign_up(form, BROWSER, **ways)


def mails(kwip, kind):
    found = kwip.store.database["mails"].find({"kind": kind})
    return [kwip.services.mails.store.find(each["_id"]) for each in found]


def problems(kwip):
    """Give what fsck says of users, claims and invitations."""
    report = Fsck(AuditStore(kwip.store), kwip.services.invitations.clock)
    found = report.run(Silence()).findings
    return [*found, *check_joining(JoiningAuditStore(kwip.store))]


def at_once(number, act):
    """Do something in some threads at the same moment; give what came of each."""
    barrier = Barrier(number)

    def one(n):
        barrier.wait()
        try:
            return act(n)
        except KwipError as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_the_last_use_of_an_invitation_makes_exactly_one_of_twenty_accounts(kwip, join):
    services, mode = join
    mode("invitation")
    code = services.invitations.create_for_staff(BY_ANN, max_uses=1, days=1).code

    def use(n):
        form = form_of(f"u{n}")
        user = User(id=1_000 + n, username=form.username, display_name="")
        new = NewUser(user, read_email(form.email), "a hash")
        steps = (services.site.still(SignUpMode.INVITATION),)
        return services.users.create(new, *steps, services.invitations.using(code))

    results = at_once(20, use)

    made = [each for each in results if isinstance(each, User)]
    assert len(made) == 1
    assert all(isinstance(e, InvalidError) for e in results if e not in made)
    assert kwip.store.database["users"].count_documents({}) == 1
    [listed] = services.invitations.newest()
    assert listed.invitation.uses_count == 1
    assert [user.id for user in listed.invited] == [made[0].id]
    assert problems(kwip) == []


def test_an_answer_to_a_request_is_given_once(kwip, join):
    services, mode = join
    mode("approval")
    for n in range(4):
        name = f"dave{n}"
        sign_up(services, name, reason="I bake.")
        user_id = services.applications.named(name).id
        acts = (services.applications.approve, services.applications.reject)
        results = at_once(2, lambda i, acts=acts, u=user_id: acts[i](u, BY_ANN))

        errors = [each for each in results if isinstance(each, KwipError)]
        assert len(errors) == 1
        assert isinstance(errors[0], NotFoundError)
        is_user = user_id in services.users.store.get_many([user_id])
        assert is_user == isinstance(results[0], User)
        sent = {"user_id": user_id, "kind": MailKind.ACCOUNT_APPROVED}
        assert kwip.store.database["mails"].count_documents(sent) == is_user
        assert bool(services.users.store.ids_of([name])) == is_user
    answered = kwip.store.database["mails"].count_documents(
        {"kind": {"$in": [MailKind.ACCOUNT_APPROVED, MailKind.ACCOUNT_REJECTED]}}
    )
    assert answered == 4
    assert problems(kwip) == []


def test_a_sign_up_during_which_the_site_closes_makes_nobody(kwip, join, monkeypatch):
    services, mode = join
    prepare = type(services.users).prepare

    def slowly(users, form, **options):
        mode("closed")
        return prepare(users, form, **options)

    monkeypatch.setattr(type(services.users), "prepare", slowly)
    with pytest.raises(InvalidError, match="has just changed"):
        sign_up(services, "dave")
    with pytest.raises(ForbiddenError, match="closed"):
        sign_up(services, "dave")

    assert kwip.store.database["users"].count_documents({}) == 0
    assert services.users.store.ids_of(["dave"]) == {}


def test_somebody_who_waits_is_no_user_and_learns_only_that(kwip, join):
    services, mode = join
    mode("approval")
    with pytest.raises(InvalidError) as error:
        sign_up(services, "root")
    sent = sign_up(services, "dave", reason="I bake.")
    with pytest.raises(InvalidError, match="can't be created"):
        sign_up(services, "dave", reason="Me, too.")
    for login in ("dave", "dave@example.org"):
        with pytest.raises(NotAuthenticatedError, match="waiting for approval"):
            services.sign_in.sign_in(login, "correct horse", BROWSER)
        with pytest.raises(NotAuthenticatedError, match="Wrong"):
            services.sign_in.sign_in(login, "wrong password", BROWSER)

    assert error.value.fields.keys() == {"username", "reason"}
    assert sent is None
    assert kwip.store.database["users"].count_documents({}) == 0
    with pytest.raises(NotFoundError):
        services.users.by_name(None, services.loaders.begin(), "dave")
    assert problems(kwip) == []


def test_who_is_approved_can_log_in_and_who_is_not_is_forgotten(kwip, join, new_user):
    services, mode = join
    mode("approval", confirm_email="yes")
    for staff in (new_user("gina"), new_user("hans")):
        services.moderation.set_role(staff.id, Role.MODERATOR)
    services.staff_mail.choose(staff, {StaffTopic.REPORTS})
    for name in ("dave", "erin"):
        sign_up(services, name, "de", reason="I bake.")
    [notice] = mails(kwip, "new_application")  # one for both who wait
    assert (notice.address, notice.details) == (
        "gina@example.org",
        {"username": "dave"},
    )
    assert services.mails.send(notice.id) == "done"
    dave = services.applications.named("dave").id
    approve = partial(services.applications.approve, dave, BY_ANN)
    refuses_blocked(services, "dave@example.org", approve)
    assert services.applications.approve(dave, BY_ANN).language == "de"
    erin = services.applications.named("erin").id
    services.applications.reject(erin, BY_ANN, "No more bakers.")
    admitted, again = (
        services.sign_in.sign_in("dave", "correct horse", BROWSER) for _ in "12"
    )

    assert admitted.credential.user_id == services.users.store.ids_of(["dave"])["dave"]
    assert (admitted.is_new, again.is_new) == (True, False)
    assert [mail.address for mail in mails(kwip, "account_approved")] == [
        "dave@example.org"
    ]
    assert len(mails(kwip, "confirm_email")) == 1
    [mail] = mails(kwip, "account_rejected")
    assert mail.details["language"] == "de"
    assert services.mails.send(mail.id) == "done"
    assert mails(kwip, "account_rejected") == []  # the address is gone with it
    kwip.services.users.sign_up(form_of("erin"))  # name and address are free again
    actions = [entry.action for entry in services.audit_log.page(AuditQuery())[:2]]
    assert actions == ["reject_user", "approve_user"]


def test_blocked_domains_and_reserved_names_hold_whoever_may_sign_up(join):
    services, mode = join
    services.email_domains.block("spam.example", BY_KWIP)
    spammer = SignUp(username="admin", email="a@x.spam.example", password="correct ho")
    made = services.invitations.create_for_staff(BY_ANN, max_uses=None, days=None)
    ways = {
        "open": {},
        "approval": {"reason": "I bake."},
        "invitation": {"invite": made.code},
        "closed": {"invite": made.code},
    }
    for sign_up_mode, way in ways.items():
        mode(sign_up_mode)
        with pytest.raises(InvalidError) as error:
            services.sign_in.sign_up(spammer, BROWSER, **way)
        assert error.value.fields["username"].startswith("This username is reserved")
        allowed = SignUp(username="dave", email=spammer.email, password="correct ho")
        with pytest.raises(InvalidError) as error:
            services.sign_in.sign_up(allowed, BROWSER, **way)
        assert error.value.fields.keys() == {"email"}
    with pytest.raises(InvalidError):
        services.wait_list.join("a@spam.example")


def refuses_blocked(services, name, act):
    """Check that an act is refused while an address or a domain is blocked."""
    services.email_domains.block(name, BY_KWIP)
    with pytest.raises((ForbiddenError, ConflictError)):
        act()
    services.email_domains.unblock(name, BY_KWIP)


def test_an_address_waits_once_confirmed_until_it_is_invited(kwip, join):
    services, mode = join
    with pytest.raises(ForbiddenError):
        services.wait_list.join("dave@example.org")
    mode("closed")
    for address in ("dave@example.org", "Dave@example.org", "erin@example.org"):
        with written_for("de", ""):
            services.wait_list.join(address)
    first, _, of_erin = mails(kwip, "waiting_list")
    unconfirmed = services.wait_list.waiting()
    refused = partial(services.wait_list.confirm, services.mails.link_of(first))
    refuses_blocked(services, "dave@example.org", refused)
    for mail in (first, of_erin):
        services.wait_list.confirm(services.mails.link_of(mail))
    services.wait_list.leave(services.mails.link_of(of_erin))
    [waiting] = services.wait_list.waiting()
    refused = partial(services.wait_list.invite, waiting.key, BY_ANN)
    refuses_blocked(services, "example.org", refused)
    sent = services.wait_list.invite(waiting.key, BY_ANN)
    with pytest.raises(NotFoundError):
        services.wait_list.invite(waiting.key, BY_ANN)
    [mail] = mails(kwip, "invitation")
    admitted = sign_up(services, "dave", invite=mail.details["code"])

    assert unconfirmed == []
    assert mail.details["language"] == "de"
    assert sent == "dave@example.org"
    assert kwip.store.database["wait_list"].count_documents({}) == 0
    assert admitted is not None
    with pytest.raises(InvalidError):
        sign_up(services, "erin", invite=mail.details["code"])


def test_members_invite_only_if_they_may_and_within_limits(join, new_user):
    services, mode = join
    alice = new_user("alice")
    with pytest.raises(InvalidError, match="Only staff"):
        services.invitations.create(alice, max_uses=1, days=1)
    mode("invitation", members_invite="yes")
    with pytest.raises(InvalidError) as error:
        services.invitations.create(alice, max_uses=26, days=None)
    made = [services.invitations.create(alice, max_uses=1, days=1) for _ in range(10)]
    with pytest.raises(InvalidError, match="up to 10"):
        services.invitations.create(alice, max_uses=1, days=1)
    services.invitations.end(alice, made[0].code)
    with pytest.raises(NotFoundError):
        services.invitations.end(new_user("bob"), made[1].code)
    mode("invitation", members_invite="no")
    with pytest.raises(InvalidError, match="doesn't work"):
        sign_up(services, "dave", invite=made[1].code)
    assert not any(each.works for each in services.invitations.of_viewer(alice))
    mode("closed", members_invite="yes")

    assert error.value.fields.keys() == {"max_uses", "days"}
    for each in made[:2]:  # ended; of a member, while the site is closed
        with pytest.raises(InvalidError, match="doesn't work"):
            sign_up(services, "dave", invite=each.code)


def test_invitations_that_are_created_at_once_do_not_exceed_the_limit(join, new_user):
    services, mode = join
    alice = new_user("alice")
    mode("invitation", members_invite="yes")
    for _ in range(9):
        services.invitations.create(alice, max_uses=1, days=1)

    at_once(4, lambda _: services.invitations.create(alice, max_uses=1, days=1))
    assert len(services.invitations.of_viewer(alice)) <= 10


def test_nobody_comes_by_an_invitation_of_somebody_suspended(kwip, join, new_user):
    services, mode = join
    mode("invitation", members_invite="yes")
    alice = new_user("alice")
    code = services.invitations.create(alice, max_uses=2, days=1).code
    services.moderation.suspend(alice.id)

    with pytest.raises(InvalidError) as error:
        sign_up(services, "sock", invite=code)
    assert error.value.fields.keys() == {"invite"}
    assert [each.works for each in services.invitations.newest()] == [False]
    services.moderation.unsuspend(alice.id)
    assert sign_up(services, "friend", invite=code)


def test_who_invited_whom_is_forgotten_with_the_account(kwip, join, new_user):
    services, mode = join
    mode("open", members_invite="yes")
    alice = new_user("alice")
    code = services.invitations.create(alice, max_uses=9, days=1).code
    for name in ("dave", "erin"):
        sign_up(services, name, invite=code)
    dave = services.users.store.ids_of(["dave"])["dave"]
    kwip.services.deletion.run(dave, Silence())
    before = problems(kwip)
    kwip.services.deletion.run(alice.id, Silence())
    [listed] = services.invitations.newest()

    assert before == problems(kwip) == []
    assert (listed.creator, listed.works) == (None, False)
    assert [user.username for user in listed.invited] == ["erin"]
    counts = listed.invitation.uses_count, listed.invitation.gone_count
    assert counts == (2, 1)
    assert alice.id not in {
        each["inviter_id"] for each in kwip.store.database["invited"].find()
    }


def test_a_wrong_count_and_a_missing_claim_are_found(kwip, join):
    services, mode = join
    mode("approval")
    sign_up(services, "dave", reason="I bake.")
    code = services.invitations.create_for_staff(BY_ANN, max_uses=9, days=1).code
    kwip.store.database["invitations"].update_one({}, {"$set": {"uses_count": 3}})
    kwip.store.database["claims"].delete_one({"_id": "handle:dave"})

    found = {(each.check, each.id) for each in problems(kwip)}
    assert found == {("invitations", code), ("applications", "dave")}
