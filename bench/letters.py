"""Benchmark of reading letters: microseconds a kilobyte from 10 kB to 1 MB, PDF pages a second.

The time must be linear in the size of the letter; it would be quadratic in a reader that looks back
over all the text. The yardstick of each size is one regular expression that finds the months in the
same letter. Hostile texts, made to be slow, are compared with a usual text of the same size.
"""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial

from pypdf import PdfReader, PdfWriter

from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.reading.letter import _gazetteer, read_letter

TODAY = date(2026, 3, 2)
SIZES = (10_000, 20_000, 100_000, 300_000, 1_000_000)

ARTICLE = """## Concours « Les ponts de {n} »

Pour la {n}e fois, l'académie de Lille invite les classes du CM1 à la 6e à bâtir un pont de
papier, à le filmer, puis à l'envoyer. Les inscriptions sont ouvertes du 12 octobre 2025 au 30
avril 2026 sur [la page du concours](https://ponts.example/{n}/inscription). La finale se
tiendra le {day} mai 2026 de 14 h à 16 h 30, à Arras. En 2024-2025, 1 250 élèves y avaient pris
part, et le prix avait été remis le 4 juin 2025 ; voir la page 12 du dossier, la loi du 6
janvier 1978 et le site de l'atelier Canopé. Les enseignants retrouvent chaque mercredi de 14 h
à 17 h des idées pour le cycle 3, des gabarits à découper et les photos des trois éditions
passées. Rien n'est demandé aux familles.

Chaque équipe tient un carnet de bord : on y dessine les essais, on y note ce qui a cédé et
pourquoi, on y colle une photo de la charge la plus lourde que le pont ait portée. Le jury lit
ces carnets autant qu'il regarde les ponts. Une page suffit, un croquis vaut mieux qu'un long
texte, et rien n'empêche de raconter en riant une journée où tout s'est effondré. Les classes
qui n'ont pas de salle assez grande trouvent une table à l'atelier, où une médiatrice les reçoit
et prête des balances, des sangles et des poids. Les enseignants qui le souhaitent viennent
d'abord seuls, pour essayer ; ils repartent avec une mallette, un mode d'emploi et quelques
conseils de ceux qui ont déjà mené ce projet dans leur école. Une fois l'an, les ponts gagnants
sont montrés à la médiathèque, à côté des livres qui les ont inspirés.

- Dépôt des vidéos : jusqu'au {day} avril 2026
- Résultats : mi-juin 2026

"""

HOSTILE = {
    "numbers": "12 ",
    "commas": "3, ",
    "open brackets": "[",
    "links that never end": "](a",
    "hours": "14h-",
    "quotation marks": "« concours ",
    "capitals": "ABC ",
    "no sentence ends": "du 3 au 4 mai et ",
    "hyphens": "mot-\n",
    "headings": "# a\n\n",
    "cells": "| 3 mai ",
    "comments": "<!--",
}


def letter(size: int) -> str:
    """Return a letter of *size* characters with about ten items in 20 kB, like the fuller letters
    that we measured."""
    told = ARTICLE.split("\n\n")[2] + "\n\n"
    parts, length = ["# La lettre des ponts\n\n"], 0
    n = 0
    while length < size:
        n += 1
        parts.append(ARTICLE.format(n=n, day=n % 27 + 1) + 4 * told)
        length += len(parts[-1])
    return "".join(parts)[:size]


def seconds(run: Callable[[], object]) -> float:
    """Return the time of the shortest of three runs, in seconds."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best


def hostile(unit: str, size: int, knowledge: LetterKnowledge) -> float:
    """Return the time to read *unit*, repeated to *size* characters, in seconds."""
    text = unit * (size // len(unit))
    start = time.perf_counter()
    read(text, knowledge)
    return time.perf_counter() - start


def read(text: str, knowledge: LetterKnowledge) -> int:
    """Read a text with empty caches, as a new process does; return the number of items."""
    for name, module in list(sys.modules.items()):
        if name.startswith("calendar_app.letters."):
            for kept in vars(module).values():
                if kept is not _gazetteer and hasattr(kept, "cache_clear"):
                    kept.cache_clear()
    return len(read_letter(text.encode(), TODAY, TODAY, knowledge).items)


def pdf_pages(knowledge: LetterKnowledge, folder_letter: bytes, copies: int) -> tuple[int, float]:
    """Read a PDF made of *copies* of a letter; return (number of pages, seconds)."""
    writer = PdfWriter()
    for _ in range(copies):
        writer.append(PdfReader(io.BytesIO(folder_letter)))
    out = io.BytesIO()
    writer.write(out)
    data = out.getvalue()
    pages = len(PdfReader(io.BytesIO(data)).pages)
    return pages, seconds(lambda: read_letter(data, TODAY, TODAY, knowledge))


def main() -> None:
    knowledge = knowledge_of_files(data_folder())
    months = re.compile(r"\b(?:janvier|février|mars|avril|mai|juin|juillet|août)\b")
    print("Reading a letter in Markdown")
    first = 0.0
    for size in SIZES:
        text = letter(size)
        took = seconds(partial(read, text, knowledge))
        bare = seconds(partial(months.findall, text))
        each = took / size * 1e9
        first = first or each
        print(
            f"  {size // 1000:5} kB  {took * 1000:9.1f} ms  {each:8.1f} µs a kB"
            f"   × {each / first:5.2f} of 10 kB   × {took / bare:6.0f} of one regular expression"
        )
    usual = seconds(lambda: read(letter(20_000), knowledge))
    print("Hostile texts of 20 kB, as a share of the usual one, and of 10 kB of their own")
    for name, unit in HOSTILE.items():
        once, twice = (hostile(unit, size, knowledge) for size in (10_000, 20_000))
        print(f"  {name:22} × {twice / usual:6.2f}   × {twice / once:5.2f}", flush=True)
    sample = (
        data_folder().parent / "tests" / "letters" / "examples" / "passerelles-deux-colonnes.pdf"
    ).read_bytes()
    pages, took = pdf_pages(knowledge, sample, 25)
    print(f"Reading a PDF of {pages} pages: {pages / took:.0f} pages a second")


if __name__ == "__main__":
    main()
