"""The store itself: connections, transactions, health checks and request limits.

Start with ``base`` (column types and transactions), then ``connections``. The nouns of the calendar
are not here: each room has its own models.
"""
