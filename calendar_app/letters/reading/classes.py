"""The classes that a text names: « du CE2 au CM2 », « cycle 3 », « 6e-5e / 4e-3e », « lycéens »."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from calendar_app.school.levels import CLASSES, collapse, expand
from calendar_app.words.text import fold_in_place

_ORDER = list(CLASSES)
_LAST = _ORDER.index("terminale")  # ranges stop here: CAP and what follows are no years
_RANGES = {
    "maternelle": ("tps", "gs"),
    "ecole": ("tps", "cm2"),
    "elementaire": ("cp", "cm2"),
    "moyen": ("cm1", "cm2"),
    "college": ("6e", "3e"),
    "lycee": ("2de", "terminale"),
    "terminal": ("1re", "terminale"),
}
_SLUGS = {
    "seconde": "2de",
    "premiere": "1re",
    "sixieme": "6e",
    "cinquieme": "5e",
    "quatrieme": "4e",
    "troisieme": "3e",
}

_TOKEN = re.compile(
    r"""(?<![\w.])(?:
      (?P<cycle> cycles?\s[1-4](?!\w)
        (?:\s?(?:,|et|ou|a|au|-|/|&|>)\s?(?:les?\s)?(?:cycles?\s)?[1-4](?!\w)){0,4} )
    | (?P<terminal> cycle\sterminal )
    | (?P<degree> (?:(?:premier|1\s?er|1d)(?:\s(?:et|ou|/)\s(?:d[ue]\s|le\s)?(?:second|2n?de?))?
        | second|2\s?n?de?)\s?degres? )
    | (?P<short> 1d(?:\s?[/-]\s?2d)?(?!\w) )
    | (?P<sections> (?:(?:toute\s)?petite|moyenne|grande)(?:\ssections?)?
        (?:\s?(?:,|et|ou|/)\s?(?:en\s|de\s)?(?:moyenne|grande)(?:\ssections?)?){0,2} )
    | (?P<early> tps|ps|ms|gs )
    | (?P<plain> cp|c[em]\s?[12]|segpa|ulis|upe2a|terminales?|tle|term(?!\w|\s[a-z])
        |cap|bacs?\spro(?:fessionnels?)? )
    | (?P<ordinal> [3-6]\s?(?:emes?|es?)|2\s?(?:n?des?|nd)|1\s?(?:eres?|res?) )
    | (?P<word> (?:premiere|seconde|sixieme|cinquieme|quatrieme|troisieme)s? )
    | (?P<maternelle> (?:ecoles?\s)?maternelles? )
    | (?P<elementaire> (?:(?:ecoles?|classes?)\s)?elementaires? )
    | (?P<ecole> ecoles?\sprimaires?|ecoles?|primaire )
    | (?P<moyen> cours\smoyens? )
    | (?P<vocational> lycees?\spro(?:fessionnels?)?|lyceens?\spro(?:fessionnels?)? )
    | (?P<college> colleges?|collegiens?|collegiennes? )
    | (?P<lycee> lycees?|lyceens?|lyceennes? )
    )(?!\w)""",
    re.VERBOSE,
)
_TO = re.compile(
    r"\s?(?:(?:a|au|aux|jusqu'(?:a|au|en|aux))\s(?:la\s|l')?(?:classe\s(?:de\s)?)?|->?\s?|>\s?"
    r"|→\s?|–\s?)"
)
_BESIDE = re.compile(r"\s?(?:[-–/,&>+]|et|ou|puis)?\s?(?:de\s|des\s|en\s|d'|les\s|la\s|du\s)?")
# « CM2 et collège »: both.
_ADDED = re.compile(r"\s?(?:/|et|ou|&|\+)\s?(?:en\s|au\s|les\s|des\s)?")
# After an ordinal, a word that is none of these is what it counts: « le 4e carton ».
_GOES_ON = re.compile(
    r"\s*(?:\Z|[^\w\s]|[A-Z\d]|(?:et|ou|a|au|aux|de|du|des|en|pour|qui|sont|ont|avec|dans|par"
    r"|sur|peuvent"
    r"|segpa|ulis|cap|bac|general\w*|techno\w*|pro|professionnel\w*|nsi|prepa\w*|inclus\w*|le|la"
    r"|les|se|seront"
    r"|jusqu|college|lycee|euro\w*|bilingues?|a)(?!\w))",
)
_SPECIALITY = re.compile(
    r"\s(?:nsi|general|techno|pro(?!\w)|professionnel|stmg|sti2d|st2s"
    r"|s(?!\w)|es(?!\w))"
)
_COUNTED = re.compile(
    r"\s?(?:edition|prix|place|trimestre|jour|fois|siecle|journee|semaine|partie|etape|tour"
    r"|manche|numero"
    r"|rencontre|festival|concours|congres|salon|seance|phase|session|volet|saison|quinzaine"
    r"|olympiade"
    r"|anniversaire|circonscription|republique|finale|degre|cycle|rang|annee|chapitre|defi"
    r"|rallye)s?(?!\w)"
)
_ONE = re.compile(
    r"(?<!\w)(?:le|la|l'|au|du|un|une|son|sa|notre|ce|cette|leur|ma|chaque"
    r"|votre)\s?\Z"
)
_PUPILS = re.compile(
    r"(?<!\w)(?:(?:classes?|eleves?|niveaux?|lyceens?|collegiens?|enseignants?|professeurs?"
    r"|profs?|equipes?"
    r"|groupes?|sections?)\s?(?:de\s|d'|en\s|:\s?)?(?:la\s|l')?|en\s|de\sla\s|a\sla\s|(?:et"
    r"|ou)\s(?:de\s|en\s|la\s)?|d[e']\s?|[/,-]\s?)\Z"
)
# « aux écoles », « en collège », but not « au lycée Jean-Moulin », « l'équipe du collège ».
_FOR_SCHOOLS = re.compile(
    r"(?:\A|[(/,:;.–-]\s?|(?<!\w)(?:pour\s(?:le|l'|la)|niveaux?|en|ouverte?s?\s(?:au|a\sl'"
    r"|a\sla)|et|ou|classes?\s(?:de|du)"
    r"|eleves?\s(?:de|du|de\sl')|(?:de|a)\sl'|a\sl'|de\sla|du|au|moyen)\s?)\Z"
)
# « CAP sur les métiers »
_AIM = re.compile(r"\s(?:sur|vers|a|au)(?!\w)")
_SEVERAL = re.compile(r"(?<!\w)(?:les|des|aux|nos|vos)\s\Z")
# « l'école Jules-Verne », « les écoles de Lille »: whose it is, not for whom.
_NAMED = re.compile(r"[ \u00a0](?:(?:de|du|des|d['’]|la|le|l['’])\s?){0,3}[A-ZÀ-ÖØ-Þ«“\"]")
_LOOK_BACK = 30


@dataclass(frozen=True, slots=True)
class _Named:
    """Classes named in a text.

    :param exact: whether they are; « les écoles » says little beside « du CP au CM2 ».
    """

    start: int
    end: int
    slugs: frozenset[str]
    exact: bool = True


@lru_cache(256)
def classes(text: str) -> tuple[str, ...]:
    """Return the classes that a text names, as the shortest list of slugs."""
    folded = fold_in_place(text)
    named = list(_named(text, folded))
    found: set[str] = set()
    broad: set[str] = set()
    added = False
    for at, here in enumerate(named):
        joined = at > 0 and bool(_ADDED.fullmatch(folded, named[at - 1].end, here.start))
        added = here.exact or (added and joined)
        (found if added else broad).update(here.slugs)
        if at + 1 < len(named) and _TO.fullmatch(folded, here.end, named[at + 1].start):
            found.update(_between(here.slugs, named[at + 1].slugs))
    return collapse(found or broad)


def _between(first: frozenset[str], last: frozenset[str]) -> list[str]:
    """« du CM1 à la terminale »: the classes from the first to the last, or none."""
    start = min(map(_ORDER.index, first))
    end = max(map(_ORDER.index, last))
    return _ORDER[start : end + 1] if start < end <= _LAST else []


def _named(text: str, folded: str) -> Iterator[_Named]:
    matches = list(_TOKEN.finditer(folded))
    for at, match in enumerate(matches):
        start, end = match.span()
        others = [*matches[max(0, at - 1) : at], *matches[at + 1 : at + 2]]
        gaps = [sorted((start, end, *other.span()))[1:3] for other in others]
        beside = any(_BESIDE.fullmatch(folded, *g) or _TO.fullmatch(folded, *g) for g in gaps)
        glued = re.match(r"[-'’][a-z]", folded[end : end + 2])
        if glued and not (at + 1 < len(matches) and matches[at + 1].start() == end + 1):
            continue
        group = str(match.lastgroup)
        slugs = _slugs(group, match[0])
        if slugs and _means(group, match, text, folded, beside):
            yield _Named(start, end, slugs, group not in _BROAD)


_BROAD = frozenset("ecole college lycee vocational maternelle elementaire".split())


def _slugs(group: str, said: str) -> frozenset[str]:
    match group:
        case "cycle":
            numbers = [int(n) for n in re.findall(r"\d", said)]
            if re.search(r"\d\s?(?:a|au|-|>)\s", said) or re.search(r"\d[->]\d", said):
                numbers = list(range(numbers[0], numbers[-1] + 1))
            return expand(f"cycle-{n}" for n in numbers)
        case "degree" | "short":
            wanted = {"premier-degre"} if re.match(r"premier|1", said) else {"second-degre"}
            if re.search(r"(?:et|ou|/|-)\s?(?:d[ue]\s|le\s)?(?:second|2)", said):
                wanted.add("second-degre")
            return expand(wanted)
        case "sections":
            if "section" not in said:
                return frozenset()
            names = {"petite": "ps", "moyenne": "ms", "grande": "gs"}
            found = {slug for word, slug in names.items() if word in said}
            return frozenset({"tps"} if said.startswith("toute") and found == {"ps"} else found)
        case "vocational":
            return frozenset(("cap", "bac-pro"))
        case "ordinal":
            return frozenset(s for s in CLASSES if s[0] == said[0])
        case "word":
            return frozenset((_SLUGS[said.rstrip("s")],))
        case "plain" | "early":
            said = re.sub(r"\s", "", said)
            if said.startswith("bac"):
                said = "bac-pro"
            elif said.startswith("t") and said != "tps":
                said = "terminale"
            return frozenset((said,))
    if group == "ecole":
        return expand(("premier-degre",))
    first, last = _RANGES[group]
    return frozenset(_ORDER[_ORDER.index(first) : _ORDER.index(last) + 1])


def _means(group: str, match: re.Match[str], text: str, folded: str, beside: bool) -> bool:
    """Whether a word means a class there."""
    start, end = match.span()
    before = folded[max(0, start - _LOOK_BACK) : start]
    after, printed = folded[end : end + _LOOK_BACK], text[end : end + _LOOK_BACK]
    said = text[start:end]
    match group:
        case "early":
            return said.isupper() and (beside or said == "GS" or bool(_PUPILS.search(before)))
        case "short":
            return "D" in said
        case "plain" if said.casefold() in ("cap", "term"):
            return (said == "CAP" or said.istitle()) and not _AIM.match(after)
        case "ordinal" | "word":
            if _COUNTED.match(after):
                return False
            if _SPECIALITY.match(after):
                return True
            goes_on = bool(_GOES_ON.match(printed)) or beside
            if group == "word":
                return goes_on and (beside or bool(_PUPILS.search(before)))
            if said[0] in "12" or _ONE.search(before):
                return goes_on
            return goes_on or bool(_PUPILS.search(before) or _SEVERAL.search(before))
        case "maternelle" | "elementaire" | "ecole" | "vocational" | "college" | "lycee":
            if _NAMED.match(printed):
                return False
            if group in ("maternelle", "elementaire", "vocational") or "primaire" in match[0]:
                return True
            if match[0].endswith(("s", "ien", "enne")):
                return True
            return group != "ecole" and bool(_FOR_SCHOOLS.search(before))
    return True
