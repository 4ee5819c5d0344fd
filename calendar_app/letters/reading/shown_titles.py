"""A title as it is shown: the name of the thing, without the words that announce or place it."""

from __future__ import annotations

import re

from calendar_app.letters.reading.names import KINDS, PART, is_only_a_sort, weak
from calendar_app.words.text import capital_initial, fold, small_initial

#: Words before a name that say where or for whom it is, and its article.
_FIRST = re.compile(
    rf"^(?:(?:deux|trois|quatre|cinq|six) (?=(?:{KINDS})\b)"
    r"|(?:tous niveaux|(?:1er|premier|2nd|second) degré|collèges?|lycées?|écoles?|maternelles?"
    r"|cycles? \d(?: et \d)?)\s[-–—:|•]\s|(?:dans le cadre|à l['’]occasion)"
    rf" (?:du |de la |de l['’]|des )|(?:les? |la |l['’])(?=(?!printemps|nuit)(?:{KINDS})\b))+",
    re.IGNORECASE,
)
#: What stands after a name and is no part of it: its edition, its classes, its town, a second name.
_LAST = re.compile(
    r"(?:\s\([^()]{2,45}\)\s(?:à|au|en)\s.*|\s?\((?!(?-i:[A-Z]{2,6})\))[^()]{2,45}\)"
    r"|\sC[1-4](?:\s?(?:[-–,/]|et)\s?C?[1-4])*"
    r"|,?\s(?:[-–—,]\s)?(?:année scolaire )?20\d\d\s?[-–/]\s?(?:20)?\d\d"
    r"|\s?[,:–—-]?\s(?:\d+\s?|(?-i:[IVXLC]+))(?:e|ème|er|re) (?:édition|session)"
    r"|,?\s(?:saison|édition|session) \d{1,4}|,\s(?:cycles? \d.*|saison \d+)"
    r"|\s?[*,:–—-]+\s(?:inscriptions?|foire aux questions|faq|règlement|mode d['’]emploi)"
    r"|\spour (?:les|\w+) classes de .*|\s(?:en|de) (?:deux|trois|quatre|cinq|\d) (?:étapes|heures)"
    r"|\s[–—-] (?:dès|à partir de) \d+ ans.*|\souverte?s? à tous.*|,\s(?:en ligne|tous concours)"
    r"|,?\s(?:de|dès|à|à partir de)\s\d{1,2}\s?h\b.*"
    r"|\s[>→•]\s.*|\s?\.{3,}.*|\s!+|\s[*>→⏵►]|\s(?-i:NOUVEAU)(?:\s!)?"
    # « Formation « Premiers secours » pour les directeurs »
    r"|(?<=»)\s(?:pour|(?:à destination|à l['’]attention) d"
    r"|(?:destiné|réservé|ouvert)e?s? à)\b.*)$",
    re.IGNORECASE,
)
_RULES = re.compile(
    r"^(?:le |la |les )?(?:(?:règlement|calendrier|dates|programme) (?:du|de la|des|de l['’]) ?"
    r"|règlement\s[–—:-]\s)",
    re.IGNORECASE,
)
_UNQUOTED = re.compile(r"^« ((?:concours|prix|défi)[^»]*) » pour l['’]édition.*$", re.IGNORECASE)
_EDITION_FIRST = re.compile(r"^\d{1,3}\s?(?:e|es|ème|re)\s(?=[A-ZÀ-Þ])(?!(?i:anniversaire))")

#: Words before a name that only announce it: « Lancement de la 6e édition du concours « … » ».
_ANNOUNCES = re.compile(
    r"(?:(?:rappel|zoom sur|focus sur|règlement|calendrier|retour|lancement|ouverture|principe"
    r"|présentation|annonce"
    r"|participe[rz]|candidate[rz]|postule[rz]|inscri[\w-]+|découvr\w+|rejoign\w+|prochaine?"
    r"|nouvelle|\d+\s?(?:e|ème|er|ère|re)|premi[eè]re?|\w{3,8}ième|édition|appel à candidatures?"
    r"|à|au|aux|pour|de|du|des|la|le|les|l['’]|d['’]|votre|vos|:)\s*)+"
    r"(?=(?:concours|défi|prix|rallye|olympiades|trophées|tournoi|championnat|label|challenge"
    r"|programme"
    r"|festival|semaine|printemps)\b)",
    re.IGNORECASE,
)
_ORGANISED = re.compile(
    r"(?:,? (?:la |sa )?(?:\d+\s?(?:e|ème|er|ère|re)|\w{3,9}ième|première|nouvelle) édition"
    r"|,? (?:organis|propos|port|anim|encadr|men|assur|présent|conçu)(?:ée?s?|e?s?) par .*)$",
    re.IGNORECASE,
)


_ARTICLE = re.compile(r"^(?:(?:les? |la )|l['’])", re.IGNORECASE)
#: Where the words of a step go on about something else.
_GOES_ON = re.compile(
    r"(?:,|\s(?:à|au|aux|dans|sur|pendant|lors|par|pour|qui|que|y)\s|\s(?:à|au|aux) (?=[A-ZÀ-Þ])"
    r"|\s\(|\s(?:ser(?:a|ont)|est|sont|aur(?:a|ont)|a|ont|se|court|reçoit|paraît\w*|\w+r(?:a"
    r"|ont))\b).*",
    re.IGNORECASE | re.DOTALL,
)


