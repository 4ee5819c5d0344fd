"""The classes that a text names: « du CE2 au CM2 », « cycle 3 », « 6e-5e / 4e-3e », « lycéens »."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from calendar_app.school.levels import CLASSES, collapse, expand
from calendar_app.words.text import fold_in_place

_ORDER = list(CLASSES)
#: The last class of a range (« du CM1 à la terminale »): CAP and what follows are not in a row.
_LAST = _ORDER.index("terminale")
_SPELT = {
    "seconde": "2de",
    "premiere": "1re",
    "sixieme": "6e",
    "cinquieme": "5e",
    "quatrieme": "4e",
    "troisieme": "3e",
}
_NURSERY = {"petite": "ps", "moyenne": "ms", "grande": "gs"}

# All patterns but _GOES_ON and _NAMED are for folded text. The groups of this one are the keys of
# the tables below.
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
# What may follow an ordinal that is a class. Any other word is what it counts: « le 4e carton ».
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
# What may stand before one school that means its classes: « en collège », « pour le lycée ».
_FOR_SCHOOLS = re.compile(
    r"(?:\A|[(/,:;.–-]\s?|(?<!\w)(?:pour\s(?:le|l'|la)|niveaux?|en|ouverte?s?\s(?:au|a\sl'"
    r"|a\sla)|et|ou|classes?\s(?:de|du)"
    r"|eleves?\s(?:de|du|de\sl')|(?:de|a)\sl'|a\sl'|de\sla|du|au|moyen)\s?)\Z"
)
# After « cap », these words mean a direction: « cap sur les métiers ».
_AIM = re.compile(r"\s(?:sur|vers|a|au)(?!\w)")
_SEVERAL = re.compile(r"(?<!\w)(?:les|des|aux|nos|vos)\s\Z")
# A name after a school means that one school, and no classes: « l'école Jules-Verne », « les écoles
# de Lille ».
_NAMED = re.compile(r"[ \u00a0](?:(?:de|du|des|d['’]|la|le|l['’])\s?){0,3}[A-ZÀ-ÖØ-Þ«“\"]")
#: Characters before and after a word that are looked at.
_NEAR = 30


@dataclass(frozen=True, slots=True)
class _Named:
    """Classes that a text names in one place.

    :param start, end: the place, in characters.
    :param exact: whether they are named exactly: « les écoles » says little beside « du CP au
        CM2 ».
    """

    start: int
    end: int
    slugs: frozenset[str]
    exact: bool = True


@lru_cache(256)
def classes(text: str) -> tuple[str, ...]:
    """Return the classes that a text names, as the shortest list of slugs of classes and of groups
    (``school.levels``).

    Classes that are named exactly count; the others do only when none is.
    """
    folded = fold_in_place(text)
    named = list(_find_named(text, folded))
    found: set[str] = set()
    broad: set[str] = set()
    added = False
    for at, here in enumerate(named):
        joined = at > 0 and bool(_ADDED.fullmatch(folded, named[at - 1].end, here.start))
        added = here.exact or (added and joined)
        (found if added else broad).update(here.slugs)
        if at + 1 < len(named) and _TO.fullmatch(folded, here.end, named[at + 1].start):
            found.update(_list_range(here.slugs, named[at + 1].slugs))
    return collapse(found or broad)


def _list_range(first: frozenset[str], last: frozenset[str]) -> list[str]:
    """Return the classes from the first to the last (« du CM1 à la terminale »); none when they are
    not in a row."""
    start = min(map(_ORDER.index, first))
    end = max(map(_ORDER.index, last))
    return _ORDER[start : end + 1] if start < end <= _LAST else []


def _find_named(text: str, folded: str) -> Iterator[_Named]:
    """Yield what a text names, place by place.

    :param folded: *text* folded in place: each character stands where it did.
    """
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
        slugs = _find_slugs(group, match[0])
        if slugs and _is_class(group, _Word.read(match, text, folded, beside)):
            yield _Named(start, end, slugs, group not in _BROAD)


_BROAD = frozenset("ecole college lycee vocational maternelle elementaire".split())

# -- which classes a word names --------------------------------------------------------------------


def _find_slugs(group: str, said: str) -> frozenset[str]:
    """Return the classes that a word names, if it names any.

    :param group: the group of ``_TOKEN`` that the word matched.
    :param said: the word, folded.
    """
    read = _READERS.get(group)
    return read(said) if read else _FIXED[group]


def _read_cycles(said: str) -> frozenset[str]:
    numbers = [int(n) for n in re.findall(r"\d", said)]
    if re.search(r"\d\s?(?:a|au|-|>)\s", said) or re.search(r"\d[->]\d", said):
        numbers = list(range(numbers[0], numbers[-1] + 1))
    return expand(f"cycle-{n}" for n in numbers)


def _read_degrees(said: str) -> frozenset[str]:
    wanted = {"premier-degre"} if re.match(r"premier|1", said) else {"second-degre"}
    if re.search(r"(?:et|ou|/|-)\s?(?:d[ue]\s|le\s)?(?:second|2)", said):
        wanted.add("second-degre")
    return expand(wanted)


def _read_sections(said: str) -> frozenset[str]:
    if "section" not in said:
        return frozenset()
    found = {slug for word, slug in _NURSERY.items() if word in said}
    return frozenset({"tps"} if said.startswith("toute") and found == {"ps"} else found)


def _read_ordinal(said: str) -> frozenset[str]:
    return frozenset(slug for slug in CLASSES if slug[0] == said[0])


def _read_spelt(said: str) -> frozenset[str]:
    return frozenset((_SPELT[said.rstrip("s")],))


def _read_plain(said: str) -> frozenset[str]:
    said = re.sub(r"\s", "", said)
    if said.startswith("bac"):
        said = "bac-pro"
    elif said.startswith("t") and said != "tps":
        said = "terminale"
    return frozenset((said,))


def _expand_range(first: str, last: str) -> frozenset[str]:
    return frozenset(_ORDER[_ORDER.index(first) : _ORDER.index(last) + 1])


_READERS: dict[str, Callable[[str], frozenset[str]]] = {
    "cycle": _read_cycles,
    "degree": _read_degrees,
    "short": _read_degrees,
    "sections": _read_sections,
    "early": _read_plain,
    "plain": _read_plain,
    "ordinal": _read_ordinal,
    "word": _read_spelt,
}
#: The groups whose words always name the same classes.
_FIXED = {
    "maternelle": _expand_range("tps", "gs"),
    "ecole": expand(("premier-degre",)),
    "elementaire": _expand_range("cp", "cm2"),
    "moyen": _expand_range("cm1", "cm2"),
    "college": _expand_range("6e", "3e"),
    "lycee": _expand_range("2de", "terminale"),
    "terminal": _expand_range("1re", "terminale"),
    "vocational": frozenset(("cap", "bac-pro")),
}

# -- whether a word means a class where it stands --------------------------------------------------


@dataclass(slots=True)
class _Word:
    """A word that may mean a class, with what stands around it.

    :param printed: the word as printed.
    :param folded: the word folded.
    :param before, after: what stands around it, folded.
    :param after_printed: what follows it, as printed.
    :param beside: whether another such word stands next to it.
    """

    printed: str
    folded: str
    before: str
    after: str
    after_printed: str
    beside: bool

    @classmethod
    def read(cls, match: re.Match[str], text: str, folded: str, beside: bool) -> _Word:
        """Return the word of a match of ``_TOKEN`` in *folded*."""
        start, end = match.span()
        return cls(
            printed=text[start:end],
            folded=match[0],
            before=folded[max(0, start - _NEAR) : start],
            after=folded[end : end + _NEAR],
            after_printed=text[end : end + _NEAR],
            beside=beside,
        )


def _is_class(group: str, word: _Word) -> bool:
    """Whether a word of this group of ``_TOKEN`` means a class where it stands."""
    check = _CHECKS.get(group)
    return check is None or check(word)


def _is_nursery_class(word: _Word) -> bool:
    """Whether TPS, PS, MS or GS is a class: all but GS are short for other things too."""
    if not word.printed.isupper():
        return False
    return word.beside or word.printed == "GS" or bool(_PUPILS.search(word.before))


def _has_capital_d(word: _Word) -> bool:
    """Whether « 1D », the premier degré, is printed with its capital letter."""
    return "D" in word.printed


def _is_plain_class(word: _Word) -> bool:
    """Whether « CAP » is the diploma and « term » the class; the other names mean nothing else."""
    if word.printed.casefold() not in ("cap", "term"):
        return True
    is_named = word.printed == "CAP" or word.printed.istitle()
    return is_named and not _AIM.match(word.after)


def _is_ordinal_class(word: _Word) -> bool:
    """Whether « 6e » is a class, and no rank (« la 6e édition »)."""
    if _COUNTED.match(word.after):
        return False
    if _SPECIALITY.match(word.after) or _is_alone(word):
        return True
    if word.printed[0] in "12" or _ONE.search(word.before):
        return False
    return bool(_PUPILS.search(word.before) or _SEVERAL.search(word.before))


def _is_spelt_class(word: _Word) -> bool:
    """Whether « seconde » is a class, and no rank (« la seconde édition »)."""
    if _COUNTED.match(word.after):
        return False
    if _SPECIALITY.match(word.after):
        return True
    return _is_alone(word) and (word.beside or bool(_PUPILS.search(word.before)))


def _is_alone(word: _Word) -> bool:
    """Whether an ordinal counts nothing that is printed after it."""
    return word.beside or bool(_GOES_ON.match(word.after_printed))


def _is_no_single_school(word: _Word) -> bool:
    """Whether no name follows that makes a word mean one school (« l'école Jules-Verne »)."""
    return not _NAMED.match(word.after_printed)


def _is_college_or_lycee(word: _Word) -> bool:
    """Whether a collège, a lycée or their pupils mean all their classes: one school does after the
    words of ``_FOR_SCHOOLS`` only."""
    if not _is_no_single_school(word):
        return False
    return word.folded.endswith(("s", "ien", "enne")) or bool(_FOR_SCHOOLS.search(word.before))


def _is_ecole(word: _Word) -> bool:
    """Whether an école means all its classes: in the singular, only an « école primaire » does."""
    return _is_no_single_school(word) and ("primaire" in word.folded or word.folded.endswith("s"))


_CHECKS: dict[str, Callable[[_Word], bool]] = {
    "early": _is_nursery_class,
    "short": _has_capital_d,
    "plain": _is_plain_class,
    "ordinal": _is_ordinal_class,
    "word": _is_spelt_class,
    "maternelle": _is_no_single_school,
    "elementaire": _is_no_single_school,
    "vocational": _is_no_single_school,
    "ecole": _is_ecole,
    "college": _is_college_or_lycee,
    "lycee": _is_college_or_lycee,
}
