"""What can be taken out of Kwip's processes, so that the checks have to find it."""

from __future__ import annotations

import os

from kwip.cache import drops
from kwip.services.fence import Fence

#: The variable by which a process is told what to leave out.
VARIABLE = "KWIP_FAULTS_WITHOUT"


def _drop_without_fence(fence, keys):
    """Do what `Fence.drop` does, and take an unconfirmed drop for a drop."""
    lease = fence.lease()
    deployment = lease.deployment if lease else fence._store.read().deployment
    fence._objects.drop_confirmed(deployment, tuple(keys))


WITHOUT = {
    "nothing": (),
    "the drop of an edit": ((drops, "edit", lambda **_: ()),),
    "the drop of an unfollow": ((drops, "unfollow", lambda **_: ()),),
    "the fence": ((Fence, "drop", _drop_without_fence),),
}


def take_out():
    """Take out what this process's environment names."""
    for target, name, instead in WITHOUT[os.environ.get(VARIABLE, "nothing")]:
        setattr(target, name, instead)
