"""Parts for tests of services and jobs: a bell that waits, people and their homes."""

from __future__ import annotations

from dataclasses import dataclass, field

from kwip.domain.accounts.users import Viewer
from kwip.domain.timelines.pages import PageRequest
from kwip.services.accounts.users import SignUp
from kwip.services.maintenance.progress import NoProgress
from tests import signed_up


@dataclass
class Rings:
    """The queue: remembers what it was rung for, until `run` does it."""

    waiting: list = field(default_factory=list)
    jobs: dict = field(default_factory=dict)

    def __call__(self, job, job_id):
        self.waiting.append((job, job_id))
        return True

    def run(self):
        """Do every job that was rung for, and those that these ring for."""
        while self.waiting:
            job, job_id = self.waiting.pop(0)
            self.jobs[job](job_id)


def form_of(username):
    """Return what somebody signs up with."""
    return SignUp(
        username=username,
        email=f"{username}@example.org",
        password="correct horse",
    )


def sign_up(kwip, username):
    """Sign somebody up, often only as documents; give the viewer.

    A test about the sign-up itself calls `kwip.services.users.sign_up`.
    """
    return viewer_of(signed_up.sign_up(kwip, form_of(username))[0])


def viewer_of(user):
    return Viewer(id=user.id, username=user.username, digest="0" * 64)


def home_of(kwip, viewer, limit=40):
    """Read somebody's whole home, page by page; give the texts, newest first."""
    texts, max_id = [], None
    while True:
        loader = kwip.services.loaders.begin()
        page = kwip.services.timelines.home(
            viewer, loader, PageRequest(limit=limit, max_id=max_id)
        )
        texts += [view.post.text for view in page.items]
        max_id = page.next_max_id
        if max_id is None:
            return texts


Silence = NoProgress
