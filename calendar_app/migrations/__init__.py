"""The history of the store's schema (Alembic). New ones: ``flask --app wsgi db migrate -m "…"``."""
