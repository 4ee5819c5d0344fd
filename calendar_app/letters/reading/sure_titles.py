"""How sure the title of an item is.

A title is sure on few grounds, which a careful person would trust without reading the letter:
it has the shape of a name, and it stands where names stand. What is only beside a date is no
ground.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from calendar_app.letters.grammar.month_names import FULL_MONTHS
from calendar_app.letters.known_names import KNOWN
from calendar_app.letters.layout.flat_text import flat
from calendar_app.letters.reading.names import (
    KINDS,
    LINKS,
    PART,
    has_verb,
    is_generic,
    looks_like_a_sentence,
    names_a_sort,
    names_something,
)
from calendar_app.words.text import fold

#: How sure a title of each rule is (``titles.title_of``), when it has the shape of a name.
_RULES = {
    "row": 0.93,
    "heading-line": 0.9,
    "label": 0.9,
    "heading": 0.9,
    "line": 0.88,
    "stage": 0.88,
    "sentence": 0.76,
    "named-nearby": 0.7,
    "document": 0.6,
    "words": 0.3,
}
_WORDS_OF_SENTENCE = "ce sont des mots de la phrase"
_NAMES_NOTHING = "il ne nomme rien de précis"
_REASONS = {
    "sentence": _WORDS_OF_SENTENCE,
    "named-nearby": "trouvé dans un paragraphe voisin",
    "document": "c'est celui de la lettre",
    "words": _WORDS_OF_SENTENCE,
}


@dataclass(frozen=True, slots=True)
class TitleFinding:
    """How a title was found.

    :param text: the title as it is shown.
    :param rule: the rule that found it.
    :param marked: whether the letter marks it as a title: a heading of Markdown or HTML, a cell of
        a column of titles.
    :param told: whether the sentence of the date says the name itself (``titles.is_told``), or the
        letter is about this one contest (``titles.is_alone``).
    :param rival: whether another name stands between the title and the date.
    :param cut: whether the name goes on where the title ends (:func:`is_cut`).
    :param derived: whether the letter itself does not call the stage so (:func:`is_derived`).
    """

    text: str
    rule: str
    marked: bool
    told: bool
    rival: bool
    cut: bool
    derived: bool


def sure_title(found: TitleFinding) -> tuple[float, str]:
    """Return how sure a title is, from 0 to 1, and why it may be wrong, in French, or nothing."""
    sure = _RULES.get(found.rule, 0.5)
    parts = None if found.rule == "row" and found.marked else _PARTS.fullmatch(found.text)
    thing, part = parts.groups() if parts else (found.text, None)
    if found.rival:
        return min(sure, 0.6), "un autre nom est plus près de la date"
    if found.told or (found.rule == "document" and _SORT_AND_NAME.fullmatch(thing)):
        sure = max(sure, 0.85)
    if sure < 0.8:
        return sure, _REASONS.get(found.rule, "trouvé loin de la date")
    if found.cut or _ASKS_FOR_MORE.search(found.text) or _ASKS_FOR_MORE.search(thing):
        return 0.6, _WORDS_OF_SENTENCE
    if _SAID.fullmatch(thing) or not _looks_like_a_name(found, thing):
        return 0.6, _WORDS_OF_SENTENCE
    if is_for_whom(thing):
        return 0.6, _NAMES_NOTHING
    if is_generic(thing) and not found.told and not (found.rule == "row" and found.marked):
        return 0.6, _NAMES_NOTHING
    if part is not None and (found.derived or not _is_stage(part)):
        return 0.72, "l'étape n'a pas de nom sûr"
    if found.rule == "line" and not _CALLED.search(thing) and not KNOWN.search(fold(thing)):
        return 0.72, _NAMES_NOTHING
    named = names_a_sort(thing) or (found.marked and names_something(thing))
    if found.told or named or _is_cell(found) or _OF_ALL.match(thing):
        return sure, ""
    return 0.72, _NAMES_NOTHING


def _is_cell(found: TitleFinding) -> bool:
    """Whether a title is a cell of a column of titles, or the cell of its row that says most."""
    words = len(found.text.split())
    return found.rule == "row" and (
        found.marked or (words > 2 and " : " not in found.text and not _VENUE.search(found.text))
    )


#: A day of the whole world or country, which has one name only.
_OF_ALL = re.compile(
    r"(?:Journées?|Semaines?|Nuits?|Mois|Quinzaine) "
    r"(?:nationale|mondiale|européenne|internationale)s? (?:\w+ )*\w{4,}"
)
#: A sort with its name in quotation marks: « Concours d'affiches « Ma séance » ».
_SORT_AND_NAME = re.compile(rf"(?:[\w’'-]+ )?(?:{KINDS})s?\b[^«»]*«[^«»]+»", re.IGNORECASE)
#: A last word that asks for more: « Journée nationale de lutte contre ».
_ASKS_FOR_MORE = re.compile(
    rf"(?:\s(?:{LINKS}|cet|ces|son|sa|ses|leurs?|notre|nos|votre|vos|depuis|selon|comme|dont|que)"
    r"|\s?[ld]['’])$",
    re.IGNORECASE,
)
#: What somebody says or asks in quotation marks is rather the joke of its section than a name.
_SAID = re.compile(
    r"[«“\"][^»”\"]*(?:[?!…]|(?<!\w)\.{1,3}|[a-zà-ÿ]{2}\.)\s?[»”\"]"
    r"|[«“\"]\s?(?:(?:.*[\s«“\"])?(?:je|tu|on|nous|vous)\s|.*\bj['’]|et si\b|c['’]est\b)"
    r"[^»”\"]*[»”\"]",
    re.IGNORECASE,
)


def is_for_whom(thing: str) -> bool:
    """Whether a title is a sort with whom it is for and how it is held, and no name: « Webinaire
    tout public enseignant », « Visite guidée pour les collègues »."""
    if re.search(r"[«“\"@#]", thing) or KNOWN.search(fold(thing)):
        return False
    words = re.findall(r"[a-z0-9]+", re.sub(r"\b[ldn]['’]", "", fold(_KIND_WORDS.sub("", thing))))
    return all(word in _SMALL or _WHOM.fullmatch(word) for word in words)


_KIND_WORDS = re.compile(rf"\b(?:{KINDS})\b", re.IGNORECASE)
_SMALL = frozenset(
    "a au aux avec chez d de dans des du en et l la le les leur leurs nos notre ou par pour sans"
    " ses sur tous tout toute toutes un une vos votre".split()
)
#: Whom something is for, and how it is held, folded.
_WHOM = re.compile(
    r"(?:collegues?|public(?:s|que)?|enseignante?s?|professeure?s?|profs?|direct(?:eur|rice)s?"
    r"|personnels?|parents?|familles?|eleves?|lyceens?|collegiens?|ecoliers?|enfants?|jeunes|adultes?"
    r"|debutante?s?|confirmee?s?|referente?s?|volontaires?|equipes?|cpe|aesh|atsem|documentalistes?"
    r"|stagiaires?|titulaires?|neo|t[123]|cycles?|classes?|ecoles?|colleges?|lycees?|formateurs?"
    r"|formatrices?|coordonnat(?:eur|rice)s?|inspecteurs?|partenaires|benevoles|adherents?|elus"
    r"|delegues?|tuteurs?|tutrices?|participante?s?|inscrite?s?|candidate?s?|laureate?s?|finalistes?"
    r"|interessee?s?|nouveaux|nouvelles|nouveau|nouvelle|guidee?s?|libres?|gratuite?s?|ouverte?s?"
    r"|reservee?s?|destinee?s?|destination|intention|attention|scolaires?|virtuel(?:le)?s?"
    r"|collecti(?:f|ve)s?|pratiques?|theoriques?|complementaires?|supplementaires?|exceptionnel\w*"
    r"|special(?:e|es)?|speciaux|inaugura(?:le|l)s?|thematiques?|communs?|communes?|hybrides?"
    r"|facultati(?:f|ve)s?|obligatoires?|distance|ligne|presence|presentiel|distanciel|visio\w*"
    r"|individuel(?:le)?s?|degres?|premier|second|primaires?|secondaires?|maternelles?"
    r"|elementaires?|niveaux?|information|rentree|accueil|echanges?|travail|matin|matinale?|soir"
    r"|annuel(?:le)?s?|mensuel(?:le)?s?|hebdomadaires?|trimestriel(?:le)?s?|prochaine?s?|autres?"
    r"|premiere?s?|deuxiemes?|troisiemes?|seconde?s?|derniere?s?|academiques?|departementa\w+"
    r"|regiona\w+|territoria\w+|locaux|locale?s?|interdegres?|inter|pleniere?s?)"
)
#: A title of a thing and a part of it: « Prix « Encre » : finale ».
_PARTS = re.compile(r"((?:«[^»]*»|[^«])*?) : ([^»]*)")
#: What gives a line the name of a thing: quotation marks, « RoboTeam », a day of the whole world.
_CALLED = re.compile(
    r"[«“\"][^»”\"]{3,}[»”\"]|[a-zà-ÿ][A-ZÀ-Þ@]"
    r"|^(?:Journées?|Semaines?) (?:mondiale|internationale|européenne|nationale)s? "
)
#: Where one meets, or who comes.
_VENUE = re.compile(
    r"(?-i:, [A-ZÀ-Þ])|^(?:école|collège|lycée|salle|amphi|gymnase|médiathèque|maison|théâtre"
    r"|bassin|secteur|circonscription|département|académie|zone|groupe|cinéma|canopé"
    r"|atelier canopé|mairie|stade|musée|m\.|mme|rue|place)\b",
    re.IGNORECASE,
)
#: A stage has at most so many words.
_STAGE_WORDS = 5


def _is_stage(part: str) -> bool:
    """Whether words after « : » are a stage: a word of one, with few words more (« première
    manche », « vote des classes »)."""
    few = len(part.split()) <= _STAGE_WORDS and not _PART_OF_STAGE.fullmatch(fold(part))
    return few and bool(PART.match(fold(part)) or _STAGE.match(fold(part))) and not has_verb(part)


#: What is a stage beside ``names.PART``, folded.
_STAGE = re.compile(r"(?:ceremonie|manche|prix|jury|proclamation|exposition|concours)\b")

#: What needs a word more to be a stage (« remise des prix »), or only says that there are dates.
_PART_OF_STAGE = re.compile(
    r"(?:la |les? )?(?:remises?|annonces?|publications?|seances?|sessions?|rencontres?|etapes?"
    r"|phases?|series?|volets?|receptions?|journees? de)"
)


def is_derived(said: str, heading: str, title: str) -> bool:
    """Whether the stage in a title is not what the letter calls it: its word is made from a verb
    (« publication » from « la liste est publiée »), or the heading above names another stage.

    :param said: the words around the date: its sentence, its label and its cells.
    :param heading: the heading above it, without its number, or nothing.
    :param title: the title as it is shown.
    """
    _, joint, part = title.rpartition(" : ")
    words = re.findall(r"[a-z0-9]{3,}", fold(part))
    if not joint or not words:
        return False
    over = fold(heading)
    other = PART.match(over) is not None and not any(word in over for word in words)
    return other or words[0].rstrip("s") not in fold(f"{said} {heading}")


def _looks_like_a_name(found: TitleFinding, thing: str) -> bool:
    """Whether a title starts as a name does and holds nothing of a sentence or of a list.

    :param thing: the title without the stage.
    """
    bare = _INSIDE.sub("", thing)
    if _is_cell(found):
        return not has_verb(thing) and not looks_like_a_sentence(thing, marked=True)
    known = KNOWN.match(re.sub(r"^(?:l[ea]s? |l')", "", fold(thing)))
    if not (_STARTS.match(thing) or _WITH_NAME.fullmatch(thing) or known or found.marked):
        return False
    if _MARKS.search(bare) or re.search(rf"\b(?:{FULL_MONTHS})\b", bare, re.IGNORECASE):
        return False
    long = len(thing) > _LONG_TITLE * (1.4 if KNOWN.search(fold(thing)) else 1)
    return not (long or has_verb(thing) or looks_like_a_sentence(thing, marked=found.marked))


#: How a name starts: with its sort, in quotation marks, or as « RoboTeam ».
_STARTS = re.compile(
    rf"(?:\d+e édition (?:du |de la |des )|(?i:grande?|petite?|mini)[ -])?(?i:{KINDS})s?\b"
    r"|[«“\"]|[A-ZÀ-Þ][\w’'-]*[a-zà-ÿ][A-ZÀ-Þ@]"
)
#: A noun with a name in quotation marks: « Matinale « IA et évaluation » ».
_WITH_NAME = re.compile(
    r"(?!(?:Autour|Dans|Pour|Avec|Sur|Sous|Chez|Lors|Après|Avant|Dès|Notre|Nos|Votre|Vos|Le|La|Les"
    r"|Un|Une|Ce|Cette|Et|Ou)\b)[A-ZÀ-Þ][\w’'-]+(?: [\w’'-]+){0,3} «[^»]{3,}»"
)
#: Words in quotation marks.
_INSIDE = re.compile(r"[«“\"][^»”\"]*[»”\"]")
#: Marks that a name does not have outside quotation marks.
_MARKS = re.compile(r"\s[–—]|[/\[\]>→⏵¤•|…]")
#: A longer title, in characters, is rather a sentence.
_LONG_TITLE = 80


def is_cut(sentence: str, title: str) -> bool:
    """Whether a name goes on in its sentence after the end of the title, as « rencontres de
    l'éducation à l'environnement » does: the title is then only the start of it.

    :param title: the title as it is shown.
    """
    thing = title.partition(" : ")[0]
    if KNOWN.search(fold(thing)) or thing.endswith(("»", ")")):
        return False
    said = flat(sentence)
    at = fold(said).find(fold(thing))
    return at >= 0 and _ON.match(fold(said)[at + len(fold(thing)) :]) is not None


def goes_on_below(following: str) -> bool:
    """Whether the text after a row goes on in small letters under one of its cells."""
    return _BELOW.match(following) is not None


#: The rest of a cell on the line below it, in text that is set in columns.
_BELOW = re.compile(r"\n?[ \t]{4,}[a-zà-ÿ]")
#: How a name goes on, folded.
_ON = re.compile(
    r"\s(?:d[eu]s?\b|d['’]|(?:a|au|aux|pour|en|et|contre|avec|sans|sur"
    r"|entre|vers|chez)\s(?!\d|lieu\b))"
)
