"""Short letters of the kinds that ``kinds.json`` has examples of, made with other names, bullets,
months, hours, forms of dates, order and punctuation, each with what is right.

A maker returns a :class:`Variant` for a source of chance. What is right follows from how the letter
was made, so that nobody types it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
).split()
WEEKDAYS = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()

THINGS = (
    "Concours d'affiches", "Prix du roman", "Concours de nouvelles", "Rallye de calcul",
    "Défi « Lumières »", "Concours « Passerelles »", "Prix « Regards »", "Concours d'éloquence",
    "Festival du court métrage", "Prix « Encre vive »", "Olympiades de géologie",
    "Concours « Mon arbre »", "Trophées de la robotique", "Concours de haïkus",
    "Défi des ponts", "Prix des jeunes lecteurs", "Tournoi d'échecs", "Concours de maquettes",
)  # fmt: skip
QUOTED = tuple(name for name in THINGS if "«" in name)
BULLETS = "– — ✔ ✓ ► ▪ • ● ■ ◆ ➤ → ✦ ➔ ★ 📅 * - + · ‣ ⮞ ❖ o".split()
#: Stages of a contest, which are events.
STAGES = (
    "délibération du jury", "annonce des lauréats", "cérémonie", "remise des prix", "finale",
    "épreuve écrite", "oral de sélection", "proclamation des résultats", "restitution",
)  # fmt: skip
#: Words of a last day → its step.
CLOSINGS = {
    "clôture des inscriptions": "registration",
    "fin des inscriptions": "registration",
    "date limite d'inscription": "registration",
    "fermeture des inscriptions": "registration",
    "date limite de dépôt des dossiers": "submission",
    "date butoir pour déposer les productions": "submission",
    "dernier jour pour envoyer les œuvres": "submission",
    "dépôt des candidatures": None,
}
TOWNS = "Lyon Dijon Reims Brest Pau Nancy Metz Amiens Lille Tours Angers Rouen".split()


@dataclass(frozen=True)
class Variant:
    """A letter and what is right for it, with the fields of ``kinds.json``."""

    kind: str
    issued: date
    text: str
    want: list[dict[str, Any]] = field(default_factory=list)


class Maker:
    """Chooses what a letter is made of: its day, coming days and how they are written."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.issued = date(2025, 9, 1) + timedelta(chance.randrange(120))
        self._last = self.issued + timedelta(chance.randrange(20, 35))

    def one(self, values: Any) -> Any:
        return self.chance.choice(list(values))

    def day(self, after: int = 7, before: int = 45) -> date:
        """Return a coming day, later than those before it."""
        self._last += timedelta(self.chance.randrange(after, before))
        return self._last

    def said(self, day: date, *, year: bool | None = None, figures: bool = True) -> str:
        """Return a day as a letter writes it."""
        number = "1er" if day.day == 1 else str(day.day)
        with_year = self.chance.random() < 0.5 if year is None else year
        shape = self.one(["plain", "plain", "weekday", "figures" if figures and with_year else ""])
        if shape == "figures":
            return f"{day:%d/%m/%Y}"
        words = f"{number} {MONTHS[day.month - 1]}{f' {day.year}' if with_year else ''}"
        return f"{WEEKDAYS[day.weekday()]} {words}" if shape == "weekday" else words


def event(title: str | None, day: date, last: date | None = None, **more: Any) -> dict[str, Any]:
    days = {"first_day": day.isoformat(), "last_day": (last or day).isoformat()}
    return {"kind": "event", "title": title, **days, **more}


def deadline(title: str | None, day: date, **more: Any) -> dict[str, Any]:
    return {
        "kind": "deadline",
        "title": title,
        "first_day": None,
        "last_day": day.isoformat(),
        **more,
    }


def window(title: str | None, day: date, last: date, **more: Any) -> dict[str, Any]:
    return {**event(title, day, last, **more), "kind": "window"}


