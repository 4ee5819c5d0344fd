"""Find the feed that an address names, and select the milestones that it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, for_place, national, the_academy
from calendar_app.catalogue.kept_marks import Marks, kept_marks
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.feed import Feed, cancelled_since, month_edge, past_edge
from calendar_app.feeds.holidays import feed_holidays, holidays_words
from calendar_app.feeds.links import query
from calendar_app.feeds.options import FeedOptions
from calendar_app.school import levels
from calendar_app.school.academies import Academies, Academy, Department
from calendar_app.store.base import AnySession
from calendar_app.words.errors import NotFoundError, ParameterError, UnknownValueError
from calendar_app.words.text import nearest

NATIONAL = "national"
ALL = "toutes"


@dataclass(frozen=True, slots=True)
class FeedName:
    """The meaning of the last segment of a feed's address.

    :param name: the present form of the segment, without the extension.
    :param label: the content of the feed (« académie de Lille », « dates nationales »).
    :param academy: None for the national feed and the feed of all dates.
    :param department: None when the feed is not for a département.
    """

    name: str
    label: str
    academy: Academy | None = None
    department: Department | None = None

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Return the query parameters with which a page shows the place of this feed."""
        if self.department:
            return (("departement", self.department.code),)
        return (("academie", self.academy.slug),) if self.academy else ()

    def narrow(self, chosen: CatalogueFilter, academies: Academies) -> CatalogueFilter:
        """Return *chosen* narrowed to the place of this feed."""
        if self.name == NATIONAL:
            return national(chosen)
        if self.department:
            return for_place(chosen, academies, department=self.department.code)
        return for_place(chosen, academies, self.academy.slug) if self.academy else chosen


def of_academy(academy: Academy) -> FeedName:
    """Return the feed of an académie or a collectivity."""
    return FeedName(academy.feed_name, academy.label, academy)


def of_department(department: Department, academies: Academies) -> FeedName:
    """Return the feed of a département."""
    label = f"{department.name} ({department.code})"
    academy = academies.of_department(department.code)
    return FeedName(f"departement-{department.code.lower()}", label, academy, department)


def read_name(name: str, academies: Academies) -> FeedName:
    """Return the feed that the last segment of an address names.

    The ``name`` of the result differs from *name* when the feed has moved: for a former académie,
    or for a collectivity in the form of an académie.

    :param name: the segment without the extension.
    :raises UnknownValueError: for an unknown feed, with the nearest feed.
    """
    if name == NATIONAL:
        return FeedName(NATIONAL, "dates nationales")
    if name == ALL:
        return FeedName(ALL, "toutes les dates")
    if name.startswith("departement-"):
        return of_department(academies.department(name.removeprefix("departement-")), academies)
    if name.startswith("academie-de-"):
        return of_academy(academies.get(name.removeprefix("academie-de-")))
    for academy in academies:
        if academy.collectivity and academy.slug == name:
            return of_academy(academy)
    meant = _meant(name, academies)
    if meant is None:
        raise UnknownValueError("le calendrier", name)
    raise UnknownValueError("le calendrier", name, meant.name, meant.label)


def _meant(name: str, academies: Academies) -> FeedName | None:
    """Return the feed that was probably meant: the feed of a place of that name, or a feed with a
    similar name. None when there is no such feed."""
    try:
        academy, department = academies.find(name)
        return of_department(department, academies) if department else of_academy(academy)
    except UnknownValueError as error:
        if error.nearest and error.nearest != name:
            return _meant(error.nearest, academies)
    near = nearest(name, [NATIONAL, ALL, *(academy.feed_name for academy in academies)])
    return read_name(near, academies) if near else None


def name_on_screen(chosen: CatalogueFilter, academies: Academies) -> FeedName:
    """Return the feed of the place that a page's filter names. For several places, or an académie
    and a département, this is the feed of all dates, which the filter then narrows."""
    match chosen.academies, chosen.departments:
        case (academy,), ():
            return of_academy(academies.get(academy))
        case (), (department,):
            return of_department(academies.department(department), academies)
    return read_name(ALL, academies)


def without_place(name: FeedName, chosen: CatalogueFilter) -> CatalogueFilter:
    """Return a page's filter for the address of a feed. The place is left out, because the name of
    the feed says it; only the feed of all dates keeps it."""
    if name.name == ALL:
        return chosen
    return replace(chosen, academies=(), departments=(), scopes=())


def feed_address(
    public_url: str,
    name: str,
    chosen: CatalogueFilter,
    options: FeedOptions = FeedOptions(),  # noqa: B008 (a frozen value)
    form: str = "ics",
) -> str:
    """Return the address of a feed, with the parameters always in one order.

    :param public_url: the address of the site, without a slash at its end.
    :param name: the ``name`` of a :class:`FeedName`.
    :param form: « ics », « atom » or « json ».
    """
    pairs = (*chosen.parameters(), *options.parameters())
    return f"{public_url}/flux/{name}.{form}{query(pairs)}"


