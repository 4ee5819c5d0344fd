"""The French words for a date and its event, equal in feeds, pages and mails. Plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.school import levels
from calendar_app.school.academies import NATIONAL, Academies, Academy
from calendar_app.school.local_time import local_deadline, safe_day, session_span
from calendar_app.school.school_year import SchoolYear
from calendar_app.words.french import NBSP, day_words, hour_words, list_words, span_words
from calendar_app.words.links import uri
from calendar_app.words.text import capital_initial, clean, clean_line, small_initial
from calendar_app.words.vocabulary import Audience, MilestoneKind, PupilData, Registrant, Sending


def moved_words(milestone: Milestone) -> str | None:
    """Return « prolongé » or « avancé » for a moved deadline, « reporté » for a moved session; None
    when the date was not moved. Add an « e » after « date »."""
    if milestone.moved_from_last_day is None:
        return None
    if milestone.kind is MilestoneKind.SESSION:
        return "reporté"
    if milestone.last_day < milestone.moved_from_last_day:
        return "avancé"
    return "prolongé" if milestone.kind.is_deadline else "reporté"


def cancelled_words(milestone: Milestone) -> str | None:
    """Return « événement annulé » when the event is, « date annulée » when only this date is; None
    when the date is not cancelled."""
    if not milestone.is_cancelled:
        return None
    return "date annulée" if only_date_cancelled(milestone) else "événement annulé"


def only_date_cancelled(milestone: Milestone) -> bool:
    """Whether a date is cancelled and its event is not."""
    return milestone.is_cancelled and milestone.event.cancelled_at is None


def cancelled_date_words(milestone: Milestone) -> str:
    """Return « Date limite annulée », for a cancelled date of an event that is not cancelled."""
    if milestone.label:
        return f"Date annulée ({clean_line(milestone.label)})"
    return {
        MilestoneKind.OPENING: "Ouverture annulée",
        MilestoneKind.REGISTRATION_DEADLINE: "Date limite d'inscription annulée",
        MilestoneKind.SUBMISSION_DEADLINE: "Date limite d'envoi des productions annulée",
        MilestoneKind.DEADLINE: "Date limite annulée",
        MilestoneKind.SESSION: "Date annulée",
        MilestoneKind.RESULTS: "Annonce des résultats annulée",
    }[milestone.kind]


def name_words(milestone: Milestone) -> str:
    """Return the name of a date without its event: its label, else its kind (« Date limite »)."""
    return clean_line(milestone.label) if milestone.label else milestone.kind.words


def lead_in(milestone: Milestone) -> str:
    """Return the words before the day: « Inscriptions jusqu'au », « A lieu le », « Date limite : »,
    « A lieu » before several days."""
    if milestone.label or milestone.is_approximate:
        return f"{name_words(milestone)} :"
    if milestone.kind is MilestoneKind.SESSION:
        return "A lieu le" if milestone.first_day == milestone.last_day else "A lieu"
    if until := milestone.kind.until:
        return until
    return f"{name_words(milestone)} :"


def summary(milestone: Milestone, viewer: Academy | None = None) -> str:
    """Return the title of a date in a calendar, on one line.

    :param viewer: the académie that the feed is for, or None. When its time zone differs, the local
        hour of a deadline is added.
    """
    title = clean_line(milestone.event.title)
    if (
        milestone.kind is not MilestoneKind.SESSION
        or milestone.label
        or only_date_cancelled(milestone)
    ):
        hour = hour_in_summary(milestone, viewer)
        title = f"{name_words(milestone)}{hour} : {title}"
    elif session_hours(milestone) is None and (hours := _session_words(milestone)):
        title = f"{title} ({hours})"
    if milestone.is_approximate:
        title = f"{title} – {clean_line(milestone.phrase or '')} (date approximative)"
    if moved := moved_words(milestone):
        title = f"{title} ({moved})"
    return f"ANNULÉ – {title}" if milestone.is_cancelled else title


def session_hours(milestone: Milestone) -> tuple[datetime, datetime] | None:
    """Return the start and end of a session, as aware instants in its own time zone. None for other
    dates, and when the two hours do not make a duration: words then give the hours."""
    if milestone.kind is not MilestoneKind.SESSION or milestone.is_approximate:
        return None
    return session_span(
        milestone.first_day,
        milestone.start_time,
        milestone.last_day,
        milestone.end_time,
        milestone.time_zone,
    )


def _session_words(milestone: Milestone) -> str | None:
    """Return the known hours of a session: « de 9 h à midi », « à 14 h », « à partir de 14 h »,
    « jusqu'à 16 h »; None when no hour is known."""
    start, end = milestone.start_time, milestone.end_time
    if start is None:
        return None if end is None else f"jusqu'à {hour_words(end)}"
    if end is None:
        return f"à partir de {hour_words(start)}"
    if start == end and milestone.first_day == milestone.last_day:
        return f"à {hour_words(start)}"
    return f"de {hour_words(start)} à {hour_words(end)}"


