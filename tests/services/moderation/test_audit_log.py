"""The audit log has an entry exactly if something was done, also if two act at once."""

from __future__ import annotations

from contextlib import suppress

from kwip.domain.accounts.audit_log import AuditQuery
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.site import SignUpMode
from kwip.domain.administration.announcements import TypedAnnouncement
from kwip.domain.administration.discovery_rules import Place, RuleKind
from kwip.domain.clock import at
from kwip.domain.errors import KwipError
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.domain.moderation.reports import Event
from kwip.domain.moderation.strikes import Act, Decision
from kwip.services.accounts.authentication import SESSION_LIFETIME as LIFETIME
from kwip.services.accounts.staff.audit_log import AuditLog
from kwip.services.accounts.users import SignUp
from kwip.text.emails import read_email


def cases(kwip, mod, order, report, bob, post):
    """Give what two do at once, and of which one does nothing."""
    services, by, now = kwip.services, order(), at(kwip.services.audit_log.clock())
    later = now + LIFETIME  # MongoDB deletes what has expired
    services.site.change({"sign_up": SignUpMode.APPROVAL}, by)
    applicants = []
    for name in ("dave", "erin"):
        form = SignUp(username=name, email=f"{name}@b.example", password="correct ho")
        services.applications.apply(form, "I bake.")
        applicants.append(services.applications.named(name).id)
    waiting = read_email("carla@b.example")
    services.wait_list.store.add(waiting, now, later)
    services.wait_list.store.confirm(waiting, now, later)
    news = services.announcements.add(
        TypedAnnouncement(text="New"), by, is_published=True
    )
    invitation = services.invitations.create_for_staff(by, max_uses=1, days=1)
    strike = services.decisions.act_on(
        mod, by, bob.id, Decision(act=Act.WARN, text="x")
    )
    guest = GuestReply(
        id=7,
        post_id=post.id,
        author_id=bob.id,
        name="Carla",
        text="Which flour?",
        sender="digest",
        created_at=now,
        state=GuestReplyState.SHOWN,
    )
    services.guest_replies.store.add(guest, later, lambda _: None, 9)
    version, bob_id = services.site.current().version, bob.id
    key = services.wait_list.waiting()[0].key
    return {
        "report": lambda: services.queue.change(mod, by, report.id, Event.RESOLVE),
        "undo": lambda: services.decisions.undo(mod, by, strike.id),
        "approve": lambda: services.applications.approve(applicants[0], by),
        "reject": lambda: services.applications.reject(applicants[1], by),
        "invite": lambda: services.wait_list.invite(key, by),
        "site": lambda: services.site.change({"name": "B"}, by, version=version),
        "end news": lambda: services.announcements.end(news.id, by),
        "remove news": lambda: services.announcements.remove(news.id, by),
        "rule": lambda: services.discovery_changes.hide(
            RuleKind.TAG, "tea", [Place.TRENDS], by
        ),
        "end invitation": lambda: services.invitations.end_by_staff(
            invitation.code, by
        ),
        "block": lambda: services.email_domains.block("spam.example", by),
        "unblock": lambda: services.email_domains.unblock("spam.example", by),
        "guest": lambda: services.guest_replies.moderate(by, guest.id),
        "silence": lambda: services.moderation.silence(bob_id, by),
        "unsilence": lambda: services.moderation.unsilence(bob_id, by),
        "role": lambda: services.moderation.set_role(bob_id, Role.MEMBER, by),
        "suspend": lambda: services.moderation.suspend(bob_id, by),
        "unsuspend": lambda: services.moderation.unsuspend(bob_id, by),
    }


def test_who_is_too_late_leaves_no_entry(
    kwip, mod, order, report, bob, post, monkeypatch
):
    known, rivals = AuditLog.require_reason, []

    def after_the_rival(log, order):
        while rivals:
            rivals.pop()()
        return known(log, order)

    acts = cases(kwip, mod, order, report, bob, post)
    entries = kwip.store.database["audit_log"]
    monkeypatch.setattr(AuditLog, "require_reason", after_the_rival)
    added = {}
    for name, act in acts.items():
        before = entries.count_documents({})
        rivals.append(act)
        with suppress(KwipError):
            act()
        added[name] = entries.count_documents({}) - before
        assert not rivals, name

    assert added == {name: int(name != "role") for name in acts}
    newest = kwip.services.audit_log.page(AuditQuery(limit=1))[0]
    assert (newest.subject, newest.action.value) == ("@bob", "unsuspend_user")
