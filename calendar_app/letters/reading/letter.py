"""Reading a letter: from its bytes to its dated items.

The steps:

1. find the text of the file (``letters.formats.text``);
2. find the date phrases of the text (``letters.grammar.french_dates``);
3. read the words around each phrase, which say whether it announces anything, and what (the other
   modules of ``letters.reading``);
4. merge the mentions of one item (``letters.reading.merging``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, time
from functools import lru_cache

from calendar_app.letters.dated_items import DatedItem, ItemKind, ItemStatus, LetterReading, Step
from calendar_app.letters.doubts import PassedOver
from calendar_app.letters.formats.detection import is_agenda
from calendar_app.letters.formats.letter_text import LetterText
from calendar_app.letters.formats.text import read_text
from calendar_app.letters.grammar.french_dates import DatePhrase, LeadIn, Shape, find_dates, hours
from calendar_app.letters.grammar.years import Days, resolve
from calendar_app.letters.knowledge import LetterKnowledge
from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import blanked, flat, folded
from calendar_app.letters.reading import contexts, issue_date, subjects
from calendar_app.letters.reading.classes import classes
from calendar_app.letters.reading.doubts import Finding, doubts_of, is_numbered, warnings_of
from calendar_app.letters.reading.links import Link, link_of, links
from calendar_app.letters.reading.merging import Mention, merged
from calendar_app.letters.reading.names import VENUE_COLUMN, WHEN_COLUMN, as_title
from calendar_app.letters.reading.places import scopes
from calendar_app.letters.reading.places.venues import venue
from calendar_app.letters.reading.school_years import school_year
from calendar_app.letters.reading.shown_titles import shown
from calendar_app.letters.reading.sure_titles import (
    TitleFinding,
    goes_on_below,
    is_cut,
    is_derived,
)
from calendar_app.letters.reading.surroundings import Surroundings, context_of, place_of
from calendar_app.letters.reading.titles import (
    Title,
    document_title,
    has_rival,
    is_alone,
    is_common_under,
    is_described,
    is_marked,
    is_stacked,
    is_told,
    leaves_out,
    of_audience,
    of_column,
    of_contest,
    of_group,
    of_sort,
    of_stage,
    of_step,
    title_of,
    without_part,
)
from calendar_app.letters.reading.windows import windows
from calendar_app.school.academies import Academies
from calendar_app.school.places import Gazetteer
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import EventType

#: How many dates without an item are told: a letter of records has hundreds.
_MOST_PASSED = 200

#: How many paragraphs of a section may introduce its list.
_LEADING = 3

#: How many characters before and after a date are read, so that a long text takes linear time.
_NEAR = 2_000

#: How many of them are about the same thing, and how many dates share what is read of them.
_ABOUT, _STEP = 800, 400


def read_letter(
    data: bytes, issued: date | None, today: date, knowledge: LetterKnowledge
) -> LetterReading:
    """Return the dated items of a letter, read in this process, without limits.

    :param data: the bytes of its file, 20 MiB at most.
    :param issued: the day on which the letter was sent; with None, the day is looked for in the
        letter.
    :param today: the day in Europe/Paris, used when the letter does not say its own day.
    :raises UnreadableLetterError: when the file cannot be read, is too large or holds no text.
    """
    if is_agenda(data):
        # Its libraries load for a tenth of a second, and no other letter needs them.
        from calendar_app.letters.reading.agenda_letter import read_agenda_letter

        return read_agenda_letter(data, issued, today, knowledge)
    return read_letter_text(read_text(data), issued, today, knowledge)


def read_letter_text(
    letter: LetterText, issued: date | None, today: date, knowledge: LetterKnowledge
) -> LetterReading:
    """Return the dated items of a letter whose text is known.

    :param issued: as for :func:`read_letter`; a day in *letter* comes next.
    :param today: as for :func:`read_letter`.
    """
    text = letter.text
    read = blanked(text)
    outline = Outline(read)
    phrases = find_dates(read)
    day, issued_from = issue_date.find(text, phrases, issued or letter.issued, today)
    title = issue_date.printed_title(text) or document_title(outline)
    reader = _Reader(outline, text, title, phrases, day, issued_from, knowledge)
    found = [reader.mention(at) for at in range(len(phrases))]
    mentions = [mention for mention in found if isinstance(mention, Mention)]
    passed = [
        PassedOver(text[phrase.start : phrase.end], phrase.start, why)
        for phrase, why in zip(phrases, found, strict=True)
        if isinstance(why, str)
    ]
    items = merged(list(windows(mentions, text)))
    return LetterReading(title, day, issued_from, text, items, tuple(passed[:_MOST_PASSED]))


class _Reader:
    """Reads the item of each date phrase of one letter."""

    def __init__(
        self,
        outline: Outline,
        text: str,
        title: str,
        phrases: Sequence[DatePhrase],
        issued: date,
        issued_from: str,
        knowledge: LetterKnowledge,
    ) -> None:
        self.outline = outline
        self.text = text
        self.title = title
        self.phrases = phrases
        self.issued = issued
        # What stands above the title of the letter is not a part of it.
        self.title_at = max(0, text.find(title[:25]))
        self.guessed = issued_from in issue_date.GUESSED
        self.knowledge = knowledge
        self.spans = [(phrase.start, phrase.end) for phrase in phrases]
        self.links: Sequence[Link] = links(outline.text)
        gazetteer = _gazetteer(knowledge.academies, tuple(knowledge.towns.items()))
        self.scopes = scopes.Scopes(outline, gazetteer)
        self.places: dict[int, Surroundings | None] = {}
        self.numbers = {id(section): n for n, section in enumerate(outline.sections)}

    def mention(self, at: int) -> Mention | str | None:
        """Return the item that a phrase announces, or why it announces none, in French words; None
        for the day of the letter itself and for a date in a list of addresses.

        :param at: the number of the phrase.
        """
        phrase = self.phrases[at]
        place = self._place(at)
        if place is None or issue_date.is_masthead(self.outline, place, phrase, self.issued):
            return None
        around = context_of(self.outline, place)
        phrase = contexts.new_day(phrase, around, folded(self.text[phrase.start : phrase.end]))
        past = contexts.past_tense(around) and not phrase.lead.ends
        days = resolve(
            phrase,
            self.issued,
            past=past,
            near=self._near(place, at),
            school_year=school_year(self.outline, place, self.title),
        )
        if phrase.struck and self._replaced(at, place):
            return "date barrée, remplacée par une autre"
        if rule := contexts.refusal(phrase, days, around, self.issued):
            return contexts.REFUSALS[rule]
        span = self.spans[at]
        section_spans = self._in_section(place, span)
        over = self.title if self.title_at <= phrase.start else ""
        found = title_of(self.outline, place, span, section_spans, over)
        kind = contexts.kind_of(phrase, days, around, fold(found.text))
        if kind is not ItemKind.EVENT:
            found = of_step(self.outline, place, found, over)
            found = without_part(found) if kind is ItemKind.DEADLINE else found
        else:
            found = of_column(place, found)
        if kind is ItemKind.EVENT or not contexts.is_request(around):
            found = of_stage(place, found)
        found = of_audience(self.outline, place, of_sort(self.outline, place, found))
        found = of_contest(self.outline, place, found)
        found = of_group(place, found)
        title, title_from = shown(found.text), found.rule
        if not title:
            return "rien ne dit de quoi il s'agit"
        status = contexts.status(phrase, around, self._after_struck(at))
        item = self._item(phrase, days, place, around, title, found, kind, status)
        number = self.numbers[id(place.section)]
        kind_of_block = place.block.kind
        listed = kind_of_block in (BlockKind.ITEM, BlockKind.ROW)
        heads = kind_of_block is BlockKind.HEADING
        opens = contexts.step_of(kind, phrase, around) if item.last_day is None else None
        return Mention(item, number, heads, title_from, listed, opens)

    def _item(
        self,
        phrase: DatePhrase,
        days: Days,
        place: Surroundings,
        around: contexts.Context,
        title: str,
        found: Title,
        kind: ItemKind,
        status: ItemStatus,
    ) -> DatedItem:
        first, last, end_time = _bounds(phrase, days, kind)
        ends = last is not None or days.impossible is not None
        step = contexts.step_of(kind, phrase, around) if ends else None
        warnings = self._warnings(phrase, days, place, around, step, last or first)
        said = flat(self._about(place, phrase.start))
        own = flat(self.outline.text[slice(*place.territory)][: _NEAR // 2])
        scope = self.scopes.of(place, phrase.start, title)
        sentence = self._sentence(place)
        start_time, end_time = _hours(phrase, place, kind, end_time)
        venue_of = self._venue(place, phrase) if kind is ItemKind.EVENT else None
        finding = Finding(
            phrase, days, kind, step, status,
            self._title_finding(phrase, place, found, title, kind),
            asks=contexts.asks(around) or self._in_column_of_its_own(place),
            plain=contexts.is_plain(kind, phrase, around, fold(title)),
            meets=bool(_has_weekday(phrase) or venue_of or start_time),
            numbered=is_numbered(self.text, phrase.start),
            scope=(scope.sure, scope.why),
        )  # fmt: skip
        doubts, reasons = doubts_of(finding, self.issued, warnings)
        return DatedItem(
            title=title,
            kind=kind,
            step=step,
            first_day=first,
            last_day=last,
            start_time=start_time,
            end_time=end_time,
            time_zone=scopes.zone_of(phrase.zone, self.knowledge.academies),
            certainty=days.certainty,
            status=status,
            academies=scope.academies,
            departments=scope.departments,
            place=venue_of,
            classes=classes(said),
            themes=subjects.themes(f"{title}. {sentence}", own, self.knowledge.themes),
            event_type=self._event_type(title, sentence, place),
            organiser=subjects.organiser(said),
            url=self._link(place, phrase, title, found.rule),
            phrase=self.text[phrase.start : phrase.end],
            sentence=sentence,
            offset=phrase.start,
            confidence=doubts.least,
            doubts=doubts,
            reasons=reasons,
            rule=f"{_rule(phrase)}, {days.year_from}, {found.rule}",
            warnings=tuple(warnings),
        )

    def _title_finding(
        self, phrase: DatePhrase, place: Surroundings, found: Title, title: str, kind: ItemKind
    ) -> TitleFinding:
        text, end = self.outline.text, place.block.end
        over = place.section.heading
        sentence = text[slice(*place.sentence)][:_NEAR]
        beside = [
            sentence,
            place.lead_in,
            place.label,
            *(words for cell in place.cells for words in cell),
        ]
        wraps = found.rule == "row" and goes_on_below(text[end : end + 80])
        return TitleFinding(
            title,
            found.rule,
            marked=is_marked(self.outline, place, found.rule),
            told=is_told(self.outline, place, phrase.start, title)
            or is_alone(self.outline, place, found),
            rival=self._has_rival(phrase, place, found, title, kind),
            cut=wraps or is_cut(sentence, title),
            derived=is_derived(
                flat(" ".join(beside)),
                as_title(flat(text[over.start : over.end][:_ABOUT])) if over else "",
                title,
            ),
        )

    def _in_column_of_its_own(self, place: Surroundings) -> bool:
        """Whether a date stands in a column whose header does not say that it is when something
        takes place: « Engagement », « Réponse »."""
        header = place.label if place.block.kind is BlockKind.ROW else ""
        return bool(header) and not WHEN_COLUMN.search(fold(header))

    def _has_rival(
        self, phrase: DatePhrase, place: Surroundings, found: Title, title: str, kind: ItemKind
    ) -> bool:
        """Whether something else may be the title, or a part of it."""
        others = self._in_section(place, (phrase.start, phrase.end))
        opens = kind is ItemKind.WINDOW and phrase.shape is Shape.DAY
        return (
            leaves_out(found, place, others, happens=opens or kind is ItemKind.EVENT)
            or is_common_under(self.outline, place, found)
            or is_described(place, found)
            or is_stacked(self.outline, place, found.rule)
            or has_rival(self.outline, place, phrase.start, title, found.rule)
        )

    def _link(
        self, place: Surroundings, phrase: DatePhrase, title: str, title_from: str
    ) -> str | None:
        # Under « Vote du public » the link is that of the vote, not of the prize above it.
        headed = title.rpartition(" : ")[2] if title_from == "heading" else title
        return link_of(self.outline, place, phrase.start, headed, self.links)

    def _sentence(self, place: Surroundings) -> str:
        sentence = flat(self.outline.text[slice(*place.sentence)])
        if place.block.kind is BlockKind.ROW:
            return re.sub(r"(?: ?\|)+ ?", " · ", sentence.strip(" |"))
        return sentence

    def _warnings(
        self,
        phrase: DatePhrase,
        days: Days,
        place: Surroundings,
        around: contexts.Context,
        step: Step | None,
        end: date | None,
    ) -> list[str]:
        """Return the warnings of an item that ends on the day *end*."""
        after = place.sentence[1]
        unsettled = contexts.unsettled(around, folded(self.outline.text[after : after + 100]))
        return list(
            warnings_of(
                phrase, days, step, end, self.issued, guessed=self.guessed, unsettled=unsettled
            )
        )

    def _event_type(self, title: str, sentence: str, place: Surroundings) -> EventType | None:
        """Return the type that the title names, else the sentence, a heading or the letter."""
        headings = [*place.section.above, *filter(None, [place.section.heading])]
        over = [flat(self.outline.text[h.start : h.end][:300]) for h in reversed(headings)]
        found = map(subjects.event_type, [title, sentence, *over, self.title])
        return next(filter(None, found), None)

    def _venue(self, place: Surroundings, phrase: DatePhrase) -> str | None:
        for header, words in place.cells:
            if VENUE_COLUMN.search(fold(header)):
                return words
        block = place.block
        # The place stands in the sentence, or on the lines under a date that stands alone.
        last = max(place.sentence[1], min(block.end, phrase.end + 40))
        text = self.outline.text[block.start : last]
        return venue(text, phrase.start - block.start, min(phrase.end, block.end) - block.start)

    def _place(self, at: int) -> Surroundings | None:
        if at not in self.places:
            start, end = self.spans[at]
            near = self._between(start - _NEAR, start + _NEAR, self.spans[at])
            place = place_of(self.outline, start, end, near)
            self.places[at] = place and self.scopes.with_headers(place)
        return self.places[at]

    def _between(
        self, first: int, last: int, but: tuple[int, int] | None = None
    ) -> list[tuple[int, int]]:
        low = bisect_left(self.spans, (first, 0))
        high = bisect_left(self.spans, (last, 0))
        return [
            span
            for span, phrase in zip(self.spans[low:high], self.phrases[low:high], strict=True)
            if span != but and phrase.shape is not Shape.MONTHS
        ]

    def _in_section(self, place: Surroundings, span: tuple[int, int]) -> list[tuple[int, int]]:
        near = span[0] - _NEAR, span[0] + _NEAR
        return self._between(
            max(place.section.start, near[0]), min(place.section.end, near[1]), span
        )

    def _near(self, place: Surroundings, at: int) -> list[date]:
        """Return the days of the section that are printed with their year."""
        found = []
        for start, _ in self._in_section(place, self.spans[at])[:50]:
            day = self.phrases[bisect_left(self.spans, (start, 0))].days[-1]
            if day.year is not None and day.day is not None and day.exists:
                found.append(date(day.year, day.month, day.day))
        return found

    def _replaced(self, at: int, place: Surroundings) -> bool:
        """Whether another date in its block follows and replaces a date that was struck out."""
        return any(
            not self.phrases[n].struck and self.spans[n][0] < place.block.end
            for n in range(at + 1, min(at + 3, len(self.phrases)))
        )

    def _after_struck(self, at: int) -> bool:
        return (
            at > 0
            and self.phrases[at - 1].struck
            and not self.phrases[at].struck
            and self.spans[at][0] - self.spans[at - 1][1] < 40
        )

    def _about(self, place: Surroundings, at: int) -> str:
        """Return the text that is about an item, with its heading and the list's introduction."""
        section, text = place.section, self.outline.text
        start, end = place.territory
        # Dates that stand close together share their text, which is then read once for all.
        mid = at - at % _STEP
        parts = [text[max(start, mid - _ABOUT) : min(end, mid + _STEP + _ABOUT)]]
        if heading := section.heading:
            parts.insert(0, text[heading.start : min(heading.end, heading.start + 300)])
        if place.block.kind in (BlockKind.ITEM, BlockKind.ROW):
            parts += [
                text[block.start : block.end][:500]
                for block in section.blocks[:_LEADING]
                if block.kind is BlockKind.PARAGRAPH and block.end <= place.block.start
            ]
        return "\n\n".join(parts)