def hour_in_summary(milestone: Milestone, viewer: Academy | None) -> str:
    """Return a space and the hour that follows a name in a title (« à 18 h »), for a deadline with
    the viewer's local hour; an empty text when no hour is known."""
    at = milestone.end_time if milestone.kind.is_deadline else milestone.start_time
    if at is None:
        hours = _session_words(milestone)
        return f" {hours}" if hours else ""
    words = f" à {hour_words(at)}"
    if milestone.kind.is_deadline and viewer and viewer.time_zone != milestone.time_zone:
        local = local_deadline(milestone.last_day, at, milestone.time_zone, viewer.time_zone)
        hour = _local_hour(milestone.last_day, local.date(), local.time())
        words += f", {hour} {in_(viewer.time_zone)}"
    return words


def in_(zone: str) -> str:
    """Return the place of a time zone with its preposition: « à La Réunion », « en Guadeloupe ».

    :param zone: IANA name.
    """
    return _WHERE.get(zone, f"(heure de {zone.rpartition('/')[2].replace('_', ' ')})")


_WHERE = {
    "America/Cayenne": "en Guyane",
    "America/Guadeloupe": "en Guadeloupe",
    "America/Marigot": "à Saint-Martin",
    "America/Martinique": "en Martinique",
    "America/Miquelon": "à Saint-Pierre-et-Miquelon",
    "America/St_Barthelemy": "à Saint-Barthélemy",
    "Europe/Paris": "à Paris",
    "Indian/Mayotte": "à Mayotte",
    "Indian/Reunion": "à La Réunion",
    "Pacific/Noumea": "en Nouvelle-Calédonie",
    "Pacific/Tahiti": "à Tahiti",
    "Pacific/Wallis": "à Wallis",
}


def _local_hour(printed: date, local: date, at: time) -> str:
    words = hour_words(at.replace(second=0))
    if local == printed + timedelta(days=1):
        return f"{words} le lendemain"
    if local == printed - timedelta(days=1):
        return f"{words} la veille"
    return words


def when_words(milestone: Milestone) -> str:
    """Return the day or days in words, with the hours: « du 17 au 19 mai 2021 »; for a deadline,
    the last day; for an approximate date, its phrase."""
    if milestone.is_approximate:
        return f"{milestone.phrase} (date approximative)"
    days, hours = days_words(milestone), hours_words(milestone)
    if not hours:
        return days
    return f"{days} {hours}" if milestone.kind.is_deadline else f"{days}, {hours}"


def days_words(milestone: Milestone) -> str:
    """Return the day or days of a date that is not approximate, without its hours."""
    first, last = milestone.first_day, milestone.last_day
    # The last day of a deadline of several days counts.
    if milestone.kind.is_deadline or first == last:
        return day_words(last)
    return span_words(first, last)


def hours_words(milestone: Milestone) -> str:
    """Return the known hours of a date: « à 18 h », « de 9 h à midi »; empty when none is known."""
    if milestone.kind.is_deadline:
        end = milestone.end_time
        return "" if end is None else f"à {hour_words(end)}"
    return _session_words(milestone) or ""


def was_words(milestones: Iterable[Milestone], year: SchoolYear) -> str | None:
    """Return when a past event was, as a sentence: « C'était le jeudi 11 février 2021. », « C'était
    du 17 au 19 mai 2021. »; without a date, its school year. None when no date took place.

    Its sessions say when it was, else its last deadline, else its other dates.
    """
    known = list(milestones)
    held = [m for m in known if not m.is_cancelled]
    if known and not held:
        return None
    deadlines = sorted((m for m in held if m.kind.is_deadline), key=lambda m: m.last_day)
    told = [m for m in held if m.kind is MilestoneKind.SESSION] or deadlines[-1:] or held
    if not told:
        return f"C'était pendant l'année scolaire {year.label}."
    if len(told) == 1 and told[0].is_approximate:
        return f"C'était prévu : {when_words(told[0])}."
    # Of a deadline of several days, the last day counts.
    first = min(m.last_day if m.kind.is_deadline else m.first_day for m in told)
    last = max(m.last_day for m in told)
    days = f"le {day_words(last)}" if first == last else span_words(first, last)
    return f"C'était {days}."


def next_edition_words(series: Iterable[str]) -> str:
    """Return « la prochaine édition de « Camp@Num » et de « RoboTeam » ».

    :param series: titles of series: those of events may number the edition.
    """
    each = dict.fromkeys(f"de « {clean_line(title)} »" for title in series)
    return f"la prochaine édition {list_words(each)}"