def _stage_list(make: Maker, thing: str, line: Callable[[date, str], str]) -> Any:
    """Return the lines of a calendar, and what is right for them."""
    closing = make.one(CLOSINGS)
    step = {"step": CLOSINGS[closing]} if CLOSINGS[closing] else {}
    stages = make.chance.sample(STAGES, make.one([1, 2, 3]))
    first = make.day()
    lines, want = [line(first, closing)], [deadline(thing, first, **step)]
    for stage in stages:
        day = make.day()
        lines.append(line(day, stage))
        want.append(event(f"{thing} : {stage}", day))
    return lines, want


def bullet_unknown(make: Maker) -> Any:
    thing, bullet = make.one(THINGS), make.one(BULLETS)
    mark = make.one([" : ", " – ", ", ", " : "])
    year = make.one([True, False])
    lines, want = _stage_list(
        make, thing, lambda day, what: f"{bullet} {make.said(day, year=year)}{mark}{what}"
    )
    head = make.one(["", "Dates à retenir :\n", "Calendrier :\n", "Calendrier\n"])
    return f"{thing}\n{head}" + "\n".join(lines), want


def date_above(make: Maker) -> Any:
    thing, gap = make.one(THINGS), make.one(["", "\n"])
    head = make.one(["", "Calendrier\n", "Les dates\n"])
    if make.chance.random() < 0.5:
        bullet = make.one(["  • ", "- ", "• ", "– "])

        def below(day: date, what: str) -> str:
            return f"{make.said(day, year=True)}\n{gap}{bullet}{what}\n{gap}"

        lines, want = _stage_list(make, thing, below)
        return f"{thing}\n{head}\n" + "".join(lines), want

    def above(day: date, what: str) -> str:
        return f"{what[:1].upper()}{what[1:]}\n{make.said(day, year=True)}"

    lines, want = _stage_list(make, thing, above)
    return f"{thing}\n{head}{gap}" + f"\n{gap}".join(lines), want


def past_participle(make: Maker) -> Any:
    day = make.day()
    when = f"le {make.said(day, figures=False)}"
    text, title = make.one(
        [
            (f"Rencontre {when} avec l'autrice qui a reçu le prix.", "Rencontre avec l’autrice"),
            (f"Rencontre {when} avec le dessinateur que les élèves ont choisi.", None),
            (f"Exposition\nLes panneaux que les élèves ont préparés sont visibles {when} au CDI.",
             "Exposition"),
            (f"Concert {when} : l'orchestre qui a joué à Berlin revient.", "Concert"),
            (f"Spectacle\nLa troupe, qui a gagné un prix l'an dernier, se produit {when}.",
             "Spectacle"),
            (f"Conférence {when} par la navigatrice dont le livre a été traduit.", "Conférence"),
            (f"Lecture publique\nLes textes que les classes ont écrits sont lus {when}.", None),
            (f"Visite\nLe musée où nous avons travaillé nous accueille {when}.", None),
        ]
    )  # fmt: skip
    return text, [event(title, day)]


def scope_negated(make: Maker) -> Any:
    thing, day = make.one(THINGS), make.day()
    place = make.one(
        ["La Réunion et Mayotte", "la Guadeloupe", "Mayotte", "la Martinique et la Guyane",
         "l'académie de Corse", "La Réunion"]
    )  # fmt: skip
    when = f"jusqu'au {make.said(day)}"
    text = make.one(
        [
            f"Pour toutes les académies sauf {place} : inscriptions {when}.",
            f"Toutes les académies, hormis {place}, s'inscrivent {when}.",
            f"Inscriptions {when} dans toutes les académies, sauf {place}.",
            f"Inscriptions {when} (hors {place}).",
            f"Sauf pour {place}, les classes s'inscrivent {when}.",
            f"Les classes s'inscrivent {when}, à l'exception de {place}.",
        ]
    )
    return f"{thing}\n{text}", [deadline(thing, day, academies=[])]


