"""The spellings that a search understands: classes, months, kinds of date, types and themes.

Spellings are folded words: « cm 2 » also stands for « CM 2 », « cm-2 » and « CM.2 ».
"""

from __future__ import annotations

from calendar_app.school.levels import CLASSES, GROUPS
from calendar_app.words.french import MONTHS, SHORT_MONTHS
from calendar_app.words.text import words
from calendar_app.words.vocabulary import EventType, MilestoneKind

#: Stop words: they say nothing about the search.
SMALL = frozenset(
    "a au aux avec c ce ces cet cette d dans date dates de des du en entre et il j l la le les ma"
    " mes mon n ne nos notre on ou par pour qu que qui s sa se ses son sur t un une vos votre"
    " y".split()
)

#: The spellings of each class and cycle, except the spellings that a rule makes (see ``LEVELS``).
_SPELLINGS = {
    "tps": "toute petite section|toutes petites sections",
    "ps": "petite section|petites sections",
    "ms": "moyenne section|moyennes sections",
    "gs": "grande section|grandes sections",
    "cp": "cours preparatoire|cours preparatoires",
    "ce1": "ce 1|cours elementaire 1|cours elementaire premiere annee|cours elementaire 1 ere annee"
    "|cours elementaire 1re annee|cours elementaire 1ere annee",
    "ce2": "ce 2|cours elementaire 2|cours elementaire deuxieme annee"
    "|cours elementaire 2eme annee|cours elementaire 2e annee|cours elementaire 2 eme annee",
    "cm1": "cm 1|cours moyen 1|cours moyen premiere annee|cours moyen 1 ere annee"
    "|cours moyen 1re annee|cours moyen 1ere annee",
    "cm2": "cm 2|cours moyen 2|cours moyen deuxieme annee|cours moyen 2eme annee"
    "|cours moyen 2e annee|cours moyen 2 eme annee",
    "2de": "2nde|2ndes|2des|2nd|2 nde|seconde|secondes",
    "1re": "1ere|1eres|1res|1 ere|1 re|premiere|premieres",
    "terminale": "terminales|term|tle|tles|tale",
    "cap": "certificat aptitude professionnelle",
    "bac-pro": "bac pro|bacs pro|bacpro|bac professionnel|bacs professionnels"
    "|baccalaureat professionnel|baccalaureats professionnels",
    "segpa": "segpas|section enseignement general professionnel adapte",
    "ulis": "unite localisee inclusion scolaire",
    "upe2a": "upe 2a|allophone|allophones",
    "premier-degre": "1er degre|1 er degre|1d|premiers degres|primaire|primaires|ecole primaire"
    "|ecoles primaires|ecole|ecoles",
    "second-degre": "2nd degre|2 nd degre|2d degre|2e degre|2eme degre|2d|seconds degres"
    "|deuxieme degre|secondaire|secondaires",
    "college": "colleges|collegien|collegiens|collegienne|collegiennes",
    "lycee": "lycees|lyceen|lyceens|lyceenne|lyceennes",
    "cycle-1": "maternelle|maternelles|ecole maternelle|ecoles maternelles",
}
_ORDINALS = {"6e": "sixieme", "5e": "cinquieme", "4e": "quatrieme", "3e": "troisieme"}
_ENDS = ("e", "es", "eme", "emes", "ieme", "iemes")
_ROMAN = {"1": "i", "2": "ii", "3": "iii", "4": "iv"}

#: Classes → the spellings that mean them together, without being a class or a cycle.
_SEVERAL = {
    ("cp", "ce1", "ce2", "cm1", "cm2"): "elementaire|elementaires|ecole elementaire"
    "|ecoles elementaires",
    ("ce1", "ce2"): "cours elementaire|cours elementaires",
    ("cm1", "cm2"): "cours moyen|cours moyens",
    ("1re", "terminale"): "cycle terminal",
    ("cap", "bac-pro"): "lycee professionnel|lycees professionnels|lycee pro|lycees pro|lp"
    "|voie professionnelle",
}


def _levels() -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for slug in (*CLASSES, *GROUPS):
        name = CLASSES.get(slug) or GROUPS[slug][0]
        spellings = [slug.replace("-", " "), name, *_SPELLINGS.get(slug, "").split("|")]
        if ordinal := _ORDINALS.get(slug):
            digit = slug[0]
            spellings += [ordinal, f"{ordinal}s"]
            spellings += [f"{digit}{gap}{end}" for end in _ENDS for gap in ("", " ")]
        if slug.startswith("cycle-"):
            digit = slug[-1]
            spellings += [
                f"cycle{digit}",
                f"cycles {digit}",
                f"c{digit}",
                f"cycle {_ROMAN[digit]}",
                f"{digit}e cycle",
            ]
        found |= {tuple(words(said)): (slug,) for said in spellings if said}
    for slugs, said in _SEVERAL.items():
        found |= {tuple(words(one)): slugs for one in said.split("|")}
    return found


