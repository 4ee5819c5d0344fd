"""The place of an event, as a letter prints it near a date."""

from __future__ import annotations

import re

from calendar_app.letters.layout.flat_text import flat
from calendar_app.words.text import fold

#: The limit of a place, in characters.
_LENGTH = 80
#: How many characters after and before a date its place is looked for.
_AFTER, _BEFORE = 300, 200

_CAPITAL = r"[A-ZÀ-ÖØ-ÞŒ]"
_NAME = rf"(?:{_CAPITAL}[\w’'-]*|[ld][’']{_CAPITAL}[\w’'-]*|\d{{1,5}}(?:\s?bis)?)"
_SMALL = r"(?:de la|de l[’']|de|du|des|d[’']|la|le|les|l[’']|en|sur|sous|lès|les|aux?|et|à|bis)"
_WORDS = rf"{_NAME}(?:\s(?:{_SMALL}\s?){{0,2}}{_NAME}){{0,9}}"
_BUILDINGS = (
    "lycée collège école université faculté rectorat médiathèque bibliothèque ludothèque musée "
    "théâtre salle maison palais hôtel centre espace parc site château mairie amphithéâtre "
    "amphi auditorium gymnase cinéma inspé inspe espe atelier archives cité institut campus "
    "stade piscine opéra conservatoire planétarium observatoire muséum jardin forum halle "
    "complexe foyer cdi crdp cddp dsden canopé chapelle abbaye cathédrale église mémorial "
    "préfecture siège locaux internat hippodrome patinoire vélodrome domaine ferme base port "
    "aéroport gare plage place laboratoire usine assemblée sénat ministère hémicycle studio "
    "chalet refuge hall pavillon cours bourse zénith"
).split()
_BUILDING = (
    "(?i:"
    + "|".join(
        re.sub("[éèêëâôîû]", lambda m: f"(?:{m[0]}|{fold(m[0])})", word) + "s?"
        for word in _BUILDINGS
    )
    + ")"
)
_STOP = (
    rf"(?:(?:et|ou)\s(?!{_CAPITAL}|d[eu]s?\s|d[’'])|(?:pour|avec|qui|que|où|afin|dont|est|sont"
    rf"|sera|seront|a|ont"
    r"|aura|auront|lors|puis|par|ainsi|entre|dès|jusqu[’']\w*|vous|nous|se|il|elle|on)(?![\w’'])"
    r"|sur (?:inscription|réservation)|dans le cadre|à partir|(?:s|l|d)[’'](?:adress|inscri)"
    r"|(?:le|les|du|au|de|à|en)\s\d|\d{1,2}\s?h|(?:le\s|du\s)?(?:lun|mar|mercre|jeu|vendre|same)di"
    r"|dimanche|[–—·•|-](?:\s|$))"
)
# A building with its name: « lycée Jean-Moulin de Béziers », « salle des fêtes ».
_BUILT = rf"{_BUILDING}(?![\w’'])(?:\s(?!{_STOP})[^\s,;:!?()|]{{1,40}}){{0,11}}"
_AT = re.compile(
    rf"(?<![^\W_])(?:(?i:à la|à l[’']\s?|au|aux|à|chez|dans (?:le|la|les|l[’']\s?)|en)\s?"
    rf"(?:(?:nouve(?:au|lle)|grande?|petite?|ancien(?:ne)?)\s)?(?P<built>{_BUILT})"
    rf"|(?i:à|au|aux)\s(?:(?:la|l[’']|les?)\s?)?(?P<named>{_WORDS})"
    rf"(?P<within>\sdans\s(?:le\s|la\s|les\s|l[’']){_CAPITAL}[\w’'-]+|\s\([^()]{{2,30}}\))?)"
)
_POSTAL = (
    r"\d{1,4}(?:\s?(?:bis|ter))?,?\s(?i:rue|avenue|av\.|boulevard|bd|place|quai|cours|allée"
    r"|chemin|route|impasse)\s"
)
_BARE = re.compile(
    rf"(?:^|[,(|–—·]\s?|\s-\s)\s?(?P<built>{_BUILT}|{_POSTAL}[^,.;:()|]{{2,60}})"
    r"(?=\s?(?:[,.;)|(–—·]|$))"
)
_ONLINE = re.compile(
    r"(?<![^\W_])(?P<how>en ligne|(?:en|par) (?:web|audio)?(?:visio)?conférence|en visio(?![\w-])"
    r"|à distance|en distanciel|en classe virtuelle)(?![^\W_])",
    re.IGNORECASE,
)
# Words before « en ligne » that make it no place: « inscription en ligne ».
_DONE_ONLINE = re.compile(
    r"(?:mis\w*|inscri\w+|formulaires?|questionnaires?|vot\w+|disponibles?|publi\w+|consult\w+"
    r"|accessibles?"
    r"|saisi\w*|dépos\w+|dépôts?|résultats?|jou\w+|se f\w+|retrouv\w+|remplir|répon\w+|réserv\w+"
    r"|candidat\w+)"
    r"(?:\s[\w’']{1,12}){0,2}\s*\Z",
    re.IGNORECASE,
)
# Words after which « à » or « aux » adds no place: « envoyer à Canopé », « ouvert aux CM2 ».
_NOT_WHERE = re.compile(
    r"(?:envo\w+|adress\w+|retourn\w+|renv\w+|transm\w+|écri\w+|répon\w+|particip\w+|destin\w+"
    r"|ouver\w+"
    r"|réserv\w+|grâce|suite|inscri\w+|propos\w+|demand\w+|remet\w+|communiqu\w+|appartien\w+"
    r"|abonn\w+"
    r"|face|rapport|conform\w+|candidat\w*|jusqu[’']|merci|bravo|rappel\w*|invit\w+|consacr\w+"
    r"|dédi\w+)"
    r"\s*\Z",
    re.IGNORECASE,
)
# « au collège » names no place; « au collège Jean-Moulin » does.
_VAGUE = re.compile(
    r"(?i:lycée|collège|[ée]cole|université|site|centre|places?|cours|ateliers?|base|port|cité"
    r"|salle|siège|espace"
    r"|maison|halle?|plage|entreprise|ferme|domaine|institut|locaux|chalet|studio|forum|parc"
    r"|jardin|foyer|archives)s?"
    rf"(?!.*(?:{_CAPITAL}|\d|\sdes?\s|\sd[’']))"
)
_NO_PLACE = re.compile(
    r"(?:M\.|MM\.|Mme|Mlle|Mr|Monsieur|Madame|Tous|Toutes|C[EM]\s?[12]|CP|[GMP]S|CAP|BTS|Bac|DNB"
    r"|Brevet|Concours|Prix"
    r"|Rallye|Défi|Trophées?|Olympiades?|Journées?|Semaine|ULIS|SEGPA|UPE2A|Noël|Pâques"
    r"|Paris 20\d\d|\d+(?:e|ème)?"
    r"|[A-Z]\d?)(?![\w’'-])(?!-)|\d"
)
_ELSEWHERE = re.compile(
    r"(?i:\bprogramme|\btravail|calendrier|disposition|attention|adresse|issue|occasion"
    r"|initiative|suite"
    r"|entrée (?:libre|gratuite))"
)
_LABEL = re.compile(
    r"(?<![^\W_])(?:lieux?|où|adresse|endroit"
    r"|localisation)[\s*_]{0,4}:[\s*_]{0,4}(?P<place>[^\n;|]{2,160})",
    re.IGNORECASE,
)
_NEXT_LABEL = re.compile(
    r"(?<=[a-zà-ÿ)])[.!?](?:\s|$)|\s[–—]\s"
    r"|\s(?:[Dd]ates?|[Hh]oraires?|[Hh]eures?|[Pp]ublics?|[Ii]nscriptions?)\s?:"
)
# The end of a sentence, but no dot after « M » or « av », nor in « 8.5 ».
_END = re.compile(
    r"(?<!\bM)(?<!\bMM)(?<!\bSt)(?<!\bSte)(?<!\bav)(?<!\bbd)(?<!\bDr)(?<!\b[A-Z])[.!?…](?=\s|\Z)"
    r"|;|\n\s*\n|\n[ \t]*(?:[-*•▪►●#|]|\d{1,2}[.)]\s)"
)