def scope_addressees(make: Maker) -> Any:
    thing, day = make.one(THINGS), make.day()
    whom = make.one(
        [
            "Texte adressé aux rectrices et recteurs d'académie ; au directeur du service "
            "interacadémique des examens et concours d'Île-de-France",
            "Texte adressé aux rectrices et recteurs d'académie ; au chef du service de "
            "l'éducation "
            "nationale de Saint-Pierre-et-Miquelon",
            "Destinataires : les rectrices et recteurs ; le vice-recteur de Mayotte",
            "À l'attention des chefs d'établissement ; copie au rectorat de Lyon",
            "Texte adressé aux vice-recteurs de Nouvelle-Calédonie et de Polynésie française",
        ]
    )
    if make.chance.random() < 0.35:
        last, town = make.day(), make.one(TOWNS)
        held = make.one(["La finale aura lieu", "La remise des prix se tiendra"])
        stage = "finale" if "finale" in held else "remise des prix"
        text = f"Inscriptions jusqu'au {make.said(day)}.\n{held} le {make.said(last)} à {town}."
        want = [
            deadline(thing, day, academies=[], step="registration"),
            event(f"{thing} : {stage}", last, academies=[]),
        ]
        return f"{thing}\n{text}", want
    return f"{thing}\n{whom}\nInscriptions jusqu'au {make.said(day)}.", [
        deadline(thing, day, academies=[], step="registration")
    ]


def step_carried(make: Maker) -> Any:
    thing, first, second, third = make.one(THINGS), make.day(), make.day(), make.day()
    mark = make.one([", ", " ; ", ", puis ", " et "])
    a, b = make.one(["épreuves", "oral", "sélection"]), make.one(["finale", "remise des prix"])
    text, stages = make.one(
        [
            (
                f"Inscriptions jusqu'au {make.said(first)}, {a} le {make.said(second)}{mark}{b} le "
                f"{make.said(third)}.",
                [(a, second), (b, third)],
            ),
            (
                f"Après inscription (jusqu'au {make.said(first)}), une journée de formation aura "
                f"lieu le {make.said(second)} à {make.one(TOWNS)}.",
                [("journée de formation", second)],
            ),
            (
                f"Les inscriptions sont ouvertes jusqu'au {make.said(first)} ; la {b} aura lieu le "
                f"{make.said(second)}.",
                [(b, second)],
            ),
            (
                f"Inscription avant le {make.said(first)} inclus{mark}{b} le {make.said(third)}.",
                [(b, third)],
            ),
        ]
    )
    return f"{thing}\n{text}", [
        deadline(thing, first, step="registration"),
        *(event(f"{thing} : {stage}", day) for stage, day in stages),
    ]


def two_on_a_day(make: Maker) -> Any:
    day = make.day()
    when = make.said(day, year=True)
    if make.chance.random() < 0.5:
        names = make.chance.sample(
            ["Jury du concours de nouvelles", "Épreuve écrite des olympiades", "Réunion du réseau",
             "Finale du rallye de calcul", "Atelier d'écriture", "Conférence sur les abeilles"], 2
        )  # fmt: skip
        bullet = make.one(["", "- ", "• "])
        mark = make.one([" : ", " – ", ", "]) if bullet else " : "
        lines = "\n".join(f"{bullet}{name}{mark}{when}" for name in names)
        return f"Agenda du réseau\n{lines}", [event(name, day) for name in names]
    last = day + timedelta(1)
    month = MONTHS[last.month - 1]
    if last.month != day.month or day.day == 1:
        return two_on_a_day(make)
    one, other = make.chance.sample(["salon", "foire", "festival", "rencontre", "fête"], 2)
    a, b = make.chance.sample(["Livres en cour", "Maths en fête", "Ondes vives", "Vents d'est"], 2)
    article = {"salon": "Le", "festival": "Le"}
    said = f"{day.day} au {last.day} {month} {day.year}"
    again = f"les {day.day} et {last.day} {month} {day.year}"
    text = (
        f"Deux rendez-vous\n{article.get(one, 'La')} {one} « {a} » se tient du {said} à Lyon. "
        f"{article.get(other, 'La')} {other} « {b} » se tient aussi {again} à Dijon."
    )
    return text, [
        event(f"{one.capitalize()} « {a} »", day, last),
        event(f"{other.capitalize()} « {b} »", day, last),
    ]


