"""What is asked of MongoDB, noted by name, and how many documents it returns."""

from __future__ import annotations

from pymongo.monitoring import CommandListener


class Commands(CommandListener):
    """Every command to MongoDB, by name; the lease renewer's are not among them."""

    def __init__(self):
        self.names = []
        self.documents = 0

    def __len__(self):
        return len(self.names)

    def started(self, event):
        # A new connection signs in, and a thread of the driver ends what is left over.
        if event.command_name not in {"saslStart", "saslContinue", "killCursors"}:
            self.names.append(event.command_name)

    def succeeded(self, event):
        found = event.reply.get("cursor", {})
        self.documents += len(found.get("firstBatch", found.get("nextBatch", ())))

    def failed(self, event):
        pass
