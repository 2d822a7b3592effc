"""The private MongoDB and Valkey that `kwip up` starts, closed to other users.

Both listen on Unix sockets only, in a folder that only their owner may enter, and ask
for a password that is made on the first run. Each of them is replaced when the
operator names another server by its `KWIP_…_URI`.
"""

from kwip.embedded.addresses import endpoints

__all__ = ["endpoints"]
