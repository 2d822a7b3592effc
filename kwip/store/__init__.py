"""Documents in MongoDB, their indexes and their queries.

Nothing else uses pymongo, apart from `embedded`, which starts and checks the servers.

Every public method translates the driver's errors into `kwip.domain.errors`.
"""

import sys

# pymongo imports cryptography to ask whether certificates were revoked, if that is
# installed: 5 MB in each process, and more that it needs for that is not installed.
sys.modules["pymongo.pyopenssl_context"] = None  # type: ignore[assignment]