def feed_label(name: FeedName, chosen: CatalogueFilter) -> str:
    """Return the content of a feed in words: « académie de Lille · CM2 », « ma sélection (3) »."""
    if not chosen.event_ids:
        # No comma: iCalendar escapes it with a backslash, and programs show the backslash in names.
        return " · ".join([name.label, *map(levels.name, chosen.levels)])
    picked = f"ma sélection ({len(chosen.event_ids)})"
    return picked if name.name == ALL else f"{picked} · {name.label}"


def feed_title(site_name: str, name: FeedName, chosen: CatalogueFilter) -> str:
    """Return the name of a feed in a calendar program."""
    return f"{site_name} – {feed_label(name, chosen)}"


def count_held(
    session: AnySession,
    reference: Reference,
    name: FeedName,
    chosen: CatalogueFilter,
    edge: date,
) -> int:
    """Return how many dates a feed without options holds in the month that begins on *edge*
    (:func:`~calendar_app.feeds.feed.month_edge`)."""
    narrowed = name.narrow(chosen, reference.academies)
    return queries.count_milestones(
        session, narrowed, past_edge(edge), cancelled_since=cancelled_since(edge)
    )


def catalogue_feed(
    session: AnySession,
    reference: Reference,
    name: FeedName,
    chosen: CatalogueFilter,
    options: FeedOptions,
    now: datetime,
    *,
    site_name: str,
    public_url: str,
    form: str = "ics",
    as_marks: bool = False,
) -> Feed:
    """Return the feed for a name, a filter and options, as of the month of *now*.

    :param now: an aware instant.
    :param public_url: the address of the site, without a slash at its end.
    :param form: « ics », « atom » or « json ».
    :param as_marks: whether only the marks of its dates are read.
    :raises NotFoundError: when visible reminders are asked for and the feed is not for exactly one
        académie.
    """
    viewer = name.academy or the_academy(chosen, reference.academies)
    _check_reminders(options, viewer)
    edge = month_edge(now)
    narrowed = name.narrow(chosen, reference.academies)
    first_day = options.since or past_edge(edge)
    told_holidays = f" {holidays_words(reference, viewer, edge)}" if options.holidays else ""
    since = cancelled_since(edge)
    marks: Marks = ()
    milestones: list[Milestone] = []
    if as_marks:
        marks = kept_marks.of(session, reference, narrowed, first_day, cancelled_since=since)
    else:
        milestones = queries.milestones(session, narrowed, first_day, cancelled_since=since)
    return Feed(
        name=feed_title(site_name, name, chosen),
        description=(
            f"Concours, rencontres et formations pour les classes : {feed_label(name, chosen)}. "
            "Dates relevées dans les lettres d'information de l'Éducation nationale."
            f"{told_holidays}"
        ),
        address=feed_address(public_url, name.name, chosen, options, form),
        home=f"{public_url}/agenda/{query((*name.parameters(), *chosen.parameters()))}",
        milestones=tuple(milestones),
        marks=marks,
        filter=narrowed,
        viewer=viewer,
        options=options,
        holidays=feed_holidays(reference, viewer, first_day) if options.holidays else (),
    )


def _check_reminders(options: FeedOptions, viewer: Academy | None) -> None:
    if options.reminder_weeks and viewer is None:
        raise NotFoundError(
            "Les rappels visibles se comptent en semaines de classe : choisissez une académie."
        )


def event_feed(
    event: Event,
    key: str | None,
    chosen: CatalogueFilter,
    options: FeedOptions,
    viewer: Academy | None,
    *,
    public_url: str,
) -> Feed:
    """Return the feed of one event, with its past and cancelled dates.

    :param key: the key of the only date that is wanted; None for all dates that
        ``catalogue.queries.concerns`` accepts for *chosen*.
    :param viewer: the académie that the feed is for, or None.
    :param public_url: the address of the site, without a slash at its end.
    :raises ParameterError: when the event has no date with this key.
    :raises NotFoundError: when visible reminders are asked for without an académie.
    """
    _check_reminders(options, viewer)
    found: list[Milestone] = [
        m for m in event.milestones if (m.key == key if key else queries.concerns(m, chosen))
    ]
    if key and not found:
        raise ParameterError("Cet événement n'a pas, ou n'a plus, cette date.", key)
    pairs = [*chosen.parameters(), *options.parameters(), *([("date", key)] if key else [])]
    return Feed(
        name=event.title,
        description=event.title,
        address=f"{public_url}/evenements/{event.id}.ics{query(pairs)}",
        home=f"{public_url}/evenements/{event.id}/",
        milestones=tuple(found),
        filter=chosen,
        viewer=viewer,
        options=options,
    )