#: « ÉTAMINE – écrire un livre à plusieurs », « LES VOIX DE MARNE – concours d'éloquence »
_FIRST_LINE = re.compile(r"^((?:[A-ZÀ-Þ’'-]+ ){0,5}[A-ZÀ-Þ’'-]+)\s[–—-]\s[a-zà-ÿ][^:]*?(?=\s:|$)")
_NUMBERED = re.compile(r"^(?:étape|phase|volet|temps) \d\s?[–—-]\s", re.IGNORECASE)


#: « Jury du concours « Faites de l'eau » », « Remise du Prix Chrysalide »
_STEP_OF = re.compile(
    r"(?P<step>(?i:jury|(?:cérémonie de )?remise des (?:prix|récompenses|trophées)|remise|finale"
    r"|résultats|fin des votes|proclamation|palmarès))"
    r" (?:du|de la|des) (?P<thing>(?i:concours|prix|défi|rallye|tournoi|olympiades|trophées)"
    r" [^:]*?[A-ZÀ-Þ«][^:]*)"
)


def shown(title: str) -> str:
    """Return a title as it is shown: without the words that join it to its sentence, and with a
    capital.

    The step of a thing is short: « Prix du roman : la remise, à Dijon » is « Prix du roman :
    remise ».
    """
    title = _FIRST_LINE.sub(r"\1", re.sub(r"^À la une\s:?\s?|(?<=\w )intitulée? (?=«)", "", title))
    if turned := _STEP_OF.fullmatch(title):
        return f"{_name(turned['thing'])} : {turned['step'].lower()}"
    over, joint, part = title.rpartition(" : ")
    part = _NUMBERED.sub("", part)
    if joint and over.endswith(")"):
        over = _name(over)
    title = f"{over}{joint}{part}"
    step = _ARTICLE.sub("", part)
    if joint and (PART.match(fold(step)) or is_only_a_sort(step)):
        return f"{_name(over)} : {_step(step)}"
    return _name(title)


#: « proclamation du nom du lauréat » is the proclamation.
_OF_WHAT = re.compile(
    r"(?<=proclamation)\s.*|(?<=annonce)\s(?:du|des|de la)\s.*|(?<=remise des prix)\s(?:du"
    r"|de la)\s.*"
    r"|(?<=remise du prix)\s.*|(?<=publication)\s(?:des noms|de la liste|des lauréats)\b.*",
    re.IGNORECASE,
)


def _step(said: str) -> str:
    """Return the words of a step, in small letters, up to where they tell of something else."""
    cut = _OF_WHAT.sub("", _GOES_ON.sub("", said)).strip(" .,;:–—-") or said
    if cut.isupper():
        cut = cut.lower()
    return small_initial(cut)


def _name(title: str) -> str:
    """Return a name without what stands around it."""
    said = _UNQUOTED.sub(r"\1", _RULES.sub("", _FIRST.sub("", title)))
    announced = _ANNOUNCES.match(said)
    if announced and re.search(r"\w{4}", announced[0]) and not weak(said[announced.end() :]):
        said = said[announced.end() :]
    said = _EDITION_FIRST.sub("", said)
    while (shorter := _LAST.sub("", _ORGANISED.sub("", said))) != said and _is_name(shorter):
        said = shorter
    said = _in_town(_QUOTED_FIRST.sub(r"\1", said)).strip(" :–—-") or title
    return capital_initial(said) if said[:2].isalpha() or said[:1] in "éèêàâîôœ" else said


#: What is told of a name in quotation marks, which is enough: « « Sel », animation pour la 6e »,
#: « Nos « cafés » en ligne »; but not who made it (« « Le Cirque », de Charlie Chaplin »).
_QUOTED_FIRST = re.compile(
    r"^(?:(?:Nos|Vos|Notre|Votre)\s(?=«))?((?:[^«,:]+\s)?«[^»]{3,}»)"
    r"(?:,\s(?!d[eu]s?\b|d['’]|et\b|«)[a-zà-ÿ].*|(?<=»)\sen (?:ligne|visio)\b.*)?$",
)
#: A building after a name: « Course des couleurs, stade Léo-Lagrange ».
_AT = re.compile(
    r",\s(?:école|collège|lycée|piscine|château|gymnase|salle|stade|médiathèque|bibliothèque"
    r"|théâtre|musée|cinéma|mairie)\s.*$"
)


def _is_name(said: str) -> bool:
    """Whether what is left of a title still names something."""
    return len(re.findall(r"\w{3,}", said)) > 1 or bool(re.search(r"\w{5}", said))


_TOWN = re.compile(
    r",\s(?:[A-ZÀ-Þ][\w’'-]+\s?(?:(?:de|du|des|la|le|les|sur|en)\s|d['’]|l['’])*){1,4}$"
)


def _in_town(said: str) -> str:
    """Return a name without the town or the place after it: « Salon des arts, Limoges »."""
    shorter = _AT.sub("", _TOWN.sub("", said))
    return shorter if "," not in shorter and _is_name(shorter) else said
