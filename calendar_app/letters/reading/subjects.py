"""What a text is about, and whose it is: its themes, the type of an event, the organiser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from calendar_app.letters.reading.theme_words import THEME_WORDS
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import EventType

# -- themes ----------------------------------------------------------------------------------------

_MOST_THEMES = 3
#: A theme that these first characters name, those of the title, counts as this many words more.
_TITLE, _IN_TITLE = 80, 2

_PATTERNS = {slug: re.compile(rf"(?<!\w)(?:{p})(?!\w)") for slug, p in THEME_WORDS.items()}


def themes(text: str, around: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the slugs of the themes of a text, the best supported first, three at most.

    A theme counts when the first words of the text name it, or at least two different words do.

    :param around: what stands around the text, which counts too; the texts of one section have it
        in common, and it is searched once.
    :param names: the themes that exist: slug → name on screen.
    """
    found = scores(text, around)
    best = sorted((slug for slug in names if found.get(slug, 0) > 1), key=lambda s: -found[s])
    return tuple(best[:_MOST_THEMES])


def scores(text: str, around: str) -> Mapping[str, int]:
    """Return the score of each theme (a slug) that a text names: how many different words name it,
    here or *around*, and two more when one of them is among the first words."""
    own, shared = theme_words(text), theme_words(around)
    first = fold(text[:_TITLE])
    return {
        slug: len(own.get(slug, _NONE) | shared.get(slug, _NONE))
        + _IN_TITLE * (slug in own and _PATTERNS[slug].search(first) is not None)
        for slug in own.keys() | shared.keys()
    }


_NONE: frozenset[str] = frozenset()


@lru_cache(256)
def theme_words(text: str) -> Mapping[str, frozenset[str]]:
    """Return for each theme (a slug) that a text names the different words that name it."""
    said = fold(text)
    found = {
        slug: frozenset(m[0] for m in pattern.finditer(said)) for slug, pattern in _PATTERNS.items()
    }
    return {slug: words for slug, words in found.items() if words}


# -- types -----------------------------------------------------------------------------------------

#: The first characters of a text, in which the type of its event is looked for.
_NEAR_TITLE = 400

_TYPES = {
    EventType.CONTEST: (
        r"concours|(?<!relever le )(?<!relever un )defis?"
        r"|(?<!a )(?<!au )(?<!de )prix(?! (?:de vente|d'entree|unitaire|:))|olympiades?|rallyes?"
        r"|trophees?|tournois?|championnats?|challenges?|appels? a (?:projets?|candidatures?)"
        r"|hackathons?|label(?!\w)|joutes?"
    ),
    EventType.TRAINING: (
        r"formations?|webinaires?|webinars?|ateliers?|stages?|moocs?|parcours m@gistere|m@gistere"
        r"|animations? pedagogiques?|master-?class\w*|classes? virtuelles?|cliniques?"
    ),
    # « la semaine du 16 » and « toute la journée » say when, and are no events.
    EventType.WEEK_OR_DAY: (
        r"(?<!par )(?<!cette )(?<!chaque )(?<!en )(?<!une )(?<!prochaine )(?<!\d )(?<!deux )"
        r"(?<!trois )semaines?(?! (?:du \d|prochaine|derniere|suivante|de \d))"
        r"|(?<!demi-)(?<!toute la )(?<!dans la )(?<!par )(?<!la )journees?(?! (?:du \d|entiere))"
        r"|(?<=la )journee (?:nationale|mondiale|internationale|europeenne|academique"
        r"|departementale|des?|du (?!\d)|de|d')"
        r"|fetes?|quinzaines?|(?<!au )(?<!ce )(?<!de )(?<!du )(?<!le )printemps"
        r"|le printemps (?:des|du|de)"
        r"|mois (?:des?|de l[a']?) ?(?!janv|fevr|mars|avril|mai|juin|juil|aout|sept|oct|nov|dec)\w+"
        r"|nuits? (?:des?|du|de)"
    ),
    EventType.MEETING: (
        r"festivals?|rencontres?|colloques?|salons?|congres|conferences?|seminaires?|forums?"
        r"|sommets?|assises|visites?|reunions?|spectacles?|expositions?|camps?|finales?"
        r"|ceremonies?|tables? rondes?"
    ),
    EventType.YEAR_PROJECT: (
        r"projets?(?= [^.]{0,80}(?:toute|tout au long de) l'annee)|projets? a l'annee"
    ),
}
_TYPE_WORDS = {kind: re.compile(rf"(?<![\w-])(?:{p})(?!\w)") for kind, p in _TYPES.items()}