def range_broken(make: Maker) -> Any:
    first = make.day()
    last = first + timedelta(make.chance.randrange(1, 5))
    if last.month != first.month:
        return range_broken(make)
    a = f"{WEEKDAYS[first.weekday()]} {first.day} {MONTHS[first.month - 1]}"
    b = f"{WEEKDAYS[last.weekday()]} {last.day}"
    if first.day == 1:
        return range_broken(make)
    if make.chance.random() < 0.5:
        name = make.one(["Séjour à Rome pour les 4e", "Classe de neige", "Stage de théâtre"])
        text = make.one(
            [
                f"Du {a} au {b} : voyage.", f"Du {a} au {b}.", f"Départ du {a} au {b} inclus.",
                f"Du {a} jusqu'au {b} {MONTHS[last.month - 1]}.",
                f"Du {first.day} {MONTHS[first.month - 1]} (matin) au {last.day}.",
            ][:4]
        )  # fmt: skip
        return f"{name}\n{text}", [event(None, first, last)]
    thing, end = make.one(THINGS), first + timedelta(make.chance.randrange(20, 60))
    hour, other = make.one(["12 heures", "9 h", "midi"]), make.one(["17 heures", "18 h", "minuit"])
    c = f"{WEEKDAYS[end.weekday()]} {end.day} {MONTHS[end.month - 1]}"
    if end.day == 1:
        return range_broken(make)
    text = make.one(
        [
            f"Inscriptions du {a}, à partir de {hour}, au {c}, {other}.",
            f"Inscriptions du {a} à {hour} jusqu'au {c} à {other}.",
            f"Inscriptions du {a} ({hour}) au {c} ({other}).",
            f"Inscriptions du {a} {first.year}, {hour}, au {c} {end.year}, {other}.",
        ]
    )
    return f"{thing}\n{text}", [window(thing, first, end, step="registration")]


def one_window(make: Maker) -> Any:
    thing, first = make.one(THINGS), make.day()
    last = first + timedelta(make.chance.randrange(15, 80))
    a, b = make.said(first), make.said(last)
    text, step = make.one(
        [
            (f"Ouvert le {a}, le concours sera clos le {b}.", None),
            (f"Inscriptions : ouverture le {a}, clôture le {b}.", "registration"),
            (f"Les inscriptions ouvrent le {a} et ferment le {b}.", "registration"),
            (f"Ouverture des inscriptions le {a}, fermeture le {b}.", "registration"),
            (f"Les inscriptions débutent le {a} et se terminent le {b}.", "registration"),
            (f"Ouverture des inscriptions : {a}. Clôture des inscriptions : {b}.", "registration"),
            (f"La plateforme ouvrira le {a} et fermera le {b}.", None),
        ]
    )
    more = {"step": step} if step else {}
    return f"{thing}\n{text}", [window(thing, first, last, **more)]


def before_and_latest(make: Maker) -> Any:
    thing, day = make.one(THINGS), make.day()
    when, hour = make.said(day), make.one(["18 heures", "17 h", "23 h 59", "midi"])
    if make.chance.random() < 0.5:
        text, step = make.one(
            [
                (f"Les dossiers sont à envoyer avant le {when} au plus tard, à {hour}.",
                 "submission"),
                (f"Dossiers à envoyer avant le {when}, {hour}.", "submission"),
                (f"Inscrivez votre classe avant le {when} à {hour}.", "registration"),
                (f"Inscriptions avant le {when} au plus tard.", "registration"),
                (f"Inscription avant le {when} inclus.", "registration"),
            ]
        )  # fmt: skip
        return f"{thing}\n{text}", [deadline(thing, day, step=step)]
    last, bullet = make.day(), make.one(["- ", "• ", "– "])
    ending = make.one(["fin des inscriptions", "clôture des inscriptions"])
    stage = make.one(["remise des prix", "finale"])
    text = (
        f"Inscrivez votre classe avant le {when}.\nCalendrier :\n{bullet}{when} : {ending}\n"
        f"{bullet}{make.said(last)} : {stage}"
    )
    return f"{thing}\n{text}", [
        deadline(thing, day, step="registration"),
        event(f"{thing} : {stage}", last),
    ]


