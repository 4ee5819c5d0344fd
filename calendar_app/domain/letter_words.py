"""Whom and what a text speaks of: classes, themes, the type of an event, its organiser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from calendar_app.domain.levels import CLASSES, collapse, expand
from calendar_app.domain.text import fold
from calendar_app.domain.vocabulary import EventType

_MOST_THEMES = 3

# -- classes ---------------------------------------------------------------------------------------

_NAMES = {
    "tps": r"tps|toute petite section",
    "ps": r"ps|petite section",
    "ms": r"ms|moyenne section",
    "gs": r"gs|grande section",
    "cp": r"cp",
    "ce1": r"ce ?1",
    "ce2": r"ce ?2",
    "cm1": r"cm ?1",
    "cm2": r"cm ?2",
    "6e": r"6 ?e(?:mes?)?|sixiemes?",
    "5e": r"5 ?e(?:mes?)?|cinquiemes?",
    "4e": r"4 ?e(?:mes?)?|quatriemes?",
    "3e": r"3 ?e(?:mes?)?|troisiemes?",
    "2de": r"2 ?(?:n?de?s?)|secondes?",
    "1re": r"1 ?(?:e?re)s?|premieres?",
    "terminale": r"terminales?|tle?|term",
    "cap": r"cap",
    "bac-pro": r"bacs? pro(?:fessionnels?)?",
    "segpa": r"segpa",
    "ulis": r"ulis",
    "upe2a": r"upe2a",
}
_ORDER = list(CLASSES)
_ONE = "|".join(
    f"(?P<{slug.replace('-', '_')}>{p})" if slug[0].isalpha() else f"(?P<c{slug}>{p})"
    for slug, p in _NAMES.items()
)
_CLASS = re.compile(rf"(?<!\w)(?<![a-z]{{3}}-)(?:{_ONE})(?!\w)")
_JOINED = re.compile(
    r"\s*(?P<range>a (?:la )?|au |aux |>|jusqu'(?:au|a la|en) )\s*|\s*(?:[-–/,]|et|ou)\s*(?:de "
    r"|la |les |en )?"
)
# Ordinals that count something else: « 6e édition ».
_COUNTED = re.compile(
    r"\s*(?:edition|chapitre|prix|place|trimestre|jour|annee|fois|siecle|journee|semaine|partie"
    r"|etape"
    r"|tour|manche|numero|rencontre|festival|concours|congres|salon|seance|phase|cahier|degre"
    r"|session"
    r"|volet|saison|date|quinzaine|olympiade|anniversaire|circonscription|region|lecture|version"
    r"|finale"
    r"|atelier|groupe|main|ligne|vague)"
)
# « première », « seconde », « troisième » are classes beside a word that says so.
_SCHOOL = re.compile(
    r"(?:classes?|eleves?|niveaux?|lyceens?|collegiens?|lycees?|colleges?) (?:de |d'"
    r"|en )?(?:la )?$|\bde la $|\ba la $|\ben $"
)
_GROUPS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), slugs)
    for pattern, slugs in (
        (r"\bcycles? 1\b", ("cycle-1",)),
        (r"\bcycles? (?:1,? (?:et|a) )?2\b|\bcycles 2\b", ("cycle-2",)),
        (r"\bcycles? (?:\d,? )*(?:\d? ?(?:et|a|ou|,|-) ?)?3\b|\bcycles 3\b", ("cycle-3",)),
        (r"\bcycles? (?:\d,? )*(?:\d? ?(?:et|a|ou|,|-) ?)?4\b|\bcycles 4\b", ("cycle-4",)),
        (
            r"\b(?:premier|1er|1 er) (?:et (?:du )?(?:second|2n?d)e? )?degre\b|\b1d\b",
            ("premier-degre",),
        ),
        (r"\b(?:second|2n?de?) degre\b|\b2d\b", ("second-degre",)),
        (
            r"\becoles? (?:primaires?|elementaires?)|\bclasses? (?:elementaires?)",
            ("cycle-2", "cm1", "cm2"),
        ),
        (r"\becoles? maternelles?|\bmaternelles?\b", ("cycle-1",)),
        (
            r"\b(?:eleves?|classes?|ouvert\w* (?:aux?|a tous les)|les) (?:des? |du "
            r"|de )?(?:ecoles?)\b",
            ("premier-degre",),
        ),
        (
            r"\b(?:eleves?|classes?|equipes?|ouvert\w*|aux?|les) (?:des? |du |aux? "
            r"|de )?colleges?\b|\bcollegiens?\b",
            ("6e", "5e", "4e", "3e"),
        ),
        (
            r"\b(?:eleves?|classes?|equipes?|ouvert\w*|aux?|les) (?:des? |du |aux? |de )?lycees?\b"
            r"|\blyceens?\b",
            ("2de", "1re", "terminale"),
        ),
    )
)


#: How many of the groups above name classes exactly.
_EXACT = 8


@lru_cache(256)
def classes(text: str) -> tuple[str, ...]:
    """Return the classes that a text names, as the shortest list of slugs."""
    said = fold(text)
    found: set[str] = set()
    matches = [m for m in _CLASS.finditer(said) if not _counts(said, m)]
    for at, match in enumerate(matches):
        slug = _slug(match)
        found.add(slug)
        if at + 1 < len(matches):
            joint = _JOINED.fullmatch(said[match.end() : matches[at + 1].start()])
            if joint and joint["range"]:
                first, last = _ORDER.index(slug), _ORDER.index(_slug(matches[at + 1]))
                if first < last <= _ORDER.index("terminale"):
                    found |= set(_ORDER[first : last + 1])
    for at, (pattern, slugs) in enumerate(_GROUPS):
        # « les écoles », « au lycée » say little beside classes that are named.
        if (at < _EXACT or not found) and pattern.search(said):
            found |= expand(slugs)
    return collapse(found)


def _slug(match: re.Match[str]) -> str:
    # « 6e » is no name of a group: it is « c6e » there.
    name = str(match.lastgroup).replace("_", "-")
    return name[1:] if name[1:2].isdigit() and name[1:] in CLASSES else name


def _counts(said: str, match: re.Match[str]) -> bool:
    """Whether an ordinal counts something else, or an abbreviation is another's."""
    word, after = match[0], said[match.end() : match.end() + 16]
    before = said[max(0, match.start() - 14) : match.start()]
    if _COUNTED.match(after):
        return True
    if word in ("ps", "ms", "tl", "cap") and not re.search(
        r"[,/-]\s*$|\bet $|(?:de|en|la) $", before
    ):
        return not re.match(r"\s*[,/-]\s*(?:[pmg]s|c[emp])|\s(?:et|au)\b", after)
    if re.match(r"(?:premiere|seconde|troisieme|quatrieme|cinquieme|sixieme)s?$", word):
        return not _SCHOOL.search(before)
    return bool(re.search(r"\w$", before))


