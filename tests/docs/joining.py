"""What administrators set, and people who come and go: for the pages of the model."""

from __future__ import annotations

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.administration.announcements import TypedAnnouncement
from kwip.domain.administration.discovery_rules import Place, RuleKind
from kwip.domain.mail.mails import MailKind
from tests.wired import form_of, viewer_of


def join(kwip, note):
    """Let happen once whatever can happen before somebody is a member."""
    site = kwip.services.site
    for change in ({"name": "Bakers"}, {"name": "Millers"}, {"rules": "Be kind."}):
        site.change(change, BY_KWIP)
    _invite(kwip.services, note)
    _apply_and_wait(kwip, note)


def _invite(services, note):
    services.site.change({"members_invite": "yes"}, BY_KWIP)
    told = TypedAnnouncement(text="Tea", ends_at="2099-01-01")
    told = services.announcements.add(told, BY_KWIP, is_published=True)
    forms = [services.users.prepare(form_of(name)) for name in ("carol", "dave")]
    carol = viewer_of(services.users.create(forms[0]))
    places = [Place.TRENDS]
    services.discovery_changes.hide(RuleKind.TAG, "spam", places, BY_KWIP)
    services.announcements.dismiss(carol, told.id)
    made = services.invitations.create(carol, max_uses=5, days=7)
    services.users.create(forms[1], services.invitations.using(made.code))
    endless = services.invitations.create_for_staff(BY_KWIP, max_uses=None, days=None)
    note()
    services.invitations.end_by_staff(endless.code, BY_KWIP)


def _apply_and_wait(kwip, note):
    services = kwip.services
    services.applications.apply(form_of("erin"), "I bake.")
    services.applications.apply(form_of("gina"), "I mill.")
    services.applications.approve(services.applications.named("gina").id, BY_KWIP)
    services.site.change({"sign_up": "closed"}, BY_KWIP)
    services.wait_list.join("frank@example.org")
    note()
    mails = kwip.store.database["mails"]
    mail_id = mails.find_one({"kind": MailKind.WAITING_LIST})["_id"]
    link = services.mails.link_of(services.mails.store.find(mail_id))
    services.wait_list.confirm(link)
    note()
