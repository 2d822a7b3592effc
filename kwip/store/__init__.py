"""Documents in MongoDB, their indexes and their queries.

Nothing else uses pymongo, apart from `embedded`, which starts and checks the servers.

Every public method translates the driver's errors into `kwip.domain.errors`.
"""