# -- themes ----------------------------------------------------------------------------------------

_THEMES = {
    "langues-vivantes": r"langues? (?:vivantes?|etrangeres?|regionales?)|anglais\w*|allemand\w*"
    r"|espagnol\w*"
    r"|italien\w*|english|deutsch|bilingues?|plurilinguisme",
    "europe-et-international": r"europe\w*|erasmus\w*|e-?twinning|jumele\w*|international\w*"
    "|francophonie",
    "lecture-et-ecriture": r"lecture\w*|ecriture|lire|livres?|romans?|nouvelles? litteraires?"
    "|poesie|poemes?"
    r"|ecrivain\w*|contes?|orthographe|dictee|bibliotheque|litterature|manuscrits?|albums?",
    "oral": r"eloquence|plaidoiries?|oral|prise de parole|orateurs?|discours|debat\w*",
    "mathematiques": r"mathemati\w*|maths?|calcul|geometr\w*|algebre|algorithm\w*|kangourou",
    "sciences": r"sciences?|scientifiques?|physique|chimie|biologie|technologie|experience\w*"
    "|laboratoires?",
    "espace": r"espace|astronom\w*|planetes?|astronautes?|cosmos|etoiles?|lune|telescope"
    r"|spatial\w*",
    "numerique": r"numeriques?|programmation|coder?|codage|scratch|python|informatique"
    r"|algorithm\w*|donnees"
    r"|logiciels?|intelligence artificielle|\bia\b|open ?source|cryptanalyse",
    "robotique": r"robots?|robotique|thymio|drones?",
    "medias-et-information": r"medias?|presse|emi|journal\w*|radios?|webradio\w*|podcasts?"
    "|information\b"
    r"|reporters?|clemi|desinformation",
    "esprit-critique": r"esprit critique|desinformation|fake news|infox|theories? du complot"
    "|zetetique",
    "histoire-et-memoire": r"histoire|memoire|commemorat\w*|resistance|deportation|armistice"
    "|archives?"
    r"|anciens combattants|poilus?",
    "geographie": r"geograph\w*|territoires?|cartes? (?:sensibles?|geographiques?)|paysages?|ign",
    "citoyennete": r"citoyen\w*|droits?|laicite|democratie|emc|republique|harcelement|engagement",
    "egalite-filles-garcons": r"egalite (?:entre les )?(?:filles|femmes)\S*|mixite|sexisme"
    "|stereotypes",
    "inclusion": r"inclusi\w*|handicap\w*|accessibilite|ulis|allophones?|langue des signes|autisme",
    "developpement-durable": r"developpement durable|ecolog\w*|climat\w*|biodiversite"
    r"|environnement\w*|edd"
    r"|dechets?|jardin\w*|energies?|recyclage|algues?|aires marines",
    "arts-visuels": r"arts? (?:visuels?|plastiques?)|patrimoine|dessin\w*|peinture|aquarelle"
    "|musees?"
    r"|architecture|affiches?|sculpture|illustration|carnets? de voyage",
    "musique": r"musi\w*|chorales?|chant\w*|choeurs?|danse\w*|theatre|instruments?|orchestre|opera"
    "|chansons?",
    "image-et-cinema": r"cinema|films?|courts?-metrages?|videos?|photo\w*|realisateurs?"
    "|animation en volume",
    "sport": r"sports?|sporti\w*|usep|unss|cross|course d'orientation|athletisme|olympi(?:que"
    r"|sme)\w*|voile",
    "sante": r"sante|bien-etre|nutrition|premiers secours|gestes qui sauvent|addictions?|sommeil",
    "orientation-et-metiers": r"orientation\b(?! nationale)|metiers?|stages? (?:de|en) (?:3e"
    r"|seconde)|apprenti\w*",
    "economie-et-entreprise": r"econom\w*|entreprises?|entrepren\w*|mini-entreprise|finances?",
    "formation-entre-pairs": r"entre pairs|pratiques professionnelles|mutualis\w*|formateurs?",
}
_THEME_WORDS = {slug: re.compile(rf"\b(?:{p})\b") for slug, p in _THEMES.items()}


