"""The index of the engine by which a search finds events, and the words of all events

Revision ID: 0024
Revises: 0023
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# SQLite may number the rows of « event » anew (VACUUM), so that the index needs numbers of its own.
# The triggers go with the table: a migration that makes it anew makes them again.
_SQLITE = (
    "CREATE TABLE search_row (id INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE search_index USING fts5"
    " (words, content='', tokenize='unicode61 remove_diacritics 0')",
    "INSERT INTO search_row (event_id) SELECT id FROM event",
    "INSERT INTO search_index (rowid, words)"
    " SELECT search_row.id, search_text FROM event JOIN search_row ON event_id = event.id",
    "CREATE TRIGGER search_insert AFTER INSERT ON event BEGIN"
    " INSERT INTO search_row (event_id) VALUES (new.id);"
    " INSERT INTO search_index (rowid, words)"
    " SELECT id, new.search_text FROM search_row WHERE event_id = new.id; END",
    "CREATE TRIGGER search_update AFTER UPDATE OF search_text ON event BEGIN"
    " INSERT INTO search_index (search_index, rowid, words)"
    " SELECT 'delete', id, old.search_text FROM search_row WHERE event_id = new.id;"
    " INSERT INTO search_index (rowid, words)"
    " SELECT id, new.search_text FROM search_row WHERE event_id = new.id; END",
    "CREATE TRIGGER search_delete AFTER DELETE ON event BEGIN"
    " INSERT INTO search_index (search_index, rowid, words)"
    " SELECT 'delete', id, old.search_text FROM search_row WHERE event_id = old.id;"
    " DELETE FROM search_row WHERE event_id = old.id; END",
)
_POSTGRESQL = ("CREATE INDEX search_index ON event USING gin (to_tsvector('simple', search_text))",)


def upgrade() -> None:
    op.create_table(
        "search_word",
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("printed", sa.String(), nullable=False),
        sa.Column("initial", sa.String(), nullable=False),
        sa.Column("rest", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    op.create_index("ix_search_word_initial", "search_word", ["initial", "length"])
    op.create_index(op.f("ix_search_word_rest"), "search_word", ["rest"])
    _fill()
    is_lite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_lite else _POSTGRESQL:
        op.execute(statement)


def _fill() -> None:
    """Write the folded words of each event with spaces alone between them, and keep all words."""
    event = sa.table(
        "event", *map(sa.column, ("id", "title", "organiser", "summary", "search_text"))
    )
    word = sa.table(
        "search_word", *map(sa.column, ("word", "printed", "initial", "rest", "length"))
    )
    bind = op.get_bind()
    found: dict[str, str] = {}
    for row in bind.execute(sa.select(event)).all():
        words = _words(row.search_text)
        bind.execute(
            sa.update(event).where(event.c.id == row.id).values(search_text=f" {' '.join(words)} ")
        )
        printed = {_fold(w): w for text in row[1:4] for w in re.findall(r"[^\W_]+", text)}
        for one in words:
            if len(one) >= 4 and not re.search(r"\d", one):
                found.setdefault(one, printed.get(one, one))
    rows = [
        {"word": w, "printed": p, "initial": w[0], "rest": w[1:], "length": len(w)}
        for w, p in found.items()
    ]
    if rows:
        bind.execute(sa.insert(word), rows)


def _fold(text: str) -> str:
    """As ``words.text.fold`` was when this migration was written."""
    text = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _fold(text))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("search_insert", "search_update", "search_delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
        op.execute("DROP TABLE search_index")
        op.execute("DROP TABLE search_row")
    else:
        op.drop_index("search_index", "event")
    op.drop_table("search_word")
