"""Events in the editors' room: the list, the form with its preview, and the state buttons."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, redirect, request, url_for

from calendar_app.catalogue import renewal
from calendar_app.catalogue.entries import EventEntry
from calendar_app.catalogue.entry_rows import event_entry
from calendar_app.catalogue.facts import EntryError, facts_of, written_from
from calendar_app.catalogue.models.events import Event
from calendar_app.catalogue.versions import Facts
from calendar_app.editing import (
    accounts,
    change_words,
    draft_entries,
    events,
    moderation,
    overview,
    proposals,
    series_rules,
)
from calendar_app.editing.models.letters import Draft
from calendar_app.editing.rules.changes import ChangeAction
from calendar_app.school.academies import NATIONAL
from calendar_app.school.school_year import SchoolYear
from calendar_app.store.base import db
from calendar_app.web import editor_session
from calendar_app.web.editing.draft_cards import draft_card
from calendar_app.web.editing.event_form import DateRow, EventForm
from calendar_app.web.editing.event_preview import preview_of
from calendar_app.web.editing.form_words import in_words_of_the_form
from calendar_app.web.editing.journal_views import lines_of
from calendar_app.web.editing.moved_days import remember_moves
from calendar_app.web.editing.queue_views import typed_answer
from calendar_app.web.editing.room import room_blueprint, show, the_editor
from calendar_app.web.editing.typed_lists import scope_text, years_around
from calendar_app.web.page import page
from calendar_app.web.policies import Policy, policy
from calendar_app.words.errors import CalendarError, NotFoundError
from calendar_app.words.text import clean, clean_line
from calendar_app.words.vocabulary import (
    Audience,
    EventType,
    MilestoneKind,
    PupilData,
    Registrant,
    Sending,
)

bp = room_blueprint(
    "editing",
    __name__,
    enregistre="C'est enregistré et publié.",
    propose="C'est proposé à la publication.",
    etat="L'événement est à jour.",
    regle="C'est noté : ses éditions à venir que personne n'a modifiées suivent.",
)


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {
        "event_types": _options(EventType),
        "audiences": _options(Audience),
        "registrants": _options(Registrant),
        "sendings": _options(Sending),
        "pupil_datas": _options(PupilData),
        "deadline_kinds": {kind.value for kind in MilestoneKind if kind.is_deadline},
        "date_kinds": (("", "choisissez"), *_options(MilestoneKind)),
        "conflict_name": change_words.part_name,
        "conflict_words": lambda name, value: change_words.value_words(
            name, value, page().reference
        ),
    }


def _options(values: Any) -> tuple[tuple[str, str], ...]:
    return tuple((member.value, member.words) for member in values)


#: The state buttons: value → (facts to set, None to remove; the action that the journal notes).
STATES: dict[str, tuple[dict[str, str | None], ChangeAction]] = {
    "annule": ({"cancelled": "true"}, ChangeAction.CANCELLED),
    "retabli": ({"cancelled": None}, ChangeAction.RESTORED),
    "complet": ({"full": "true"}, ChangeAction.FULL),
    "places": ({"full": None}, ChangeAction.EDITED),
    "archive": ({"archived": "true"}, ChangeAction.ARCHIVED),
    "remis": ({"archived": None}, ChangeAction.RESTORED),
}

_LONGEST_WHY = 500


@bp.get("/evenements/")
@policy(Policy.EDITOR)
def index() -> Any:
    """Show the events of a school year that concern the editor's scope."""
    here = page()
    label = request.args.get("annee", "")
    year = SchoolYear.parse(label) if label else overview.latest_year(db.session, here.today)
    words = clean_line(request.args.get("q", ""))[:200]
    return show(
        "events.html",
        events=overview.events_of(db.session, the_editor(), year, words),
        proposed={d.event_id for d in moderation.queue(db.session, the_editor())},
        year=year,
        words=words,
    )


