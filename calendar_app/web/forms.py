"""The forms of pages without cookies: their signed tokens, and their fields as typed values.

A token proves that this site showed the form less than an hour ago, to be posted to that view. It
replaces the token of a session. The text that a person types is kept whole, so that a form with a
problem is shown again as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from calendar_app.catalogue.queries import Reference
from calendar_app.reminders.models.subscriptions import Subscriber
from calendar_app.reminders.rules.reminder_plan import OFFERED_LEADS, SchoolKind
from calendar_app.reminders.subscribers import Wishes
from calendar_app.school import levels
from calendar_app.web.page import Page
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.mail_addresses import AddressError, MailAddress
from calendar_app.words.text import clean_line

T = TypeVar("T")

#: Seconds for which a form may stay open.
TOKEN_LIFE = 3600

TOO_OLD = (
    "Cette page était ouverte depuis plus d'une heure : vérifiez et envoyez à nouveau. "
    "Rien n'a été changé."
)

#: The leads that are ticked in the form of a new subscriber.
USUAL_LEADS = frozenset(("class_weeks:3", "last_class_day"))

#: The classes of each kind of school; all of them are meant where no class is ticked.
SCHOOL_CLASSES: dict[SchoolKind, frozenset[str]] = {
    SchoolKind.ECOLE: levels.GROUPS["premier-degre"][1],
    SchoolKind.ECOLE_WITH_WEDNESDAY: levels.GROUPS["premier-degre"][1],
    SchoolKind.COLLEGE: frozenset("6e 5e 4e 3e segpa ulis upe2a".split()),
    SchoolKind.LYCEE: frozenset("2de 1re terminale cap bac-pro ulis upe2a".split()),
}

#: The groups of classes in the form: legend → slugs.
CLASS_GROUPS: dict[str, tuple[str, ...]] = {
    "Cycle 1": ("tps", "ps", "ms", "gs"),
    "Cycle 2": ("cp", "ce1", "ce2"),
    "Cycle 3": ("cm1", "cm2", "6e"),
    "Cycle 4": ("5e", "4e", "3e"),
    "Lycée": ("2de", "1re", "terminale", "cap", "bac-pro"),
    "Dispositifs": ("segpa", "ulis", "upe2a"),
}

#: Maximum length of an address or a place, in characters: a longer text is neither, and is cut.
_LONGEST = 320


def form_token(endpoint: str, **values: str) -> str:
    """Return the token of a form.

    :param endpoint: the view to which the form is posted.
    :param values: the arguments of the view, and whatever else the token is bound to.
    """
    return str(_serializer(endpoint, values).dumps(""))


def is_fresh(**bound: str) -> bool:
    """Return whether this request brings the token of its own form, made less than an hour ago.

    :param bound: the values to which the token was bound beside the view and its arguments.
    """
    serializer = _serializer(request.endpoint or "", {**(request.view_args or {}), **bound})
    try:
        serializer.loads(request.form.get("jeton", ""), max_age=TOKEN_LIFE)
    except BadData:
        return False
    return True


def _serializer(endpoint: str, values: dict[str, str]) -> URLSafeTimedSerializer:
    # The salt names the view and its arguments: the token of one form is good for no other.
    key = current_app.config["SETTINGS"].secret_key
    return URLSafeTimedSerializer(key, salt=f"form/{endpoint}/{sorted(values.items())}")


def is_trapped() -> bool:
    """Return whether the hidden field was filled: only a program does that."""
    return bool(request.form.get("site_web"))


@dataclass
class TypedForm:
    """The base of all forms: what somebody typed is kept as it is, and read as values.

    :param problems: field → French sentence that says what to correct.
    """

    problems: dict[str, str] = field(default_factory=dict, kw_only=True)

    def read_field(self, name: str, read: Callable[[], T], advice: str = "") -> T | None:
        """Return what *read* returns, or None with its refusal noted at a field.

        :param advice: another French sentence after the refusal.
        """
        try:
            return read()
        except (AddressError, UnknownValueError) as error:
            self.problems[name] = f"{error} {advice}".strip()
            return None


@dataclass
class AddressForm(TypedForm):
    """An e-mail address as it was typed. (A password is never in a form that is shown again.)"""

    typed: str = ""

    @classmethod
    def posted(cls, form: MultiDict[str, str], name: str = "adresse") -> AddressForm:
        """Read the form of a request; *name* is the field of the address."""
        return cls(clean_line(form.get(name, ""))[:_LONGEST])

    def read(self, name: str = "adresse") -> MailAddress | None:
        """Return the address, or None with the problem noted under *name*."""
        return self.read_field(name, lambda: MailAddress.read(self.typed))


@dataclass
class WishesForm(TypedForm):
    """The wishes of a subscriber as they were typed; the names are those of the form's fields.

    :param lieu: an académie, a département or a school code; empty for none.
    :param suivre: « choix » (only the events that the subscriber picks) or « tout ».
    """

    lieu: str = ""
    etablissement: str = ""
    classes: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()
    delais: frozenset[str] = USUAL_LEADS
    suivre: str = "choix"
    semaine: bool = False

    @classmethod
    def posted(cls, form: MultiDict[str, str]) -> WishesForm:
        """Read the form of a request."""
        return cls(
            lieu=clean_line(form.get("lieu", ""))[:_LONGEST],
            etablissement=form.get("etablissement", ""),
            classes=frozenset(form.getlist("classe")) & levels.CLASSES.keys(),
            themes=frozenset(form.getlist("theme")),
            delais=frozenset(form.getlist("delai")) & {lead.code for lead in OFFERED_LEADS},
            suivre="tout" if form.get("suivre") == "tout" else "choix",
            semaine="semaine" in form,
        )

    @classmethod
    def of_page(cls, page: Page, *, picked: bool) -> WishesForm:
        """Return the form filled in from the filters that a visitor had on screen.

        :param picked: whether the visitor comes for certain events; else all that fit are meant.
        """
        chosen = page.filter
        # For a whole degré no class needs to be ticked: the kind of school says it.
        classes = levels.expand(chosen.levels)
        school = next(
            (k for k, own in SCHOOL_CLASSES.items() if classes - levels.EVERYWHERE <= own), None
        )
        return cls(
            lieu=page.academy.name if page.academy else "",
            etablissement=school.value if school and classes - levels.EVERYWHERE else "",
            classes=frozenset() if school and classes == SCHOOL_CLASSES[school] else classes,
            themes=frozenset(chosen.themes),
            suivre="choix" if picked else "tout",
        )

    @classmethod
    def of_subscriber(cls, subscriber: Subscriber, reference: Reference) -> WishesForm:
        """Return the form filled in with the choices of a subscriber."""
        slug, school = subscriber.academy_slug, subscriber.school
        every = subscriber.classes == SCHOOL_CLASSES[school]
        return cls(
            lieu=reference.academies.get(slug).name if slug else "",
            etablissement=school.value,
            classes=frozenset() if every else subscriber.classes,
            themes=subscriber.themes,
            delais=subscriber.leads,
            suivre="tout" if subscriber.follows_all else "choix",
            semaine=subscriber.weekly,
        )

    def read(self, reference: Reference) -> Wishes | None:
        """Return the typed wishes, or None with the problems noted by field."""
        slug = None
        if self.lieu:
            slug = self.read_field("lieu", lambda: reference.academies.find(self.lieu)[0].slug)
        if self.etablissement not in set(SchoolKind):
            self.problems["etablissement"] = "Choisissez où vous enseignez."
        if not self.delais and not self.semaine:
            self.problems["delais"] = (
                "Choisissez au moins un moment pour vos rappels, ou le point de la semaine."
            )
        if self.problems:
            return None
        school = SchoolKind(self.etablissement)
        return Wishes(
            academy_slug=slug,
            school=school,
            classes=self.classes or SCHOOL_CLASSES[school],
            themes=self.themes & reference.themes.keys(),
            leads=self.delais,
            follows_all=self.suivre == "tout",
            weekly=self.semaine,
        )


def read_code(form: MultiDict[str, str]) -> str:
    """Return the digits of a typed code (12 at most), without spaces or other signs."""
    return re.sub(r"[^0-9]", "", form.get("code", ""))[:12]