def not_settled(make: Maker) -> Any:
    day = make.day()
    what = make.one(["Rencontre", "Journée", "Réunion", "Visite", "Conférence"])
    when = make.said(day, figures=False)
    if make.chance.random() < 0.65:
        text = make.one(
            [
                f"{what} le {when} (date à confirmer).",
                f"{what} le {when}, date à confirmer.",
                f"{what} le {when} (à confirmer).",
                f"{what} le {when}, sous réserve.",
                f"{what} : {when} (sous réserve de confirmation)",
                f"{what} le {when} (date prévisionnelle).",
            ]
        )
        return text, [event(what, day, warning="à confirmer", below=0.8)]
    plain = f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]}"
    near = timedelta(3)
    text = make.one(
        [
            f"{what} aux environs du {plain}, dates précises à venir.",
            f"{what} vers le {plain}.",
            f"{what} autour du {plain}, date précise à venir.",
            f"{what} aux alentours du {plain}.",
        ]
    )
    return text, [event(what, day - near, day + near, certainty="approximate")]


def title_from_caption(make: Maker) -> Any:
    thing, day = make.one(THINGS), make.day()
    caption = make.one(
        ["Image du bandeau", "Lire la suite", "Logo du ministère", "Photo : remise du prix",
         "En savoir plus", "Cliquez ici", "Visuel du concours", "Voir en ligne", "© DRANE",
         "Crédit photo : rectorat", "Télécharger l'affiche", "Je m'inscris",
         "12 rue des Écoles, 59000 Lille", "Accéder au site", "Illustration"]
    )  # fmt: skip
    when = make.said(day)
    closing, step = make.one(
        [
            (f"Candidatures au plus tard le {when}.", "registration"),
            (f"Inscriptions jusqu'au {when}.", "registration"),
            (f"Envoi des productions jusqu'au {when}.", "submission"),
        ]
    )
    text = make.one([f"{caption}\n{thing}\n{closing}", f"{thing}\n{caption}\n{closing}"])
    return text, [deadline(thing, day, step=step)]


def title_of_neighbour(make: Maker) -> Any:
    thing, day, other = make.one(THINGS), make.day(), make.day()
    name = make.one(
        ["Nuit du conte", "Fête des sciences", "Salon de l'étudiant", "Forum des métiers"]
    )
    when, later = make.said(day), make.said(other)
    if make.chance.random() < 0.6:
        text = make.one(
            [
                f"{thing}\nLes classes s'inscrivent jusqu'au {when}.\n**{name}.** Elle aura lieu "
                f"le "
                f"{later}.",
                f"{thing}\nInscriptions jusqu'au {when}.\n\n{name}\nRendez-vous le {later}.",
                f"**{thing}.** Inscriptions jusqu'au {when}.\n**{name}.** Le {later}, à la mairie.",
                f"{thing} : inscriptions jusqu'au {when}.\n{name} : le {later}.",
            ]
        )
        return text, [deadline(thing, day), event(name, other)]
    text = (
        "Zone A : du 7 au 23 février. Zone B : du 14 février au 2 mars.\n"
        f"{thing} : inscriptions jusqu'au {when}."
    )
    return text, [deadline(thing, day, step="registration")]


def false_contradiction(make: Maker) -> Any:
    thing, day, other = make.one(THINGS), make.day(), make.day()
    if make.chance.random() < 0.5:
        text = make.one(
            [
                f"Les équipes ont jusqu'au {make.said(day)} pour s'inscrire ; les émissions sont "
                f"attendues pour le {make.said(other)}.",
                f"Inscriptions jusqu'au {make.said(day)}, envoi des productions jusqu'au "
                f"{make.said(other)}.",
                f"Inscrivez-vous avant le {make.said(day)} inclus et envoyez vos textes au plus "
                f"tard "
                f"le {make.said(other)}.",
            ]
        )
        return f"{thing}\n{text}", [
            deadline(thing, day, step="registration", no_warning="choisissez"),
            deadline(thing, other, step="submission", no_warning="choisissez"),
        ]
    ends = day + timedelta(11), other + timedelta(40)
    other += timedelta(29)
    what = make.one(["envoi des textes", "dépôt des vidéos", "inscriptions"])

    def said(a: date, b: date) -> str:
        return (
            f"du {make.said(a, year=True, figures=False)} au "
            f"{make.said(b, year=True, figures=False)}"
        )

    lines = f"{said(day, ends[0])} : {what}\n{said(other, ends[1])} : {what}"
    return f"Calendrier\n{lines}", [
        window(None, day, ends[0], no_warning="choisissez"),
        window(None, other, ends[1], no_warning="choisissez"),
    ]