@bp.route("/evenements/nouveau/", methods=["GET", "POST"])
@policy(Policy.EDITOR)
def new() -> Any:
    """Show or take the form of a new event. A form that began with a draft publishes the draft."""
    here, draft = page(), _draft()
    if request.method != "POST":
        if draft:
            return _of_draft(draft)
        year = SchoolYear.of(here.today).label
        where = scope_text(the_editor().scope, here.reference.academies) or "national"
        blank = EventForm(annee=year, pour=where, boxes={"public": ["eleves"]})
        return _form(blank)
    known = draft.event_id if draft else None
    return _posted(_typed(known), None, draft)


@bp.route("/evenements/<event_id>/", methods=["GET", "POST"])
@policy(Policy.EDITOR)
def edit(event_id: str) -> Any:
    """Show or take the form of an event that exists."""
    found = events.visible_event(db.session, the_editor(), event_id)
    if request.method != "POST":
        shown, base = _as_published(found)
        return _form(shown, found, base, **preview_of(shown))
    return _posted(_typed(found.id), found, None)


@bp.get("/evenements/<event_id>/edition-suivante/")
@policy(Policy.EDITOR)
def next_edition(event_id: str) -> Any:
    """Show the form of the next edition, a year later. Nothing is stored before it is sent."""
    here, found = page(), events.visible_event(db.session, the_editor(), event_id)
    entry = overview.next_edition(event_entry(found, here.reference.academies))
    if overview.exists(db.session, entry["id"]):
        return redirect(url_for(".edit", event_id=entry["id"]), 303)
    form = EventForm.of_entry(entry, here.reference.academies, None)
    return _form(form, origin=found, **preview_of(form))


@bp.post("/evenements/<event_id>/etat/")
@policy(Policy.PUBLISHER)
def change_state(event_id: str) -> Any:
    """Cancel, restore, mark as full or archive an event, with one button each."""
    found = events.visible_event(db.session, the_editor(), event_id)
    shown, base = _as_published(found)
    if not editor_session.is_fresh():
        return _form(shown, found, base, 400, editor_session.NOT_FRESH)
    if request.form.get("etat") not in STATES:
        raise NotFoundError("Cette action n'existe pas.")
    changes, action = STATES[request.form["etat"]]
    if "cancelled" in changes and "raison" in request.form:
        changes = changes | {"reason": clean_line(request.form["raison"])[:400] or None}
    wanted = {n: v for n, v in (base | changes).items() if v is not None}
    try:
        new = events.check_entry(db.session, written_from(wanted))
        events.save(db.session, the_editor(), new, base, page().now, action=action, why=_why())
    except CalendarError as error:
        return _form(shown, found, base, 409, str(error))
    return redirect(url_for(".edit", event_id=event_id, fait="etat"), 303)


@bp.post("/evenements/<event_id>/serie/")
@policy(Policy.PUBLISHER)
def change_rule(event_id: str) -> Any:
    """End the rule by which the series of an event returns, or take it up again."""
    found = events.visible_event(db.session, the_editor(), event_id)
    if not editor_session.is_fresh():
        shown, base = _as_published(found)
        return _form(shown, found, base, 400, editor_session.NOT_FRESH)
    ended = {"terminee": True, "reprise": False}.get(request.form.get("etat", ""))
    if ended is None:
        raise NotFoundError("Cette action n'existe pas.")
    series_rules.end(db.session, the_editor(), found.series_id, ended, page().now)
    return redirect(url_for(".edit", event_id=event_id, fait="regle"), 303)


@bp.post("/apercu/")
@policy(Policy.EDITOR)
def preview() -> Any:
    """Show what the form would publish, as a fragment of a page. Nothing is stored."""
    event_id = clean_line(request.form.get("evenement", "")) or None
    form = _typed(event_id)
    if not editor_session.is_fresh():
        return _form(form, None, None, 400, editor_session.NOT_FRESH)
    return show("_preview.html", **preview_of(form))


def _as_published(found: Event) -> tuple[EventForm, dict[str, Any]]:
    """Return the form filled in with a published event, and the facts of the event."""
    academies = page().reference.academies
    entry = event_entry(found, academies)
    return EventForm.of_entry(events.written_entry(entry), academies, found.id), facts_of(entry)


