"""The only place that knows MongoDB: documents, their indexes and their queries.

Every public method translates the driver's errors into `kwip.domain.errors`.
"""