def organisers_date(make: Maker) -> Any:
    thing, day, other = make.one(THINGS), make.day(), make.day()
    when, later = make.said(day), make.said(other)
    text, want = make.one(
        [
            (
                f"{thing}\nNous répondrons à toutes les classes avant le {when} et publierons la "
                f"liste le {later}.",
                [event(f"{thing} : publication de la liste", other)],
            ),
            (
                f"{thing}\nNous annoncerons les lauréats le {later}.",
                [event(f"{thing} : annonce des lauréats", other)],
            ),
            (f"{thing}\nNous vous répondrons avant le {when}.", []),
            (
                f"{thing}\nLes résultats seront communiqués le {later}.",
                [event(f"{thing} : communication des résultats", other)],
            ),
            (f"Cérémonie de clôture le {when} à 18 h.", [event("Cérémonie de clôture", day)]),
            (f"Soirée de lancement le {when} à 19 h 30.", [event("Soirée de lancement", day)]),
            (f"Réunion de lancement le {when}.", [event("Réunion de lancement", day)]),
            (
                f"{thing}\nL'ouverture du salon aura lieu le {when} à 14 h.",
                [event(f"{thing} : ouverture du salon", day)],
            ),
            (
                f"{thing}\nLe jury se réunira le {when}.",
                [event(f"{thing} : jury", day)],
            ),
        ]
    )
    return text, want


def forms(make: Maker) -> Any:
    days = [make.day(3, 30) for _ in range(4)]
    a, b = days[0], days[0] + timedelta(make.chance.randrange(8, 27))
    month = MONTHS[a.month - 1]
    name = make.one(["Webinaire", "Forum des métiers", "Opération « Jouets »", "Atelier"])
    short = [f"{d.day}/{d.month:02d}" for d in days]
    hour = make.one(["14h-15h30", "9 h", "de 14h à 16h", "14:00"])
    number = make.one([a.day, f"{a.day:02d}"])
    if all(max(d.day, d.month) < 10 for d in days):
        return forms(make)
    glued = f"1er{month}" if a.day == 1 else f"{a.day}{month}"
    next_day = a + timedelta(1)
    both = f"les {a.day} (14h-18h) et {next_day.day} {month} (9h-12h)"
    choices = [
        (f"{name} le {a:%d.%m.%y}, {hour}.", [event(None, a)]),
        (f"{name}s : {', '.join(short[:3])} et {short[3]}.", [event(None, d) for d in days]),
        (f"{name}s les {short[0]} et {short[1]}.", [event(None, d) for d in days[:2]]),
        (f"{name} : le {WEEKDAYS[a.weekday()]} {glued} {a.year}", [event(None, a)]),
        (f"{name} le {glued}{a.year}.", [event(None, a)]),
        (f"Stage\n{a.day}.{a.month} au {b.day}.{b.month}", [event(None, a, b, any_kind=True)]),
        (f"Stage du {a.day}.{a.month} au {b.day}.{b.month}.{b.year}.",
         [event(None, a, b, any_kind=True)]),
        (f"{name} le {number}/{a.month:02d}/{a:%y} à {make.one(['9h', '14 h 30', '18h00'])}.",
         [event(None, a)]),
    ]  # fmt: skip
    if next_day.month == a.month and a.day > 1:
        choices.append((f"{name} {both}.", [event(None, a), event(None, next_day)]))
    if any(days[at + 1] - days[at] == timedelta(1) for at in range(3)):
        return forms(make)
    return make.one(choices)


def impossible(make: Maker) -> Any:
    thing = make.one(THINGS)
    day, year = make.one(
        [("31 novembre", 2025), ("30 février", 2026), ("31 avril", 2026), ("31 juin", 2026),
         ("29 février", 2026), ("31 septembre", 2025)]
    )  # fmt: skip
    weekday = make.one(["", "", "lundi ", "vendredi "])
    when = f"{weekday}{day}{make.one([f' {year}', f' {year}', ''])}"
    text, kind = make.one(
        [
            (f"Inscriptions closes le {when}.", "deadline"),
            (f"Inscriptions jusqu'au {when}.", "deadline"),
            (f"Envoi des dossiers avant le {when}.", "deadline"),
            (f"La finale aura lieu le {when}.", "event"),
            (f"Remise des prix le {when} à 14 h.", "event"),
        ]
    )
    nothing = {"first_day": None, "last_day": None, "warning": "ce jour n’existe pas"}
    return f"{thing}\n{text}", [{"kind": kind, "title": None, **nothing}]