def _of_draft(draft: Draft) -> Response:
    """Show the form filled in with what a draft would publish."""
    academies = page().reference.academies
    try:
        entry = draft_entries.written_draft(db.session, draft)
    except events.StaleEventError as error:
        return show("draft.html", 409, card=draft_card(draft), notice=str(error))
    base = facts_of(event_entry(draft.event, academies)) if draft.event else None
    form = EventForm.of_entry(entry, academies, draft.event_id)
    return _form(form, None, base, draft=draft, **preview_of(form))


def _typed(event_id: str | None) -> EventForm:
    """Return the form as it was typed; « partie_de » holds an id where a title was picked."""
    form = EventForm.posted(request.form, event_id)
    chosen = form.texts["partie_de"]
    form.texts["partie_de"] = _pickable(form).get(chosen, chosen)
    return form


def _pickable(form: EventForm) -> dict[str, str]:
    """Return the events of which this event may be part, those of its school year: name → id."""
    try:
        year = SchoolYear.parse(form.annee)
    except CalendarError:
        return {}
    return overview.event_names(db.session, the_editor(), year)


# -- the steps -------------------------------------------------------------------------------------


def _posted(form: EventForm, found: Event | None, draft: Draft | None) -> Any:
    """Do what a button of the form asks for, or show the form again with its problems."""
    here, asked = page(), request.form.get("action", "publier")
    about = found or (draft.event if draft else None)
    base = _base() if about else None
    if about and base is None:
        base = facts_of(event_entry(about, here.reference.academies))
    if not editor_session.is_fresh():
        return _form(form, found, base, 400, editor_session.NOT_FRESH, draft)
    if asked == "ajouter":
        form.dates.append(DateRow())
        return _form(form, found, base, draft=draft)
    if asked == "apercu":
        return _form(form, found, base, draft=draft, **preview_of(form))
    entry = read(form, base)
    if entry is None:
        return _form(form, found, base, 400, draft=draft)
    near = () if about else overview.find_alike(db.session, the_editor(), entry)
    if near and request.form.get("autre") != "oui":
        return _form(form, None, None, 400, draft=draft, near=near)
    try:
        return _stored(entry, base, draft, asked)
    except events.StaleEventError as error:
        now = facts_of(event_entry(_again(about), here.reference.academies))
        rebased = events.rebase(db.session, facts_of(entry), base or {}, now)
        shown = EventForm.of_entry(rebased, here.reference.academies, entry.id)
        return _form(shown, found, now, 409, str(error), draft, conflicts=error.conflicts)
    except EntryError as error:
        status, notice = _note(form, error)
        return _form(form, found, base, status, notice, draft)
    except (events.NotYoursError, moderation.DraftNotYoursError) as error:
        form.note_not_theirs(error.parts, _own_words())
        return _form(form, found, base, 409, str(error), draft)
    except NotFoundError:
        raise
    except CalendarError as error:
        return _form(form, found, base, 409, str(error), draft)


def _note(form: EventForm, error: EntryError) -> tuple[int, str | None]:
    """Note the problems of an event at the fields of its form; return the status of the answer, and
    the notice above the form."""
    dates = {w: m for w, m in error.problems.items() if w.startswith("milestones.")}
    form.note({w: m for w, m in error.problems.items() if w not in dates})
    if not dates:
        return 400, None
    # The form alone is right, but does not fit what another editor changed since.
    said = " ; ".join(dict.fromkeys(map(in_words_of_the_form, dates.values())))
    return 409, f"Avec ce qui est publié entre-temps, cela ne va pas : {said}."


