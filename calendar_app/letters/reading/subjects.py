"""What a text speaks of, and whose it is: classes, themes, the type of an event, its organiser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from calendar_app.letters.reading.theme_words import THEME_WORDS
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import EventType

# -- themes ----------------------------------------------------------------------------------------

_MOST_THEMES = 3
#: The first characters are the title's: what they name counts more.
_TITLE, _IN_TITLE = 80, 2

_PATTERNS = {slug: re.compile(rf"(?<!\w)(?:{p})(?!\w)") for slug, p in THEME_WORDS.items()}


def themes(text: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the themes that a text speaks of, the best supported first, three at most: those that
    its first words name, or at least two different words.

    :param names: the closed list: slug → name on screen.
    """
    found = scores(text)
    best = sorted((slug for slug in names if found.get(slug, 0) > 1), key=lambda s: -found[s])
    return tuple(best[:_MOST_THEMES])


@lru_cache(256)
def scores(text: str) -> Mapping[str, int]:
    """Return how many different words speak of each theme; one in the title counts more."""
    said = fold(text)
    found = {}
    for slug, pattern in _PATTERNS.items():
        if words := {match[0] for match in pattern.finditer(said)}:
            found[slug] = len(words) + _IN_TITLE * bool(pattern.search(said[:_TITLE]))
    return found


# -- types -----------------------------------------------------------------------------------------

#: The first characters of a text name it.
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
    # « la semaine du 16 », « toute la journée » are a time.
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
    """Return what an event is: what its first words name, or None."""
    said = fold(text[:_NEAR_TITLE])
    found = {kind: m.start() for kind, p in _TYPE_WORDS.items() if (m := p.search(said))}
    return min(found, key=lambda kind: found[kind]) if found else None


# -- organisers ------------------------------------------------------------------------------------

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
# A name is words with a capital, what joins them, and the nouns that lead to them.
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
# Who does it, but is nobody's name; or what is organised.
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
    """Return who organises, as printed and without its article, or None.

    « organisé par X », « à l'initiative de X », or « X organise »; never a pronoun.
    """
    for match in _BY.finditer(text):
        name, _ = _name(text[match.end() : match.end() + 2 * _LONGEST])
        if name:
            return name
    for match in _DOES.finditer(text):
        before = text[max(0, match.start() - 2 * _LONGEST) : match.start()]
        starts = [end.end() for end in _SENTENCE.finditer(before)]
        clause = before[starts[-1] :] if starts else before
        subject = _PARTNERS.sub("", clause) if clause.endswith(",") else clause
        for part in _subjects(subject.strip()):
            name, rest = _name(part)
            if name and not rest:
                return name
    return None


def _subjects(clause: str) -> Iterable[str]:
    """The whole clause, then what follows its last comma (« Cette année, Canopé ») or, after a
    heading, its last article."""
    yield clause
    if ", " in clause:
        yield clause.rpartition(", ")[2]
    if articles := list(re.finditer(r"\s(?=(?:L[ea]s?\s|L[’'])\w)", clause)):
        yield clause[articles[-1].end() :]


def _name(text: str) -> tuple[str | None, str]:
    """Read a name at the start of a text; return it, and what is left of the text."""
    text = text.lstrip(' «“"')
    if article := _ARTICLE.match(text):
        text = text[article.end() :]
    if _NOBODY.match(text):
        return None, text
    end, capital, noun = 0, False, False
    joins: list[str] = []
    for match in _WORD.finditer(text):
        word, bare = match[0], re.sub(r"^[ld][’']", "", match[0], flags=re.IGNORECASE)
        if not word[0].isalnum():
            break
        if _JOINS.match(word):
            joins.append(word)
            continue
        joined = bool(joins) or bare != word
        if bare[0].isupper() or bare[0].isdigit():
            # « par Canopé à Lille », « depuis 2020 » are no part of the name.
            if set(joins) & _APART or (bare[0].isdigit() and joined):
                break
            capital = capital or bare[0].isupper()
        elif set(joins) & (_APART | _ASIDE) and not (
            (joins == ["et"] and _NOUN.match(bare)) or (joins == ["au"] and bare == "numérique")
        ):
            break
        elif _NOUN.match(bare):
            if end and not joined:
                break
            noun = True
        elif end and not joined and not _ADJECTIVE.match(bare):
            break
        end, joins = match.end(), []
    name = text[:end].strip(' ,.;:»”"')
    if len(name) < 2 or not (capital or noun):
        return None, text
    left = text[end:].strip(' »”"')
    if len(name) > _LONGEST:
        name = name[: _LONGEST + 1].rpartition(" ")[0] or name[:_LONGEST]
        while _JOINS.match(name.rpartition(" ")[2]):
            name = name.rpartition(" ")[0]
    return name, left


_WORD = re.compile(r"(?:[\w&@+]|[-’'.](?=\w))+|\S")
#: Joining words after which comes a place or a purpose, not more of the name…
_APART = frozenset(("à", "pour", "au", "aux", "sur"))
#: … or only another name, with a capital.
_ASIDE = frozenset(("et", "en", "&"))