def venue(text: str, start: int, end: int) -> str | None:
    """Return the place printed near a date: flat, and 80 characters at most.

    The place stands on a line « Lieu : … » after the date, else after the date in its sentence,
    else before the date. A place right before the date comes first when the sentence goes on with
    a comma or « et ».

    :param start, end: where the date phrase starts and ends in *text*, in characters.
    :returns: None when no place is printed, or only a département.
    """
    after = text[end : end + _AFTER]
    stop = _END.search(after)
    in_row = text[text.rfind("\n", 0, start) + 1 :][:1] == "|"
    said = flat(after.partition("\n")[0] if in_row else after[: stop.start()] if stop else after)
    before = text[max(0, start - _BEFORE) : start]
    ends = [match.end() for match in _END.finditer(before)]
    said_before = flat(before[ends[-1] :] if ends else before)
    if label := _LABEL.search(after):
        return _labelled(label["place"])
    beside = _last(said_before)
    if (
        beside
        and re.fullmatch(r"[\s,:–—(-]*", beside[1])
        and re.match(r"\s*(?:,|et\b|puis\b|ou\b)", said)
    ):
        return beside[0]
    if found := _first(said) or (beside and beside[0]):
        return found
    labels = list(_LABEL.finditer(before))
    return _labelled(labels[-1]["place"]) if labels else None


