"""The words by which a clause names a stage of a thing: « la finale aura lieu le… » → « finale ».

The title of such a date is the thing with its stage: « Concours d'affiches : finale ».
"""

from __future__ import annotations

import re

from calendar_app.letters.reading.names import PART, WHOLE, trimmed
from calendar_app.words.text import fold, small_initial

#: More words are a sentence, and no name of a stage.
_MOST_WORDS = 7

_ARTICLE = re.compile(
    r"^\W*(?:(?:enfin|ensuite|puis|et|après [^,]{3,40},|cette année,?)\s)?"
    r"(?:(?:la|le|les|une?|des|cette|ce)\s|l['’])?",
    re.IGNORECASE,
)
#: Where the name of a stage ends and its sentence goes on.
_VERB = re.compile(
    r"(?:\s\w{2,}(?:e|i|d)r(?:a|ont)(?!\w)"
    r"|\s(?:se\s|s['’])\w|\s(?:aura|auront|a lieu|ont lieu|se (?:tien\w+|déroul\w+)|sera"
    r"|seront|est|sont|prévue?s?|fixée?s?"
    r"|programmée?s?|organisée?s?|débute\w*|commence\w*|qui|que|vous|nous|pour (?:les|la|le)"
    r"|ouvert\w*|reportée?s?|annulée?s?|tomb(?:e|ent)|arriv(?:e|ent))(?!\w)).*|\s?[:(–—].*"
    r"|,\s(?:animée?s?|organisée?s?|proposée?s?|ouverte?s?|facultati\w+|obligatoire).*",
    re.IGNORECASE | re.DOTALL,
)
#: Stem of a verb of the organiser → the noun that names what he does.
_NOUNS = {
    "publi": "publication",
    "annonc": "annonce",
    "communiqu": "communication",
    "proclam": "proclamation",
    "dévoil": "annonce",
    "remett": "remise",
    "remis": "remise",
    "diffus": "diffusion",
    "désign": "désignation",
    "sélectionn": "sélection",
    "choisi": "choix",
    "affich": "affichage",
    "présent": "présentation",
}
_STEMS = "|".join(_NOUNS)
_OBJECT = r"(?:(?:la|le|les)\s|l['’])[\w’'-]+(?:\s(?:des?|du|de la|d['’])\s?[\w’'-]+)?"
#: « (nous) publierons la liste », « le jury annoncera les lauréats ».
_ACTIVE = re.compile(
    rf"\b(?P<stem>{_STEMS})\w*(?:r(?:ons|a|ont)|ons|e|ent)\s(?P<object>{_OBJECT})", re.IGNORECASE
)
#: « la liste sera publiée ».
_PASSIVE = re.compile(
    rf"\b(?P<object>{_OBJECT})\s(?:sera|seront|est|sont)\s(?:\w+ment\s)?(?P<stem>{_STEMS})\w*",
    re.IGNORECASE,
)


#: Who is received somewhere is not what takes place there.
_INVITES = re.compile(r"\b(?:reçu|invité|convié|accueilli)e?s?\b", re.IGNORECASE)
_OF_IT = re.compile(
    r"\s(?:(?:du|de ce|de la|de cette|de l['’])\s?(?:concours|prix|défi|rallye|tournoi|challenge"
    r"|championnat|opération|projet)|des (?:olympiades|trophées))$",
    re.IGNORECASE,
)


def stage(before: str) -> str:
    """Return the stage that the words before a date name, in small letters, or nothing.

    :param before: the clause of the date up to the date, flat.
    """
    if deed := _deed(before):
        return deed
    if _INVITES.search(before):
        return ""
    said = _VERB.sub("", _ARTICLE.sub("", before[-160:]))
    said = trimmed(said)
    if not said or len(said.split()) > _MOST_WORDS or not PART.match(fold(said)):
        return ""
    # « finale du concours » is the « finale »; « ouverture du salon » stays; « jury du concours de
    # nouvelles » names its own thing.
    said = _OF_IT.sub("", said)
    rest = re.sub(r"\b(?:du|de la|de l['’]|des) \w+$", "", said.partition(" ")[2])
    if WHOLE.search(rest.replace("prix", "")) or re.search(r"\d{4}", said):
        return ""
    return small_initial(said)


def _deed(before: str) -> str:
    """Return what the organiser does, as a noun: « publication de la liste »; or nothing."""
    found = _ACTIVE.search(before) or _PASSIVE.search(before)
    if found is None:
        return ""
    noun = _NOUNS[found["stem"].lower()]
    thing = small_initial(found["object"])
    thing = re.sub(r"^le\s", "du ", thing, flags=re.IGNORECASE)
    thing = re.sub(r"^les\s", "des ", thing, flags=re.IGNORECASE)
    thing = re.sub(r"^(?=la\s|l['’])", "de ", thing, flags=re.IGNORECASE)
    return f"{noun} {small_initial(thing)}"


#: What a step is called, right before its date, after a mark or at the start of its clause.
_STEP = re.compile(
    r"(?:^|[:;,.)–—]\s|\bune?\s|\set\s)"
    r"(?P<step>(?:(?:premi|deuxi|troisi|second)\w+ )?(?:votes?|auditions?|répétitions?|concerts?"
    r"|comptages?|pesées?|classements?"
    r"|épreuves?|sélections?|restitutions?|séminaires? de|jurys?|résultats?|présentations?"
    r"|expositions?|projections?|courses?|soutenances?|tests?|qualifications?|visites?|finales?"
    r"|oraux|entraînements?|verdict)\b(?:\s[^\W\d_][\w’'-]*){0,4}?)"
    r"(?:\s(?:dans|à|au|aux|le|les|du|des|en classe|pour|sur)\b[^:;,.]*|\s?[:–—-])?\s?$",
    re.IGNORECASE,
)


def step_before(before: str) -> str:
    """Return the step that the last words before a date name, in small letters, or nothing.

    :param before: the clause of the date up to the date, flat.
    """
    match = _STEP.search(before[-90:])
    if match is None or _VERB.search(match["step"]):
        return ""
    said = trimmed(match["step"])
    return small_initial(said)