@lru_cache(256)
def event_type(text: str) -> EventType | None:
    """Return the type that the first words of a text name first, or None."""
    said = fold(text[:_NEAR_TITLE])
    found = {kind: m.start() for kind, p in _TYPE_WORDS.items() if (m := p.search(said))}
    return min(found, key=lambda kind: found[kind]) if found else None


# -- organisers ------------------------------------------------------------------------------------

#: Characters of a name that are kept.
_LONGEST = 80
_BY = re.compile(
    r"(?<![\w’'])(?:(?:co-?)?(?:organis|propos|port|initi|lanc|pilot|coordonn)ée?s?"
    r"(?:\s(?:conjointement|chaque année|cette année))?\spar|à l[’']initiative)\s",
    re.IGNORECASE,
)
_DOES = re.compile(r"(?<=[\w),»])\s(?:(?:co-?)?organis|propos|lanc)e(?:nt)?(?![\w’'])")
_SENTENCE = re.compile(r"[.!?:;•|](?:\s|\Z)|\n")
_PARTNERS = re.compile(
    r",\s(?:en (?:partenariat|lien|collaboration|association)|avec"
    r"|associée?s?)\s[^.;:!?]{1,90},?\Z"
)
_ARTICLE = re.compile(
    r"(?:de\s+la\s+|de\s+l[’']\s?|(?:la|les|le|des|du|de)\s+|[dl][’']\s?)(?=\w)", re.IGNORECASE
)
# A name is made of words with a capital, of the words that join them, and of the nouns and the
# adjectives around them.
_JOINS = re.compile(r"(?:de|du|des|la|le|les|en|et|pour|à|au|aux|sur|sous|&)\Z")
_ADJECTIVE = re.compile(
    r"\w{2,}(?:ales?|al|aux|iques?|ifs?|ives?|aires?|ien(?:ne)?s?|eux|euses?|aise?s?|oise?s?"
    r"|ogiques?|ants?)\Z"
)
_NOUN = re.compile(
    r"(?:co)?(?:associations?|acad[ée]mies?|rectorats?|minist[èe]res?|conseill[èe]re?s?|groupes?"
    r"|réseaux?"
    r"|équipes?|éditions?|fédérations?|ligues?|ateliers?|délégations?|directions?|services?"
    r"|circonscriptions?|bassins?"
    r"|clubs?|fondations?|lycées?|collèges?|écoles?|mairies?|villes?|communes?|départements?"
    r"|régions?|universités?|musées?"
    r"|médiathèques?|bibliothèques?|théâtres?|offices?|centres?|instituts?|unions?|maisons?"
    r"|sociétés?|compagnies?|comités?"
    r"|collectifs?|professeurs?|enseignants?|enseignantes?|inspection|mission|référents?|pôles?"
    r"|radios?|journal|festivals?)\Z",
    re.IGNORECASE,
)
# Words that stand where an organiser may stand, and are no name; or that are what is organised.
_NOBODY = re.compile(
    r"(?:nous|vous|ils?|elles?|on|qui|que|ce|cet|cette|ces|cela|ça|chacune?|chaque|tous|toutes"
    r"|une?|des|deux|trois"
    r"|quatre|cinq|six|plusieurs|certaine?s?|notre|nos|votre|vos|mon|ma|mes|ton|ta|tes|son|sa"
    r"|ses|leurs?|autres?|quelques"
    r"|élèves|classes?|concours|projets?|prix|défis?|rallyes?|journées?|semaines?|formations?"
    r"|stages?|programmes?"
    r"|actions?|sites?|pages?|lettres?|dispositifs?|plateformes?|solutions?|applications?"
    r"|guides?|édition \d+|enfants|adultes"
    r"|m|mme|mm|je|tu|\d+)(?![\w’'-])",
    re.IGNORECASE,
)