def _first(said: str) -> str | None:
    """Return the first place in the words after a date, or None."""
    found: list[tuple[int, str]] = []
    online = _ONLINE.search(said)
    if online and not _DONE_ONLINE.search(said[: online.start()]):
        found.append((online.start(), online["how"].lower()))
    for match in _AT.finditer(said):
        if place := _read(match, said):
            found.append((match.start(), place))
            break
    for match in _BARE.finditer(said):
        if place := _read(match, said):
            found.append((match.start(), place))
            break
    return min(found)[1] if found else None


def _last(said: str) -> tuple[str, str] | None:
    """Return the last place in the words before a date and the words between, or None."""
    for match in reversed(list(_AT.finditer(said))):
        # « Sortie au planétarium » names the activity.
        alone = match["built"] and " " not in match["built"].strip()
        if not alone and (place := _read(match, said)):
            return place, said[match.end() :]
    return None


def _read(match: re.Match[str], said: str) -> str | None:
    groups = match.groupdict()
    before = said[max(0, match.start() - 40) : match.start()]
    if groups.get("named"):
        if _NOT_WHERE.search(before) or _NO_PLACE.match(groups["named"]):
            return None
        # « au Mans » is « Le Mans ».
        article = {"au": "Le ", "aux": "Les "}.get(match[0].split()[0].lower(), "")
        place = f"{article}{groups['named']}{groups['within'] or ''}"
    else:
        if _ELSEWHERE.search(groups["built"]) or _VAGUE.match(groups["built"]):
            return None
        if _NOT_WHERE.search(before):
            return None
        place = groups["built"]
    return _cut(place + _goes_on(said[match.end() :]))


def _goes_on(after: str) -> str:
    """Return the parts of a place after commas: « salle Jean-Moulin, Canopé 62, Arras »."""
    whole = ""
    while match := re.match(r",\s(?P<part>[^,.;:!?()|]{2,60})(?=[,.;)|(]|\Z)", after):
        part = match["part"]
        if not re.fullmatch(rf"{_WORDS}|{_BUILT}", part) and not re.match(_POSTAL, part):
            break
        if _NO_PLACE.match(part) and not re.match(_POSTAL, part) and not re.match(r"\d{5}\s", part):
            break
        whole += match[0]
        after = after[match.end() :]
    return whole


def _labelled(place: str) -> str | None:
    said = flat(place)
    stop = _NEXT_LABEL.search(said)
    return _cut(said[: stop.start()] if stop else said)


def _cut(place: str) -> str | None:
    place = place.strip(" ,.;:–—-«»").removesuffix(" et")
    if len(place) > _LENGTH:
        head = place[: _LENGTH + 1]
        place = head.rpartition(",")[0] or head.rpartition(" ")[0] or place[:_LENGTH]
    return place if len(fold(place)) > 1 else None
