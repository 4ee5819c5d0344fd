"""Which feed an address names, and the milestones it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from calendar_app.catalogue import queries
from calendar_app.catalogue.filters import CatalogueFilter, for_place, national, the_academy
from calendar_app.catalogue.models.events import Event, Milestone
from calendar_app.catalogue.queries import Reference
from calendar_app.feeds.feed import Feed, FeedOptions, cancelled_since, month_edge, past_edge
from calendar_app.feeds.links import query
from calendar_app.school import levels
from calendar_app.school.academies import Academies, Academy, Department
from calendar_app.store.base import AnySession
from calendar_app.words.errors import NotFoundError, ParameterError, UnknownValueError
from calendar_app.words.text import nearest

NATIONAL = "national"
ALL = "toutes"


@dataclass(frozen=True, slots=True)
class FeedName:
    """What the last segment of a feed's address stands for.

    :param name: the segment without its extension, as it should be written today.
    :param label: what the feed holds (« académie de Lille », « dates nationales »).
    """

    name: str
    label: str
    academy: Academy | None = None
    department: Department | None = None

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """Return the query parameters by which a page shows the same place."""
        if self.department:
            return (("departement", self.department.code),)
        return (("academie", self.academy.slug),) if self.academy else ()

    def narrow(self, chosen: CatalogueFilter, academies: Academies) -> CatalogueFilter:
        """Return *chosen* narrowed to this feed."""
        if self.name == NATIONAL:
            return national(chosen)
        if self.department:
            return for_place(chosen, academies, department=self.department.code)
        return for_place(chosen, academies, self.academy.slug) if self.academy else chosen


def of_academy(academy: Academy) -> FeedName:
    return FeedName(academy.feed_name, academy.label, academy)


def of_department(department: Department, academies: Academies) -> FeedName:
    label = f"{department.name} ({department.code})"
    academy = academies.of_department(department.code)
    return FeedName(f"departement-{department.code.lower()}", label, academy, department)


def read_name(name: str, academies: Academies) -> FeedName:
    """Read the last segment of a feed's address.

    The result's ``name`` differs from *name* where the feed has moved: a former académie, or a
    collectivity under an académie's form.

    :raises NotFoundError: for an unknown feed, with the nearest one.
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
    """The feed that was probably meant: that of a place, or one whose name is near."""
    try:
        academy, department = academies.find(name)
        return of_department(department, academies) if department else of_academy(academy)
    except UnknownValueError as error:
        if error.nearest and error.nearest != name:
            return _meant(error.nearest, academies)
    near = nearest(name, [NATIONAL, ALL, *(academy.feed_name for academy in academies)])
    return read_name(near, academies) if near else None


def name_on_screen(chosen: CatalogueFilter, academies: Academies) -> FeedName:
    """Return the feed of the place that a page's filter names: several places, or an académie and a
    département, are everything with these filters."""
    match chosen.academies, chosen.departments:
        case (academy,), ():
            return of_academy(academies.get(academy))
        case (), (department,):
            return of_department(academies.department(department), academies)
    return read_name(ALL, academies)


def without_place(name: FeedName, chosen: CatalogueFilter) -> CatalogueFilter:
    """Return a page's filter as the address of a feed carries it: a feed's own name says the place,
    so the filter leaves the place out."""
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
    """Return a feed's address with its filters, always in the same order.

    :param form: « ics », « atom » or « json ».
    """
    pairs = (*chosen.parameters(), *options.parameters())
    return f"{public_url}/flux/{name}.{form}{query(pairs)}"


def feed_label(name: FeedName, chosen: CatalogueFilter) -> str:
    """Return what a feed holds: « académie de Lille · CM2 », « ma sélection (3) »."""
    if not chosen.event_ids:
        # No comma: programs show the backslash by which iCalendar writes one in a name.
        return " · ".join([name.label, *map(levels.name, chosen.levels)])
    picked = f"ma sélection ({len(chosen.event_ids)})"
    return picked if name.name == ALL else f"{picked} · {name.label}"


def feed_title(site_name: str, name: FeedName, chosen: CatalogueFilter) -> str:
    """Return what a calendar program calls the feed."""
    return f"{site_name} – {feed_label(name, chosen)}"


def count_held(
    session: AnySession,
    reference: Reference,
    name: FeedName,
    chosen: CatalogueFilter,
    edge: date,
) -> int:
    """Return how many dates a feed without options holds in the month that begins on *edge*."""
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
) -> Feed:
    """Return the feed of a name, a filter and options, as it is in the month of *now*.

    :raises NotFoundError: when visible reminders are asked for without one académie.
    """
    viewer = name.academy or the_academy(chosen, reference.academies)
    _check_reminders(options, viewer)
    edge = month_edge(now)
    narrowed = name.narrow(chosen, reference.academies)
    milestones = queries.milestones(
        session,
        narrowed,
        options.since or past_edge(edge),
        cancelled_since=cancelled_since(edge),
    )
    return Feed(
        name=feed_title(site_name, name, chosen),
        description=(
            f"Concours, rencontres et formations pour les classes : {feed_label(name, chosen)}. "
            "Dates relevées dans les lettres d'information de l'Éducation nationale."
        ),
        address=feed_address(public_url, name.name, chosen, options, form),
        home=f"{public_url}/agenda/{query((*name.parameters(), *chosen.parameters()))}",
        milestones=tuple(milestones),
        filter=narrowed,
        viewer=viewer,
        options=options,
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
    """Return the dates of one event that *chosen* sees, or the one of *key*; past or cancelled
    ones too.

    :raises NotFoundError: when the event has no date of this key, or when visible reminders are
        asked for without one académie.
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
