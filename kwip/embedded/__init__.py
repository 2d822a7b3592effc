"""The private MongoDB and Valkey that `kwip up` starts, closed to other users.

Both listen only on Unix sockets, in a folder that only their owner may enter, and
require a password that is generated on the first run. Each is replaced if the operator
sets a `KWIP_…_URI` to another server.
"""

from kwip.embedded.addresses import endpoints

__all__ = ["endpoints"]