def themes(text: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the themes that a text speaks of, the best supported first, three at most.

    :param names: the closed list: slug → name on screen.
    """
    found = scores(text)
    order = list(names)
    best = sorted((s for s in order if found.get(s, 0) > 1), key=lambda s: -found[s])
    return tuple(best[:_MOST_THEMES])


@lru_cache(256)
def scores(text: str) -> Mapping[str, int]:
    """How many words speak of each theme; those of the title, the first ones, count more."""
    said = fold(text)
    found = {}
    for slug, pattern in _THEME_WORDS.items():
        if count := len(set(pattern.findall(said))):
            found[slug] = count + 2 * bool(pattern.search(said[:80]))
    return found


# -- types -----------------------------------------------------------------------------------------

_TYPES = {
    EventType.CONTEST: r"concours|defis?|prix|olympiades?|rallyes?|trophees?|tournois?"
    r"|championnats?|challenge"
    r"|appel a (?:projets?|candidatures?)|hackathon|label\b",
    EventType.TRAINING: r"formations?|webinaires?|webinars?|ateliers?|stages?|moocs?"
    r"|parcours m@gistere"
    r"|animations? pedagogiques?|masterclass|visioconferences?|classes? virtuelles?|clinique",
    EventType.WEEK_OR_DAY: r"semaines?|journees?|fetes?|quinzaine|printemps|mois de|nuit",
    EventType.MEETING: r"festivals?|rencontres?|colloques?|salons?|congres|conferences?"
    r"|seminaires?|forums?"
    r"|sommet|assises|visites?|reunions?|spectacles?|exposition|camp\b|finales?",
    EventType.YEAR_PROJECT: r"(?:toute|tout au long de) l'annee|projet a l'annee",
}
_TYPE_WORDS = {kind: re.compile(rf"\b(?:{p})(?!\w)") for kind, p in _TYPES.items()}


def event_type(text: str) -> EventType | None:
    """Return what an event is: what its first words name."""
    said = fold(text)[:400]
    found = {kind: m.start() for kind, p in _TYPE_WORDS.items() if (m := p.search(said))}
    return min(found, key=lambda kind: found[kind]) if found else None


# -- organisers ------------------------------------------------------------------------------------

_NAME = (
    r"(?:(?:la|le|les|l['’]|d['’])\s?)?(?P<name>(?:[a-zà-ÿé]+\s(?:de la |du |des |de l['’]|de "
    r"|d['’])?){0,4}?"
    r"[A-ZÀ-Þ][\w@&’'.-]*(?:[ ](?:(?:de la|du|des|de l['’]|de|d['’]|et|pour|en"
    r"|à l['’])[ ]?)?(?:l['’])?"
    r"[\w@&’'-]+){0,8})"
)
_BY = re.compile(
    r"(?:(?:co-?)?[Oo]rganisée?s?|[Pp]roposée?s?|[Pp]ortée?s?|[Ii]nitiée?s?|[Ll]ancée?s?"
    r"|coordonnée?s?|animée?s?)"
    rf"\s(?:conjointement )?par\s{_NAME}|à l['’]initiative\s(?:de\s|du\s|des\s"
    rf"|d['’]){_NAME.replace('name', 'other')}"
)
_DOES = re.compile(
    r"(?:^|[.!?]\s)(?:(?:Le|La|Les|L['’])\s?)(?P<name>[^.,;:!?()]{3,70}?)\s"
    r"(?:\(|organisent?|proposent?|lancent?|invitent?|coordonnent?)\b"
)
_END_OF_NAME = re.compile(
    r",|\s(?:en partenariat|avec|qui|que|dont|pour|afin|à|dans|sur|est|sont|propose|organise"
    r"|et ses|le \d|du \d"
    r"|depuis|lors|au|aux|en lien)\b"
)


@lru_cache(256)
def organiser(text: str) -> str | None:
    """Return who organises, as printed, or None."""
    for match in _BY.finditer(text):
        said = match["name"] or match["other"] or ""
        if cut := _END_OF_NAME.split(said)[0].strip(" ."):
            return cut[:80]
    if (does := _DOES.search(text)) and re.search(r"[A-ZÀ-Þ]", does["name"]):
        return _END_OF_NAME.split(does["name"])[0].strip()[:80] or None
    return None
