"""The tokens of a French text: the words and figures that date phrases consist of.

Each token has a kind of one character. The kinds of all tokens form a string, and the grammar of
``letters.grammar.french_dates`` consists of regular expressions over this string. White space,
emphasis and tags give no tokens: a phrase that a PDF breaks over lines, or that Markdown sets in
bold, has the same tokens as the plain phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from calendar_app.letters.grammar.month_lists import month_lists
from calendar_app.letters.grammar.month_names import FULL_MONTHS, MONTHS, WEEKDAYS
from calendar_app.words.text import fold

_MONTH_WORDS = {name: number for number, name in enumerate(MONTHS, 1)}
# Abbreviations as agendas and posters print them. « mar » means mardi, and not mars.
for _month, _names in enumerate(
    "jan janv;fev fevr;;avr;;jun;juil jul jui;aou;sep sept;oct;nov;dec".split(";"), 1
):
    _MONTH_WORDS |= dict.fromkeys(_names.split(), _month)

# The text of a PDF has « F ÉVRIER » for a word in small capitals.
_SMALL_CAPITALS = "|".join(
    f"{name[0]} {name[1:]}".upper().replace("E", "[EÉ]").replace("U", "[UÛ]").replace(" ", "[ ]")
    for name in [*MONTHS, *WEEKDAYS]
)

_WEEKDAY_WORDS = {name: number for number, name in enumerate(WEEKDAYS)}
_WEEKDAY_WORDS |= {f"{name}s": number for name, number in _WEEKDAY_WORDS.items()}
_WEEKDAY_WORDS |= dict(zip("lun mar mer jeu ven sam dim".split(), range(7), strict=True))

#: The first and the last month that a season means in a school.
SEASONS = {"printemps": (3, 6), "ete": (6, 9), "automne": (9, 12), "hiver": (12, 3)}

#: Weekdays of two letters, which are words of their own but before a day: « me 20 », « ve 12/03 ».
_SHORT_WEEKDAYS = dict(zip("lu ma me je ve sa di".split(), range(7), strict=True))

# The kind of each connecting word: one character. These tokens have no value.
_WORDS = {
    word: kind
    for kind, words in {
        "u": "du",
        "a": "au",
        "l": "le les",
        "d": "de d des",
        "à": "a aux",
        "e": "et",
        "o": "ou",
        "q": "en",
        "j": "jusqu jusque",
        "v": "avant",
        "i": "ici",
        "p": "partir compter",
        "s": "des",
        "t": "entre",
        "+": "plus",
        "k": "tard",
        "m": "mi",
        "b": "debut",
        "f": "fin",
        "c": "courant",
        "r": "vers environ environs alentours autour",
        "C": "ce cet cette",
        "O": "mois",
        "x": "prochain prochains prochaine prochaines",
        "z": "dernier derniers derniere dernieres passe passes ecoule",
        "I": "inclus incluse inclue compris",
        "E": "delai",
        "h": "heure heures",
        "S": "semaine semaines",
        "L": "la l",
    }.items()
    for word in words.split()
}

#: A mark at the start of a line that makes it a list item, with the space after it. Letters write
#: any sign there: a dash, a dot, an arrow, a tick, a picture. The rule is therefore what a mark is
#: not: a letter, a quotation mark, a bracket, a mark of Markdown or of a sentence. « o », « § »,
#: « Ø » and « ü » are bullets that Word writes in another font.
BULLET = (
    r"(?:(?![°€$%&@=^©®™])[^\w\s\"'«»‹“”‘’„()\[\]{}<>#|~`.,;:!?/\\_…]{1,3}[ \t\u00a0\u202f]+(?=\S)"
    r"|[\u2022\u2023\u2043\u204c\u204d\u2190-\u2211\u2213-\u25ff\u2600-\u2bff\U0001f000-\U0001faff\ufe0f]{1,3}(?=[^\W_])"
    r"|[o§Øü][ \t\u00a0]+(?=[^\W_])|[»›][ \t\u00a0]+(?=[«A-ZÀ-Þ])|-(?=[«A-ZÀ-Þ][^-\n]{2,40}[ :]))"
)

# LEFT and RIGHT: no letter or digit before or after. « _ » is emphasis, and not part of a word.
_EDGES = {"LEFT": r"(?<![^\W_])", "RIGHT": r"(?![^\W_])", "SPACE": r"[ \u00a0\u202f]"}
_TOKEN = re.compile(
    r"""
    (?P<plain> (?!(?:lu|ma|me|je|ve|sa|di)[ ]{1,2}\d)[^\W\d_]{2,}(?=[ \n,;)!?]) )[ ]?
  | (?P<skip> [ \t\u00a0\u202f\u2009*_`'’\u00ad]+ | \n(?![ \t]*\n) | </?[^<>\n]{1,300}>
      | (?:(?:au|le)SPACE)?(?:matin|soir|après-midi)(?=\s(?:au|jusqu)RIGHT) )
  | (?P<para> \n[ \t]*\n\s* )
  | (?P<struck> ~~ )
  | (?P<target> \]\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?\) )
  | (?P<masked> (?:https?://|www\.)[^\s<>\])|]+ | [\w.+-]{1,64}@[\w.-]{1,255} | \#\w+ )
  | (?P<iso> LEFT(?:19|20)\d\d-[01]\d-[0-3]\d(?:T[\d:.]+Z?)?RIGHT )
  | (?P<full> LEFT(?<!version[ ])(?<!article[ ])[0-3Oo]?[0-9Oo](?:
        SPACE?/SPACE?[01Oo]?[0-9Oo]SPACE?/SPACE?(?:(?:19|20)\d\d|\d\d)
      | (?P<mark>[.-])[01Oo]?[0-9Oo](?P=mark)(?:(?:19|20)\d\d|[23]\d))(?![\w/]|[.-]\d) )
  | (?P<years> LEFT(?:19|20)\d\dSPACE?[-–/]SPACE?(?:19|20)\d\dRIGHT )
  | (?P<time> LEFT[0-2]?\d(?:SPACE?[hH](?:SPACE?[0-5]\d)?|:[0-5]\d(?::[0-5]\d)?
      |SPACEheures?(?:SPACE[0-5]\d)?)RIGHT(?!SPACEpar\b) )
  | (?P<short> LEFT[0-3]?\d/[0-3]?\dRIGHT(?!/\d|SPACE?[%€]) )
  | (?P<dotted> LEFT[0-3]?\d\.[01]?\dRIGHT(?!\.\d|SPACE?[%€]) )
  | (?P<first> (?<![^\Wa-z_])1SPACE?(?:er|ER|ᵉʳ|\^er\^)(?:RIGHT|(?=FULL)) )
  | (?P<glued> [0-3]?\d(?=FULLRIGHT|FULL(?:19|20)\d\dRIGHT
      |(?:janvier|janv|f[ée]vr?|avr|juil|sept|oct|nov|d[ée]c)(?:\.|RIGHT)) )
  | (?P<stuck> (?:(?:(?<=\d)|(?<=\dSPACE)|(?<=\der)|(?<=\derSPACE))FULL(?=(?:19|20)\d\dRIGHT)
      |(?:WEEKDAYS)(?=[0-3]?\d(?:er)?(?:RIGHT|FULL)) ) )
  | (?P<grouped> LEFT\d{1,3}(?:[ \u00a0\u202f.]\d{3})+RIGHT | LEFT\d+(?:\.\d+)+RIGHT )
  | (?P<number> (?:[0-9][0-9Oo]{0,3}|[Oo][1-9])RIGHT )
  | (?P<small> LEFT(?-i:SMALL)RIGHT )
  | (?P<two> LEFT(?:lu|ve|di|(?:ma|me|je|sa)(?!\.?SPACE{1,2}\d{1,2}/\dRIGHT))\.?
      (?=SPACE{1,2}[0-3]?\d(?:[\s/.,:;)-]|$)(?!SPACE?(?:e|er|re|[èe]me|ans?|h)RIGHT)) )
  | (?P<abbreviation> LEFT(?:lun|mar|mer|jeu|ven|sam|dim|janv?|f[ée]vr?|avr|juil?|sept?|oct|nov
      |d[ée]c)\.(?=\s|(?:19|20)\d\dRIGHT) )
  | (?P<word> [^\W\d_]+(?:-[ \t]*\n[ \t]*[a-zà-öø-ÿ]+)?RIGHT )
  | (?P<other> [^\W_]+ | [^\w\s] )
    """.replace("LEFT", _EDGES["LEFT"])
    .replace("RIGHT", _EDGES["RIGHT"])
    .replace("SPACE", _EDGES["SPACE"])
    .replace("SMALL", _SMALL_CAPITALS)
    .replace("FULL", f"(?:{FULL_MONTHS})")
    .replace("WEEKDAYS", "|".join(WEEKDAYS)),
    re.VERBOSE | re.IGNORECASE,
)
#: How many ends of paragraphs and addresses may stand inside a phrase.
_PAGE_END = 30
_LINE_START = re.compile(
    rf"(?m)^[ \t>]*(?:{BULLET}|(?:\#{{1,6}}|\d{{1,2}}[.)](?=[ \t]+[^\Wa-z\d]))[ \t]+|\|)"
)
_PUNCTUATION = {
    ",": ",",
    "·": ",",
    "-": "-",
    "–": "-",
    "—": "-",
    "/": "/",
    "&": "e",
    "(": "(",
    ")": ")",
    ":": ":",
    "[": "(",
    "|": "§",
    "→": "-",
    ".": "!",
    "!": "!",
    "?": "!",
    ";": "!",
    "…": "!",
}


Value = int | date | time | tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    :param kind: one character: ``W`` weekday, ``D`` day of a month, ``M`` month, ``Y`` year, ``N``
        date in figures, ``n`` date in figures without a year, ``g`` the same with a dot (« 3.11 »,
        also a number), ``T`` hour, ``A`` season. The other
        letters and ``+`` are connecting words (:data:`_WORDS`). ``@`` is an address, ``¶`` ends a
        paragraph, ``§`` starts a list item or a cell, ``!`` ends a sentence, ``,-/():`` are
        punctuation marks, and ``.`` is any other token.
    :param start, end: the place of the token in the text, in characters.
    :param value: of the first nine kinds: a number (a weekday from 0, Monday), a date, a day and
        a month, a local time, or the two months of a season; else None.
    :param struck: whether the token stands between ``~~``.
    """

    kind: str
    start: int
    end: int
    value: Value = None
    struck: bool = False


def tokens(text: str) -> list[Token]:
    """Return the tokens of *text* in the order of the text, in time linear in its length."""
    found: list[Token] = []
    for token in _raw(text):
        # A paragraph end between « du 20 au » and « 24 janvier » is the end of a column, or the
        # end of a page with the addresses of its links: these tokens are dropped.
        size = len(found)
        while size and found[size - 1].kind in "¶@" and len(found) - size < _PAGE_END:
            size -= 1
        if 0 < size < len(found) and _goes_on(
            "".join(t.kind for t in found[max(0, size - 3) : size]), token.kind
        ):
            del found[size:]
        found.append(token)
    return found


def _goes_on(before: str, after: str) -> bool:
    if after == "M":
        return before[-1:] == "D" and before[-2:-1] in tuple("ualWejv,-")
    return after in "DWNn" and before[-1:] in tuple("ualjvet")


def _raw(text: str) -> Iterator[Token]:
    marks = iter([match.end() for match in _LINE_START.finditer(text)])
    mark = next(marks, None)
    struck = other = False
    lists = month_lists(text)
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        while mark is not None and mark <= start:
            yield Token("§", mark, mark)
            mark, other = next(marks, None), False
        group = match.lastgroup
        if group == "struck":
            struck = not struck
        elif group != "skip":
            if group == "plain":
                word = match["plain"]
                kind, value = _word(word)
                end = start + len(word)
            else:
                kind, value = _read(str(group), match[0])
            if start in lists.heads:
                kind = "¶"  # a month over its days
            elif start in lists.marks or (match[0] in _ARROWS and _is_between(text, start, end)):
                kind = "-"
            elif kind == "-" and text[start - 1 : start] == "\t" == text[end : end + 1]:
                kind = "§"  # a dash alone in its cell
            # Of several tokens in a row that are no part of a date, one is enough.
            if kind != "." or not other:
                yield Token(kind, start, end, value, struck)
            other = kind == "."
            if over := lists.months.get(end):
                yield Token("M", end, end, over[0])
                if over[1] is not None:
                    yield Token("Y", end, end, over[1])


#: Signs that stand for « au » between two days.
_ARROWS = frozenset(">⇒➔➜⟶►▶")
#: A day before such a sign: at the start of a line, of a cell or of what follows a mark, or behind
#: a weekday or « du ». (« Atelier 1 > 14 mars » and « Cap 3 > 9 mars » number something else.)
_DAY_BEFORE = re.compile(
    rf"(?:^|[:(,;|\t•]|\b(?:du|le|les|{'|'.join(_WEEKDAY_WORDS)}|{'|'.join(_SHORT_WEEKDAYS)})\.?)"
    r"[ \u00a0\u202f]*[0-3]?\d(?:er)?$",
    re.IGNORECASE,
)
_DAY_AFTER = re.compile(
    r"[ \u00a0\u202f]?(?:[A-Za-z]{2,8}\.?[ \u00a0])?[0-3]?\d(?:er)?(?:[\s./]|$)"
)


def _is_between(text: str, start: int, end: int) -> bool:
    """Whether the sign at *start* stands between a day and another on one line: « 3 > 7 avril »."""
    before = text[max(0, start - 20) : start].rpartition("\n")[2].rstrip(" \u00a0\u202f")
    return bool(_DAY_BEFORE.search(before)) and _DAY_AFTER.match(text, end) is not None


def _read(group: str, said: str) -> tuple[str, Value]:
    """Return the kind and the value of one token."""
    if group == "two":
        return "W", _SHORT_WEEKDAYS[fold(said[:2])]
    match group:
        case "para":
            return "¶", None
        case "first":
            return "D", 1
        case "number" | "glued":
            return _number(said)
        case "word" | "abbreviation" | "small" | "stuck":
            return _word(said.rstrip(".").replace(" ", ""))
        case "masked":
            return "@", None
        case "iso":
            return _numeric(said[8:10], said[5:7], said[:4])
        case "full":
            return _numeric(*re.split(r"\s?[./-]\s?", said))
        case "short":
            return _numeric(*said.split("/"))
        case "dotted":
            kind, value = _numeric(*said.split("."))
            return ("g" if kind == "n" else "."), value
        case "time":
            return _time(said)
    return (_PUNCTUATION.get(said, ".") if group == "other" else "."), None


def _digits(said: str) -> int:
    # Scanners, and people who type fast, write « 3O » for 30.
    return int(said.replace("O", "0").replace("o", "0"))


def _number(said: str) -> tuple[str, int | None]:
    value = _digits(said)
    if len(said) <= 2 and 1 <= value <= 31:
        return "D", value
    if len(said) == 4 and 1900 <= value <= 2099:
        return "Y", value
    return ".", None


@lru_cache(4_000)
def _word(said: str) -> tuple[str, Value]:
    word = fold(re.sub(r"-\s+", "", said))
    if word in _MONTH_WORDS:
        return "M", _MONTH_WORDS[word]
    if word in _WEEKDAY_WORDS:
        return "W", _WEEKDAY_WORDS[word]
    if word in SEASONS:
        return "A", SEASONS[word]
    if word in ("midi", "minuit"):
        return "T", time(12) if word == "midi" else time(23, 59)
    if word == "premier":
        return "D", 1
    if word == "des" and said[1] in "èÈ":
        return "s", None
    return ("d" if word == "des" else _WORDS.get(word, ".")), None


def _numeric(day: str, month: str, year: str | None = None) -> tuple[str, Value]:
    """Return the kind and the value of a date in figures; the day comes first, as in France.

    A day that does not exist is read too (« 31/11/2025 »): the value of a full date is then its
    three numbers.
    """
    numbers = _digits(day), _digits(month)
    full = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
    try:
        # 2000 is a leap year, so that « 29/02 » without a year is accepted.
        found = date(full or 2000, numbers[1], numbers[0])
    except ValueError:
        if not (1 <= numbers[0] <= 31 and 1 <= numbers[1] <= 12):
            return ".", None
        return ("n", numbers) if full is None else ("N", (*numbers, full))
    return ("n", numbers) if full is None else ("N", found)


def _time(said: str) -> tuple[str, time | None]:
    numbers = [int(part) for part in re.findall(r"\d+", said)]
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    if hour == 24 and not minute:
        return "T", time(23, 59)
    return ("T", time(hour, minute)) if hour < 24 else (".", None)