def school_year(make: Maker) -> Any:
    year = make.issued.year
    make.issued = date(year, make.one([4, 5, 6]), make.chance.randrange(1, 28))
    first = date(year + 1, make.one([1, 2, 3, 4]), make.chance.randrange(2, 28))
    last = date(year + 1, make.one([5, 6]), make.chance.randrange(2, 28))
    a = make.said(first, year=False, figures=False)
    b = make.said(last, year=False, figures=False)
    thing, years = make.one(THINGS), make.one([f"{year}-{year + 1}", f"{year}/{year + 1}"])
    return make.one(
        [
            (
                f"Année scolaire {years} : finale le {a}, remise des prix le {b}.",
                [event("Finale", first), event("Remise des prix", last)],
            ),
            (
                f"{thing}, édition {years}\nRemise des prix le {b}.",
                [event(f"{thing} : remise des prix", last)],
            ),
            (
                f"{thing}\nCalendrier {years} :\n- {a} : finale\n- {b} : remise des prix",
                [event(f"{thing} : finale", first), event(f"{thing} : remise des prix", last)],
            ),
            (
                f"{thing}, session {years}\nLa finale aura lieu le {a}.",
                [event(f"{thing} : finale", first)],
            ),
        ]
    )


def row_of_place(make: Maker) -> Any:
    """Rows without headers, whose first words are a town or say that one meets at home."""
    titles = make.chance.sample(
        ["Créer un jeu de piste", "La radio en classe", "Coder avec des cartes", "Lire une image",
         "Fabriquer un herbier", "Écrire à plusieurs mains", "Débattre au cycle 3"], 3
    )  # fmt: skip
    places = make.chance.sample(["Saint-Denis", "Le Port", "Lille", "Arras", "en ligne"], 3)
    gap = make.one([" | ", "\t"])
    days = [make.day() for _ in titles]
    hour = make.one(["9 h", "13 h 30", "17 h - 18 h"])
    rows = [
        gap.join([f"{day:%d/%m/%Y}", hour, place, title])
        for day, place, title in zip(days, places, titles, strict=True)
    ]
    return "\n".join(rows), [event(*pair) for pair in zip(titles, days, strict=True)]


#: Kind, as ``kinds.json`` names it → its maker.
MAKERS: dict[str, Callable[[Maker], Any]] = {
    "bullet-unknown": bullet_unknown,
    "date-above-its-list-or-label": date_above,
    "past-participle-drops-a-coming-day": past_participle,
    "scope-negated": scope_negated,
    "scope-from-BO-addressees-or-place-of-a-final": scope_addressees,
    "step-carried-to-the-next-date": step_carried,
    "two-things-on-one-day-merged": two_on_a_day,
    "range-broken": range_broken,
    "opening-and-closing-not-one-window": one_window,
    "before-and-at-the-latest": before_and_latest,
    "not-settled-yet-read-as-settled": not_settled,
    "title-from-a-caption-a-button-or-an-address": title_from_caption,
    "title-of-the-neighbour": title_of_neighbour,
    "false-contradictions-between-steps-or-rounds": false_contradiction,
    "organiser-s-own-date-read-as-a-deadline-of-the-reader": organisers_date,
    "forms-not-read-and-nothing-said": forms,
    "impossible-day-dropped-in-silence": impossible,
    "school-year-printed-not-used-for-the-year": school_year,
    "row-named-by-its-place": row_of_place,
}


def variant(kind: str, number: int) -> Variant:
    """Return the variant of a kind with a number; the same one each time."""
    make = Maker(Random(f"{kind} {number}"))
    text, want = MAKERS[kind](make)
    return Variant(kind, make.issued, text, want)