def todo_words(milestone: Milestone, *, concerned: bool = True) -> str:
    """Return the task and its day as a sentence; for a moved or cancelled date, with the old day.

    :param concerned: whether the date is for the reader. A reader whom it does not concern is not
        asked to do anything.
    """
    if only_date_cancelled(milestone):
        what = cancelled_date_words(milestone)
        expected = f"La date prévue était : {when_words(milestone)}."
        return f"{what}. {expected} L'événement lui-même n'est pas annulé."
    if milestone.is_cancelled:
        return f"Annulé. La date prévue était : {when_words(milestone)}."
    when = when_words(milestone)
    by = when if milestone.is_approximate else f"le {when}"
    match milestone.kind:
        case MilestoneKind.REGISTRATION_DEADLINE | MilestoneKind.SUBMISSION_DEADLINE if (
            not concerned
        ):
            sentence = f"{milestone.kind.words} : {when}."
        case MilestoneKind.REGISTRATION_DEADLINE:
            sentence = f"Inscrivez la classe au plus tard {by}."
        case MilestoneKind.SUBMISSION_DEADLINE:
            sentence = f"Envoyez la production au plus tard {by}."
        case MilestoneKind.DEADLINE:
            sentence = f"Date limite pour participer : {when}."
        case MilestoneKind.OPENING:
            sentence = f"Ouverture : {when}.{_deadline_after(milestone)}"
        case MilestoneKind.RESULTS:
            sentence = f"Résultats : {when}."
        case _:
            where = milestone.place or milestone.event.place
            sentence = f"A lieu {_on(milestone, when)}{f', {where}' if where else ''}."
    if milestone.moved_from_first_day and milestone.moved_from_last_day:
        before = span_words(milestone.moved_from_first_day, milestone.moved_from_last_day)
        sentence += f" Date {moved_words(milestone)}e : c'était {_article(before)}{before}."
    return sentence


def _on(milestone: Milestone, when: str) -> str:
    one_day = milestone.first_day == milestone.last_day and not milestone.is_approximate
    return f"le {when}" if one_day else when


def _article(span: str) -> str:
    return "" if span.startswith("du ") else "le "


def _deadline_after(milestone: Milestone) -> str:
    """Return the sentence with the last deadline for the whole scope of an opening: not a deadline
    for a part of it. Empty when there is none."""
    deadlines = [
        m
        for m in milestone.event.milestones
        if m.kind.is_deadline and not m.is_cancelled and m.scope >= milestone.scope
    ]
    if not deadlines:
        return ""
    return f" Date limite : {when_words(max(deadlines, key=lambda m: m.last_day))}."


def local_words(milestone: Milestone, viewer: Academy | None) -> str | None:
    """Return the local hour of a date in another time zone, if an hour is given, and for a deadline
    the local safe day if it differs from the printed day. None when there is nothing to add.

    :param viewer: the reader's académie, or None.
    """
    if viewer is None or milestone.is_approximate or viewer.time_zone == milestone.time_zone:
        return None
    is_deadline = milestone.kind.is_deadline
    # The end is used for a deadline, and for a session of which only the end is known.
    of_end = is_deadline or milestone.start_time is None
    day = milestone.last_day if of_end else milestone.first_day
    at = milestone.end_time if of_end else milestone.start_time
    if at is None and not is_deadline:
        return None
    words = []
    if at is None:
        words.append("L'heure n'est pas précisée.")
    else:
        local = local_deadline(day, at, milestone.time_zone, viewer.time_zone)
        if (local.date(), local.time()) == (day, at):
            return None
        here = f"{_local_hour(day, local.date(), local.time())} {in_(viewer.time_zone)}"
        words.append(capital_initial(f"{hour_words(at)} {in_(milestone.time_zone)}, soit {here}."))
    if is_deadline:
        safe = safe_day(day, at, milestone.time_zone, viewer.time_zone)
        if safe != day:
            words.append(
                capital_initial(f"{in_(viewer.time_zone)}, comptez jusqu'au {day_words(safe)}.")
            )
        elif at is None:
            return None
    return " ".join(words)


def elsewhere_words(scope: Iterable[str], academies: Academies) -> str:
    """Return the sentence for readers whom a date or an event does not concern: « Pour d'autres que
    vous : département 62 (académie de Lille). »"""
    return f"Pour d'autres que vous : {scope_words(scope, academies)}."


