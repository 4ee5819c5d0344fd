"""The tables of subscribers and of the outbox."""
