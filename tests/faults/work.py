"""The worker as it is, but for what a test takes out of it."""

from __future__ import annotations

from kwip.worker import main
from tests.faults.sabotage import take_out

if __name__ == "__main__":
    take_out()
    main([])