def read(form: EventForm, base: Facts | None) -> EventEntry | None:
    """Return the event of a form, or None with its problems noted.

    :param base: the facts of the event as the editor saw it; None for a new event.
    """
    written = form.read(page().reference.academies)
    if base:
        remember_moves(written, form, base)
    if form.event_id is None:
        scope = form.scope(page().reference.academies)
        series, year = written["series"], written["school_year"]
        series = events.own_series(db.session, the_editor(), series, year, scope)
        written |= {"series": series, "id": f"{series}-{year}"}
    try:
        entry = events.check_entry(db.session, written)
    except EntryError as error:
        form.note(error.problems)
        return None
    return None if form.problems else entry


def _stored(entry: EventEntry, base: Facts | None, draft: Draft | None, asked: str) -> Any:
    editor, now = the_editor(), page().now
    if asked == "proposer":
        proposals.propose(db.session, editor, entry, base, now, _why())
        return redirect(url_for("editor.room", fait="propose"), 303)
    if draft:
        revision = request.form.get("revision", "")
        number = int(revision) if revision.isdecimal() and len(revision) < 10 else 0
        answer = typed_answer()
        event = moderation.accept(db.session, editor, draft.id, number, now, entry, base, answer)
    else:
        action = events.action_of(base, entry)
        event = events.save(db.session, editor, entry, base, now, action=action, why=_why())
    return redirect(url_for(".edit", event_id=event.id, fait="enregistre"), 303)


def _form(
    form: EventForm,
    found: Event | None = None,
    base: Facts | None = None,
    status: int = 200,
    notice: str | None = None,
    draft: Draft | None = None,
    **more: Any,
) -> Response:
    here = page()
    scope = form.scope(here.reference.academies)
    pickable = _pickable(form)
    part_of = form.texts.get("partie_de", "")
    return show(
        "event_form.html",
        status,
        form=form,
        pickable=pickable,
        part_of=next((name for name, id_ in pickable.items() if id_ == part_of), part_of),
        event=found,
        rule=renewal.rule_of(db.session, found.series_id) if found else None,
        may_end_rule=lambda rule: series_rules.may_end(db.session, the_editor(), rule),
        base=json.dumps(base, ensure_ascii=False, sort_keys=True) if base else "",
        notice=notice,
        # Whichever button brought the form back, nothing of it is stored yet.
        unsaved=request.method == "POST",
        why=_why() or "",
        answer=typed_answer(),
        answers_known=request.form.get("autre") == "oui",
        draft=draft,
        history=lines_of(found.id) if found else [],
        years=years_around(SchoolYear.of(here.today)),
        may_publish=overview.may_publish_all(db.session, the_editor(), found, scope),
        is_national=NATIONAL in scope or bool(found and NATIONAL in found.scope),
        **more,
    )


def _base() -> Facts | None:
    """Return the facts of the event as the form showed it; None when the request lacks them."""
    try:
        facts = json.loads(request.form.get("vu", ""), parse_constant=_no_number)
        json.dumps(facts, ensure_ascii=False).encode()  # refuses half a character
    except (ValueError, RecursionError):
        return None
    facts = _cleaned(facts)
    return facts if isinstance(facts, dict) and all(map(_is_fact, facts.items())) else None


def _cleaned(value: Any) -> Any:
    """Return JSON values with their texts cleaned, like all texts that come from outside."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): _cleaned(one) for name, one in value.items()}
    return value


def _is_fact(fact: tuple[str, Any]) -> bool:
    """Return whether a name and a value may be a fact of an event: a date must be a mapping."""
    name, value = fact
    return isinstance(value, dict if name.startswith("milestones.") else str | list | dict)


def _no_number(name: str) -> None:
    raise ValueError(name)


def _why() -> str | None:
    return clean(request.form.get("pourquoi", "")).strip()[:_LONGEST_WHY] or None


def _draft() -> Draft | None:
    text = request.values.get("proposition", "")
    if not text:
        return None
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    return moderation.visible_draft(db.session, the_editor(), number)


def _own_words() -> str:
    return accounts.where_words(the_editor().scope, page().reference.academies)


def _again(found: Event | None) -> Event:
    assert found  # noqa: S101 - only an event that exists can be stale
    db.session.expire_all()
    return events.visible_event(db.session, the_editor(), found.id)