#: Every spelling of classes and cycles, as a tuple of words → slugs.
LEVELS = _levels()

#: Spellings that are also common words: a text with such a word may speak of something else.
COMMON = frozenset("ecole ecoles premiere premieres seconde secondes term tale".split())

#: Words that several numbers may follow (« cycles 2 et 3 », « CM1/2 ») → the numbers allowed.
SERIES = {"cycle": "1234", "cycles": "1234", "ce": "12", "cm": "12"}

#: Words beside which « 6e » is not a class: « 6e édition ».
COUNTED = frozenset(
    "edition editions anniversaire siecle trimestre semestre arrondissement republique journee"
    " journees prix place semaine jour rang tour".split()
)

#: Every spelling of a month → its number.
MONTH_WORDS = {word: n for n, name in enumerate(MONTHS, 1) for word in words(name)}
MONTH_WORDS |= {word: n for n, name in enumerate(SHORT_MONTHS, 1) for word in words(name)}
MONTH_WORDS |= {"fev": 2, "avr": 4, "jan": 1, "aou": 8}

_DEADLINES = frozenset(kind for kind in MilestoneKind if kind.is_deadline)
_REGISTRATION = frozenset((MilestoneKind.REGISTRATION_DEADLINE, MilestoneKind.DEADLINE))
_SUBMISSION = frozenset((MilestoneKind.SUBMISSION_DEADLINE, MilestoneKind.DEADLINE))

#: Spellings → the kinds of date that they may mean. An announcement may say only « date limite »,
#: so a deadline of no known step is found by the words for registration and for sending too.
KINDS: dict[str, frozenset[MilestoneKind]] = {
    "limite|limites|butoir|echeance|echeances|deadline|deadlines"
    "|dernier jour|derniers jours|cloture|dernier delai": _DEADLINES,
    "inscription|inscriptions|inscrire|candidature|candidatures": _REGISTRATION,
    "envoi|envois|envoyer|envoi production|envoi productions|production|productions|rendu"
    "|depot": _SUBMISSION,
    "ouverture|ouvertures|lancement": frozenset((MilestoneKind.OPENING,)),
    "resultat|resultats|palmares|laureat|laureats": frozenset((MilestoneKind.RESULTS,)),
    "rendez vous|rdv": frozenset((MilestoneKind.SESSION,)),
}

TYPES: dict[str, EventType] = {
    "concours": EventType.CONTEST,
    "projet|projets|projet annee|projets annee": EventType.YEAR_PROJECT,
    "semaine|semaines|journee|journees": EventType.WEEK_OR_DAY,
    "rencontre|rencontres": EventType.MEETING,
    "formation|formations|stage|stages": EventType.TRAINING,
}

#: Other names of themes: slug of ``data/themes.yaml`` → spellings.
THEMES = {
    "langues-vivantes": "langue|langues|lv|lve|langue etrangere|langues etrangeres",
    "lecture-et-ecriture": "lire|ecrire|litterature",
    "oral": "eloquence",
    "mathematiques": "math|maths",
    "sciences": "science|techno|physique|chimie|svt",
    "espace": "astronomie|spatial",
    "numerique": "informatique|programmer|codage|coding|code|tice",
    "robotique": "robot|robots",
    "medias-et-information": "emi|media|medias|presse|education medias",
    "esprit-critique": "infox|fake news|desinformation",
    "histoire-et-memoire": "memoire|memoires|commemoration",
    "geographie": "geo|territoire",
    "citoyennete": "emc|citoyen|citoyenne|laicite|droit",
    "egalite-filles-garcons": "egalite",
    "inclusion": "handicap|ecole inclusive",
    "developpement-durable": "edd|ecologie|environnement|climat|biodiversite",
    "arts-visuels": "arts|art|arts plastiques|art plastique|patrimoine",
    "musique": "chant|chorale",
    "image-et-cinema": "cine|film|films|photo|photos|video|videos",
    "sport": "sports|eps",
    "orientation-et-metiers": "metier",
    "economie-et-entreprise": "entreprises",
}

#: Words that add nothing beside a part that was understood: « classe de 6e », « mois de mai ».
BESIDE_LEVELS = frozenset(
    "classe classes niveau niveaux eleve eleves generale general technologique".split()
)
BESIDE_PLACES = frozenset(
    "academie academies academique departement departements region regions ville rectorat dsden"
    " dans".split()
)
BESIDE_DAYS = frozenset(
    "mois debut mi courant milieu jour jours annee vers avant apres depuis jusqu fin er"
    " lundi mardi mercredi jeudi vendredi samedi dimanche".split()
)
BESIDE_YEARS = frozenset("annee annees scolaire".split())