@lru_cache(256)
def organiser(text: str) -> str | None:
    """Return the name of who organises an event, as printed and without its article, or None.

    It is the X of « organisé par X », « à l'initiative de X » or « X organise », and never a
    pronoun.
    """
    for match in _BY.finditer(text):
        name, _ = _read_name(text[match.end() : match.end() + 2 * _LONGEST])
        if name:
            return name
    for match in _DOES.finditer(text):
        before = text[max(0, match.start() - 2 * _LONGEST) : match.start()]
        starts = [end.end() for end in _SENTENCE.finditer(before)]
        clause = before[starts[-1] :] if starts else before
        subject = _PARTNERS.sub("", clause) if clause.endswith(",") else clause
        for part in _list_subjects(subject.strip()):
            name, rest = _read_name(part)
            if name and not rest:
                return name
    return None


def _list_subjects(clause: str) -> Iterable[str]:
    """Yield what may be the subject of a clause: the whole of it, then what follows its last comma
    (« Cette année, Canopé »), then what starts at its last article (after a heading)."""
    yield clause
    if ", " in clause:
        yield clause.rpartition(", ")[2]
    if articles := list(re.finditer(r"\s(?=(?:L[ea]s?\s|L[’'])\w)", clause)):
        yield clause[articles[-1].end() :]


_WORD = re.compile(r"(?:[\w&@+]|[-’'.](?=\w))+|\S")
_ELISION = re.compile(r"^[ld][’']", re.IGNORECASE)
#: Joining words after which comes a place or a purpose, which is no part of the name…
_APART = frozenset(("à", "pour", "au", "aux", "sur"))
#: … or another name, which has a capital.
_ASIDE = frozenset(("et", "en", "&"))


@dataclass(slots=True)
class _NameReader:
    """Reads a name word by word.

    :param end: where its last word ends, in characters; 0 before the first word.
    :param has_core: whether one of its words has a capital, or is the noun of an organisation.
    :param joins: the joining words since its last word.
    """

    end: int = 0
    has_core: bool = False
    joins: list[str] = field(default_factory=list)

    def read(self, match: re.Match[str]) -> bool:
        """Add the next word of the text, or return False when the name ends before it."""
        word = match[0]
        if not word[0].isalnum():
            return False
        if _JOINS.match(word):
            self.joins.append(word)
            return True
        bare = _ELISION.sub("", word)
        joined = bool(self.joins) or bare != word
        if not self._is_part(bare, joined):
            return False
        self.has_core = self.has_core or bare[0].isupper() or bool(_NOUN.match(bare))
        self.end, self.joins = match.end(), []
        return True

    def _is_part(self, bare: str, joined: bool) -> bool:
        """Whether a word is part of the name.

        :param bare: the word without « l' » or « d' ».
        :param joined: whether a joining word, « l' » or « d' » stands before it.
        """
        if bare[0].isdigit():
            return not joined  # « depuis 2020 » is a time
        if bare[0].isupper():
            return _APART.isdisjoint(self.joins)  # « par Canopé à Lille » names a place
        if not (_APART.isdisjoint(self.joins) and _ASIDE.isdisjoint(self.joins)):
            if self.joins == ["et"]:
                return bool(_NOUN.match(bare))
            return self.joins == ["au"] and bare == "numérique"
        if joined or not self.end:
            return True
        return bool(_ADJECTIVE.match(bare)) and not _NOUN.match(bare)


def _read_name(text: str) -> tuple[str | None, str]:
    """Return the name at the start of a text, or None, and the rest of the text."""
    text = text.lstrip(' «“"')
    if article := _ARTICLE.match(text):
        text = text[article.end() :]
    if _NOBODY.match(text):
        return None, text
    reader = _NameReader()
    for match in _WORD.finditer(text):
        if not reader.read(match):
            break
    name = text[: reader.end].strip(' ,.;:»”"')
    if len(name) < 2 or not reader.has_core:
        return None, text
    return _shorten_name(name), text[reader.end :].strip(' »”"')


def _shorten_name(name: str) -> str:
    """Return a name, cut after a whole word that joins nothing when it is too long."""
    if len(name) <= _LONGEST:
        return name
    name = name[: _LONGEST + 1].rpartition(" ")[0] or name[:_LONGEST]
    while _JOINS.match(name.rpartition(" ")[2]):
        name = name.rpartition(" ")[0]
    return name