@lru_cache(2)
def _gazetteer(academies: Academies, towns: tuple[tuple[str, str], ...]) -> Gazetteer:
    """Return the gazetteer of these towns, which the letters of one process share."""
    return Gazetteer(academies, dict(towns))


def _bounds(
    phrase: DatePhrase, days: Days, kind: ItemKind
) -> tuple[date | None, date | None, time | None]:
    """Return the first day, the last day and the last hour of an item, inclusive.

    « avant le 15 » ends on the 15th, which is printed: :func:`doubts.warnings_of` says that the
    letter may mean the day before.
    """
    if days.impossible is not None:
        return None, None, phrase.end_time
    if kind is ItemKind.DEADLINE:
        return None, days.last, phrase.end_time
    if kind is ItemKind.WINDOW and phrase.lead.ends:
        return None, days.last, phrase.end_time  # open « jusqu'au », for example an exhibition
    if kind is ItemKind.WINDOW and phrase.shape is Shape.DAY:
        return days.first, None, phrase.end_time
    if phrase.lead is LeadIn.FROM and phrase.shape is Shape.DAY:
        return days.first, None, phrase.end_time
    return days.first, days.last, phrase.end_time


def _hours(
    phrase: DatePhrase, place: Surroundings, kind: ItemKind, end_time: time | None
) -> tuple[time | None, time | None]:
    """Return the first and the last hour of an item, from its phrase or from a cell of its row."""
    start_time = phrase.start_time
    if start_time is None and end_time is None and place.cells:
        found = [hours(words) for _, words in place.cells]
        start_time, end_time = next((pair for pair in found if any(pair)), (None, None))
    if kind is ItemKind.DEADLINE:
        return None, end_time or phrase.start_time
    return start_time, end_time


def _has_weekday(phrase: DatePhrase) -> bool:
    return any(day.weekday is not None for day in phrase.days)


def _rule(phrase: DatePhrase) -> str:
    return f"{phrase.lead.value} {phrase.shape.value}".strip()
