"""The words of all events, from which « Rechercher » proposes another spelling.

The index of the engine, by which a search finds events, is no model: SQLite has the FTS5 table
``search_index`` (kept by triggers of ``event``), PostgreSQL a GIN index of this name. Both hold
``Event.search_text``, which is folded in Python.
"""

from __future__ import annotations

import re

from sqlalchemy import Index, event, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column

from calendar_app.catalogue.models.events import Event
from calendar_app.store.base import Base, insert_new
from calendar_app.words.text import fold, words

#: Minimum length of a word that is kept: a shorter word has too many near words.
SHORTEST = 4


def is_modelled(_noun: object, name: str | None, *_: object) -> bool:
    """Return whether a table or an index of the store belongs to a model, for Alembic."""
    return not (name or "").startswith(("search_index", "search_row"))


class SearchWord(Base):
    """A word that an event had once. Words are only added: a spelling is proposed only after it
    has found an event.

    :param word: folded (``words.text.fold``), without digits.
    :param printed: the word as a text first wrote it, with accents and case.
    :param initial: its first letter; *rest* is the word without it, *length* counts its letters.
    """

    __tablename__ = "search_word"
    __table_args__ = (Index("ix_search_word_initial", "initial", "length"),)

    word: Mapped[str] = mapped_column(primary_key=True)
    printed: Mapped[str]
    initial: Mapped[str]
    rest: Mapped[str] = mapped_column(index=True)
    length: Mapped[int]


@event.listens_for(Session, "after_flush")
def _keep_words(session: Session, _context: object) -> None:
    """Keep the words of the events that a flush has written."""
    printed: dict[str, str] = {}
    for noun in (*session.new, *session.dirty):
        if isinstance(noun, Event) and inspect(noun).attrs.search_text.history.has_changes():
            printed |= _printed_words(noun)
    if printed:
        rows = [
            {"word": w, "printed": p, "initial": w[0], "rest": w[1:], "length": len(w)}
            for w, p in sorted(printed.items())
        ]
        session.execute(insert_new(session, SearchWord), rows)


def _printed_words(event: Event) -> dict[str, str]:
    """Return the words to keep of an event: folded → as it is written."""
    texts = " ".join((event.title, event.organiser, event.summary))
    printed = {fold(word): word for word in re.findall(r"[^\W_]+", texts)}
    return {
        word: printed.get(word, word)
        for word in words(event.search_text)
        if len(word) >= SHORTEST and not any(map(str.isdigit, word))
    }
