"""An opening and its closing, as one time in which something is open."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from calendar_app.letters.dated_items import DatedItem, ItemKind, Step
from calendar_app.letters.doubts import Doubts
from calendar_app.letters.reading.merging import NO_STEP, Mention, alike
from calendar_app.words.vocabulary import Certainty

#: An opening and a closing that stand farther apart, in characters, are two things.
_APART = 250


def windows(mentions: Sequence[Mention], text: str) -> Iterator[Mention]:
    """Yield the mentions, with an opening and the closing after it as one window.

    Examples: « les inscriptions ouvrent le 4 janvier et ferment le 26 »; « Ouverture des
    inscriptions : 4 janvier » on one line and « Clôture des inscriptions : 26 janvier » on the
    next.

    :param text: the text of the letter.
    """
    left = deque(mentions)
    while left:
        first = left.popleft()
        if left and _is_closed_by(first, left[0]):
            yield _as_one(first, left.popleft(), text)
        else:
            yield first


def _is_closed_by(opening: Mention, closing: Mention) -> bool:
    """Whether the second mention says when what opens in the first one closes."""
    a, b = opening.item, closing.item
    if (a.kind, a.last_day, b.kind) != (ItemKind.WINDOW, None, ItemKind.DEADLINE):
        return False
    if a.first_day is None or b.last_day is None or a.first_day >= b.last_day:
        return False
    if a.certainty is not Certainty.DAY or b.certainty is not Certainty.DAY:
        return False
    known = {opening.opens, b.step} - {None, Step.UNKNOWN}
    if a.sentence == b.sentence:
        return len(known) < 2
    # In two sentences, both must speak of the same step.
    near = opening.section == closing.section and b.offset - a.offset < _APART
    both = {opening.opens or Step.UNKNOWN, b.step or Step.UNKNOWN}
    return near and len(both) == 1 and alike(a.title, b.title)


def _as_one(opening: Mention, closing: Mention, text: str) -> Mention:
    a, b = opening.item, closing.item
    step = b.step if b.step not in (None, Step.UNKNOWN) else opening.opens or b.step
    warnings = dict.fromkeys(a.warnings + b.warnings)
    if step is not Step.UNKNOWN:
        warnings.pop(NO_STEP, None)
    doubts = (
        a.doubts
        and b.doubts
        and Doubts(
            min(a.doubts.day, b.doubts.day),
            a.doubts.title,
            0.92,
            min(a.doubts.place, b.doubts.place),
        )
    )
    item: DatedItem = replace(
        a,
        doubts=doubts,
        confidence=doubts.least if doubts else min(a.confidence, b.confidence),
        reasons=tuple(r for r in a.reasons if not r.startswith("Nature")),
        last_day=b.last_day,
        end_time=b.end_time,
        step=step,
        phrase=text[a.offset : b.offset + len(b.phrase)],
        warnings=tuple(warnings),
    )
    return replace(opening, item=item)
