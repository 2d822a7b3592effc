"""The jobs by name. Each may run twice, in parallel or never: the sweeper retries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.ids import AttachmentId, ListId, PostId, UserId
from kwip.services.backups.blogs.blogs import BLOG
from kwip.services.delivery.fanout import LeaseLostError
from kwip.services.delivery.hibernation import HIBERNATE, NOTE_READ
from kwip.services.delivery.push_wakes import PUSH
from kwip.services.posting.scheduled import SCHEDULED
from kwip.store.delivery.outbox import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.services.bundle import Services

log = structlog.get_logger()


def jobs(services: Services) -> dict[str, Callable[[str], None]]:
    """Return every job as a function of its id."""
    work = {
        "fanout": _fanout,
        "search": _search,
        "poll_end": _poll_end,
        SCHEDULED: _scheduled,
        "trends": _trends,
        "edge": _edge,
        "list_edge": _list_edge,
        "list": _list,
        "mute_end": _mute_end,
        NOTE_READ: _note_read,
        HIBERNATE: _hibernate,
        "attachment": _attachment,
        "convert": _convert,
        "purge": _purge,
        "mail": _mail,
        PUSH: _push,
        "notification_mail": _notification_mail,
        "strike": _strike,
        "preview": _preview,
        "stale_preview": _stale_preview,
        "verify_links": _verify_links,
        "export": _export,
        "import": _import,
        "closure": _closure,
        BLOG: _blog,
    }

    def guarded(name: str) -> Callable[[str], None]:
        def run(job_id: str) -> None:
            # The job runner: whatever fails, the worker goes on, and the sweeper
            # enqueues what is left.
            try:
                outcome = work[name](services, job_id)
            except Exception:
                outcome = "error"
                log.exception("job_failed", job=name, job_id=job_id)
            telemetry.JOBS.labels(name, outcome).inc()

        return run

    return {name: guarded(name) for name in work}


def _fanout(services: Services, job_id: str) -> str:
    """Deliver a post, and what waits with it."""
    try:
        lease = services.fanout.begin(PostId(int(job_id)))
    except UnreadableError as error:
        log.exception("fanout_failed", post_id=job_id, attempts=error.held.attempts)
        return services.fanout.fail(error.held)
    if lease is None:
        return "nothing"
    began_s = time.monotonic()
    try:
        homes = services.fanout.deliver(lease)
    except LeaseLostError:
        services.fanout.let_go(lease)
        return "taken_over"
    except Exception:
        log.exception("fanout_failed", post_id=job_id, attempts=lease.attempts)
        return services.fanout.fail(lease)
    log.info(
        "post_delivered",
        post_ids=[str(each) for each in lease.ids],
        homes=homes,
        attempts=lease.attempts,
        ms=round((time.monotonic() - began_s) * 1_000, 1),
    )
    return "done"


def _search(services: Services, job_id: str) -> str:
    """Take an edited or deleted post into the index of search."""
    services.search_index.settle(PostId(int(job_id)))
    return "done"


def _poll_end(services: Services, job_id: str) -> str:
    """Notify the author and the voters of a poll that has ended."""
    return "done" if services.poll_ends.settle(PostId(int(job_id))) else "later"


def _scheduled(services: Services, job_id: str) -> str:
    """Publish a post that was scheduled for now."""
    owner, _, draft_id = job_id.partition(":")
    return services.scheduled.settle(UserId(int(owner)), int(draft_id))


def _trends(services: Services, _: str) -> str:
    """Compute trends, unless another worker has just done so."""
    return "done" if services.trending.refresh() else "nothing"


def _edge(services: Services, job_id: str) -> str:
    """Backfill or purge a home after a follow or unfollow."""
    follower, _, followee = job_id.partition(":")
    is_settled = services.home_backfill.settle(
        UserId(int(follower)), UserId(int(followee))
    )
    return "done" if is_settled else "later"


def _list_edge(services: Services, job_id: str) -> str:
    """Backfill or purge a list's timeline after a change of its members."""
    member, _, list_id = job_id.partition(":")
    is_settled = services.list_backfill.settle(
        UserId(int(member)), ListId(int(list_id))
    )
    return "done" if is_settled else "later"


def _list(services: Services, job_id: str) -> str:
    """Remove what is left of a deleted list."""
    owner, _, list_id = job_id.partition(":")
    services.list_backfill.remove_deleted(UserId(int(owner)), ListId(int(list_id)))
    return "done"


def _mute_end(services: Services, job_id: str) -> str:
    """End a mute whose time is over."""
    user, _, other = job_id.partition(":")
    services.relationships.end_mute(UserId(int(user)), UserId(int(other)))
    return "done"


def _note_read(services: Services, job_id: str) -> str:
    """Note that a user has read home, and rebuild the home of a returning one."""
    return "done" if services.hibernation.note_read(UserId(int(job_id))) else "later"


def _hibernate(services: Services, job_id: str) -> str:
    """Hibernate the home of a user who has stopped reading."""
    return "done" if services.hibernation.hibernate(UserId(int(job_id))) else "later"


def _attachment(services: Services, job_id: str) -> str:
    """Remove an upload that has waited too long for a post, or was removed from one."""
    owner, _, attachment_id = job_id.partition(":")
    is_settled = services.attachments.settle(
        UserId(int(owner)), [AttachmentId(int(attachment_id))]
    )
    return "done" if is_settled else "nothing"


def _convert(services: Services, job_id: str) -> str:
    """Convert an uploaded video or sound."""
    owner, _, attachment_id = job_id.partition(":")
    return services.processing.convert(
        UserId(int(owner)), AttachmentId(int(attachment_id))
    )


def _purge(services: Services, _job_id: str) -> str:
    """Have a CDN forget deleted files."""
    return services.attachments.files.purges.send()


def _mail(services: Services, job_id: str) -> str:
    """Send a mail."""
    return services.mails.send(job_id)


def _push(services: Services, job_id: str) -> str:
    """Tell a device of the notifications that it was not told of yet."""
    return services.pushing.settle(job_id)


def _strike(services: Services, job_id: str) -> str:
    """Carry out what a moderator decided, if its request did not."""
    return services.execution.carry_out(int(job_id))


def _notification_mail(services: Services, job_id: str) -> str:
    """Mail a user what is unread."""
    return services.notification_mail.settle(UserId(int(job_id)))


def _preview(services: Services, job_id: str) -> str:
    """Look up the first link of a post."""
    return services.previews.settle(PostId(int(job_id)))


def _stale_preview(services: Services, job_id: str) -> str:
    """Delete what was found at an address a day ago."""
    return "done" if services.previews.expire(job_id) else "nothing"


def _verify_links(services: Services, job_id: str) -> str:
    """Check whether the pages that a profile links to link back."""
    return services.verification.settle(UserId(int(job_id)))


def _export(services: Services, job_id: str) -> str:
    """Make the archive that a user asked for, or delete one that has expired."""
    return services.exports.settle(UserId(int(job_id)))


def _import(services: Services, job_id: str) -> str:
    """Import what a user uploaded, or delete what is left of it."""
    return services.imports.settle(UserId(int(job_id)))


def _closure(services: Services, job_id: str) -> str:
    """Remind the owner of a closed account, or delete it."""
    return services.closure_ends.settle(UserId(int(job_id)))


def _blog(services: Services, job_id: str) -> str:
    """Read the feed of a blog, and post what is new."""
    return services.blog_posting.settle(int(job_id))