def scope_words(scope: Iterable[str], academies: Academies) -> str:
    """Return the scope of a date in words: « national », « académie de Lille », « départements 15,
    43 et 63 (académie de Clermont-Ferrand) »."""
    codes = sorted(scope)
    if NATIONAL in codes:
        return "national"
    named: dict[str, list[str]] = {"region": [], "academie": [], "departement": []}
    for code in codes:
        kind, _, name = code.partition("/")
        named[kind].append(name)
    words = [f"région académique {academies.regions[slug]}" for slug in named["region"]]
    words += [academies.get(slug).label for slug in named["academie"]]
    if departments := named["departement"]:
        owners = sorted({academies.of_department(code).label for code in departments})
        plural = "s" if len(departments) > 1 else ""
        words.append(f"département{plural} {list_words(departments)} ({list_words(owners)})")
    return list_words(words)


def where_words(scope: Iterable[str], academies: Academies) -> str:
    """Return :func:`scope_words` for a page: « toute la France » for « national ». Feeds keep that
    word: people may sort their dates by it."""
    words = scope_words(scope, academies)
    return "toute la France" if words == "national" else words


def level_words(event: Event) -> str | None:
    """Return the classes in words: « premier degré et cycle 4 »; None when none are named."""
    return list_words(levels.name(slug) for slug in levels.collapse(event.classes)) or None


def class_words(event: Event) -> str:
    """Return :func:`level_words`, or « classes non précisées »; « toutes les classes » for a day
    that returns by a rule, whose text names none when it is for all."""
    return level_words(event) or (
        "toutes les classes" if event.by_rule else "classes non précisées"
    )


def audience_words(event: Event) -> str:
    """Return « élèves », « enseignants » or both."""
    return list_words(Audience(value).words for value in event.audience)


def taking_part(event: Event) -> list[tuple[str, str | None]]:
    """Return how to take part, as pairs of what is asked (without question mark) and its answer;
    None for an answer that the letter does not give."""
    who = [Registrant(value).words for value in event.registrants]
    link = uri(event.register_link) if event.register_link else None
    if event.ien_visa:
        who.append("avec le visa de l'IEN")
    return [
        ("Qui inscrit la classe", list_words(who) or None),
        ("Où s'inscrire", event.register_where or link),
        ("Coût", event.cost or None),
        ("Nombre de places", "complet" if event.full else event.places or None),
        (
            "Comment envoyer la production",
            list_words(Sending(value).words for value in event.sending) or None,
        ),
        (
            "Quelles données des élèves sont demandées",
            list_words(PupilData(value).words for value in event.pupil_data) or None,
        ),
    ]


def unsaid_words(event: Event) -> str | None:
    """Return what the letter does not say on taking part (« qui inscrit la classe et coût »); None
    when it says all."""
    asked = (question for question, answer in taking_part(event) if not answer)
    return list_words(small_initial(words) for words in asked) or None


def description(
    milestone: Milestone,
    viewer: Academy | None,
    page: str,
    academies: Academies,
    *,
    class_days: Iterable[str] = (),
    concerned: bool = True,
    said: str = "",
    done: bool = False,
) -> str:
    """Return the text of a date in a calendar, in lines: the task first, then the official link
    (because Google ignores the property URL), our own page and the source.

    :param viewer: the académie that the feed is for, or None.
    :param page: the address of the event's page.
    :param class_days: sentences on the class days around the date.
    :param concerned: whether the date is for the audience of the feed.
    :param said: in the feed of one person, the sentence on what the class did; else empty.
    :param done: whether the class has done what the date asks for: it is not asked for again.
    """
    event = milestone.event
    lines: list[str | None] = [] if concerned else [elsewhere_words(milestone.scope, academies)]
    lines += [
        said or None,
        todo_words(milestone, concerned=concerned and not done),
        local_words(milestone, viewer),
        *class_days,
        "",
    ]
    lines += [clean(event.summary), ""] if event.summary else []
    lines.append(f"Pour qui : {scope_words(milestone.scope, academies)}")
    if words := level_words(event):
        lines.append(f"Classes : {words}")
    if event.organiser:
        lines.append(f"Organisé par : {clean_line(event.organiser)}")
    lines += [
        f"{question} : {clean_line(answer)}" for question, answer in taking_part(event) if answer
    ]
    if event.link:
        lines.append(f"Site officiel : {uri(event.link)}")
    lines.append(f"Fiche : {page}")
    lines.append(f"Source : {clean_line(event.source_name)}")
    return "\n".join(line for line in lines if line is not None)


def categories(milestone: Milestone, academies: Academies, themes: Mapping[str, str]) -> list[str]:
    """Return the categories of a date in plain French: type, classes, themes and place.

    :param themes: the closed list, slug → name.
    """
    event = milestone.event
    found = [event.type.words]
    found += [levels.name(slug) for slug in levels.collapse(event.classes)]
    found += sorted(themes.get(slug, slug) for slug in event.themes)
    found += [scope_words({code}, academies) for code in sorted(milestone.scope)]
    # Programs split a category at a comma, escaped or not.
    return [re.sub(" ?, ?", " · ", clean_line(word).replace(NBSP, " ")) for word in found]
