"""The scope of a dated item: the académies and départements that the text around it names."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from calendar_app.letters.known_names import COUNTRYWIDE, EXCHANGES
from calendar_app.letters.layout.blocks import BlockKind, Outline
from calendar_app.letters.layout.flat_text import folded
from calendar_app.letters.reading.places.senders import Where, first_ranked, sender_of
from calendar_app.letters.reading.surroundings import Surroundings
from calendar_app.school.academies import Academies
from calendar_app.school.place_names import PlaceKind, PlaceMention
from calendar_app.school.places import Gazetteer
from calendar_app.words.text import fold, slugify

#: How many characters before and after a date may be about it, within its section.
_ABOUT = 1500

#: How many characters before a place may say that it is left out, and how many around a town what
#: is held there.
_BEFORE, _BESIDE = 400, 90

#: How many paragraphs of a section may introduce its list.
_LEADING = 5

#: What somebody does here on a day or in a week of the whole country: the item is theirs.
_OURS = re.compile(
    r"\b(?:nous|notre|nos|stand|chez|parents|familles|residents|inscription"
    r"|\d\d? ?h(?:eures)?(?: ?\d\d)?"
    r"|(?:fete|celebre|marque)e?s? (?:a|au|en|dans)|place de|salle|gymnase|mediatheque|cour)\b"
)
_DAY_OR_WEEK = re.compile(r"\b(?:journees?|semaines?|mois|fetes?|nuits?|quinzaine|printemps)\b")

#: More académies than this are a list of examples, or of all académies.
_MANY = 6

#: What is held all over the country; « l'Assemblée nationale » says nothing of the kind.
_NATIONAL = re.compile(
    r"\b(?:(?:concours|finales?|phases?|epreuves?|journees?|semaines?|quinzaine|prix|operations?"
    r"|rencontres?|jury|niveau|echelle|campagne|plan|selection|olympiades?|defi|rallye|challenge|trophees?"
    r"|tournoi|championnat) (?:nationale?s?|nationaux|europeen\w*|international\w*|mondiale?s?)"
    r"|toute la france|partout en france|france entiere|ensemble du territoire"
    r"|toutes les (?:academies|regions))\b"
)
#: The same in the title of a letter, which is in its first characters.
_NATIONAL_CONTEST = re.compile(
    r"\b(?:concours|prix|olympiades|defi|rallye|trophees|tournoi|championnat)"
    r" (?:national\w*|europeen\w*|international\w*)"
)
_TITLE = 200
#: A day of the whole country, whoever tells of it.
_NATIONAL_DAY = re.compile(
    r"(?:la |les )?(?:journees?|semaines?|mois|fetes?|nuits?|quinzaine)"
    r" (?:(?:nationale?s?|europeen\w*|mondiale?s?|internationale?s?)\b"
    r"|de la (?:memoire des genocides|laicite|langue francaise|presse|geographie|cooperation"
    r"|chimie|nature|lecture)|de l'(?:industrie|europe)|du patrimoine)"
)
_IS_NATIONAL = "le concours est national"
#: The stages of a contest that every class takes part in.
_WIDE_STAGE = re.compile(r" : (?:epreuves?|ecrits?|(?:\w+ )?tour|[^:]*\bnationale?s?)\b")
#: What may stand before and after the name of a national contest in a title that is only its own:
#: « Jeunes reporters de la forêt » and « Olympiades des écoles » are other things.
_OWN_BEFORE = re.compile(
    r"(?:(?:les?|la|l'|du|de|des|(?<!\d)\d{1,3}e?(?!\d)|edition|concours|prix|semaine|journee|national|nationale"
    r"|scolaire|«|challenge|rallye)[ ']*)*"
)
_OWN_AFTER = re.compile(
    r"(?:[ »®]*(?:$|:|\(|20\d\d\b|dans l'ecole|et des medias|et paralympique|vivantes"
    r"|(?:inter)?nationales? de|de (?:(?:la|l') ?)?(?:chimie|physique|biologie|geosciences"
    r"|mathematiques)|des (?:langues anciennes|lyceens)|informatique|junior|jean))+"
)

#: Places after these words are left out: « sauf La Réunion et Mayotte ».
_EXCEPT = re.compile(
    r"\b(?:sauf|hormis|excepte|hors|a l'exception (?:de|du|des)|a l'exclusion (?:de|du|des)"
    r"|en dehors (?:de|du|des)|non compris|ne concerne(?:nt)? pas)\b"
    r"(?![^.;:]*\b(?:jusqu|inscri|ouvert|aura|auront|sont|est)\b[^.;:]*$)[^.;:]{0,160}$"
)
#: The same, said after the place: « Mayotte exceptée ».
_EXCEPTED = re.compile(
    r"^(?:,? ?(?:et|ou)? ?(?:la |le |les |l')?[a-z-]{3,20}){0,3},? ?(?:exceptee?s?|mise?s? a part"
    r"|non comprise?s?|n'est pas|ne sont pas)\b"
)
#: People to whom a text is addressed are not those for whom its dates are.
_ADDRESSED = re.compile(
    r"\b(?:texte adresse|adresse[es]? (?:a|au|aux)|destinataires?|a l'attention|a mesdames"
    r"|a (?:monsieur|madame)|mesdames et messieurs|copies? (?:a|pour)|diffusion|pour attribution"
    r"|pour information|s/c|sous couvert)\b"
)
#: The town of these is where people meet, and not for whom it is.
_GATHERS = re.compile(
    r"\b(?:(?:demi-)?finales?|remise (?:des|du) (?:prix|recompenses|trophees|diplomes|labels)"
    r"|ceremonies?)\b"
)
#: Words of a stage or of a part that concerns one place only.
_LOCAL = re.compile(
    r"\b(?:academi\w+|departementa\w+|regiona\w+|territoria\w+|circonscription|bassin|secteur"
    r"|stages?|reunions?|formations?|ateliers?|visites?|reserv\w+|locale?s?|locaux|notre|nos"
    r"|chez nous)\b"
)
_CONTEST = re.compile(
    r"\b(?:concours|prix|defis?|challenge|trophees?|rallye|tournoi|championnat|joutes|label|finale"
    r"|festival|olympiades?|nuits?|cesars?|journees? (?!d)|semaines? (?!d))\b"
)
#: Words of what an office tells of, and does not hold itself.
_WIDE = re.compile(
    r"\b(?:canotech|m@gistere|magistere|eduscol|parcoursup|ministere|nationale?s?|nationaux"
    r"|europeen\w*"
    r"|francophones?|francophonie|ouverte?s? a tous|fondation|federation"
    r"|toutes les classes de france)\b"
)

#: What stands in the cell of a place where people meet at home.
_ONLINE = re.compile(r"en ligne|a distance|(?:en )?(?:distanciel|visio\w*)|classe virtuelle")

#: How many rings around a date are near: its sentence, its block and its heading.
_NEAR_RINGS = 3


class Scope(NamedTuple):
    """For whom a date is.

    :param academies: slugs.
    :param departments: codes.
    :param sure: from 0 to 1.
    :param why: why it may be wrong, in French, or nothing.
    """

    academies: tuple[str, ...]
    departments: tuple[str, ...]
    sure: float
    why: str


class Scopes:
    """The places that a text names, and the scope of each of its dates."""

    def __init__(self, outline: Outline, gazetteer: Gazetteer) -> None:
        self.outline = outline
        self.mentions = gazetteer.mentions(outline.text)
        self._named = {
            folded(outline.text[mention.start : mention.end]): mention.kind
            for mention in self.mentions
        }
        self._starts = [mention.start for mention in self.mentions]
        self.sender = sender_of(outline, self.mentions, self._is_meant)
        #: Whether the letter is about one contest of the whole country.
        self._in_national = bool(_NATIONAL_CONTEST.search(folded(outline.text[:_TITLE])))

    def with_headers(self, place: Surroundings) -> Surroundings:
        """Return the text around a date with a header on each cell that has none and is a place."""
        if not place.cells:
            return place
        cells = tuple((header or self._header(words), words) for header, words in place.cells)
        return replace(place, cells=cells)

    def _header(self, cell: str) -> str:
        said = folded(cell).strip(" *")
        if _ONLINE.fullmatch(said):
            return "lieu"
        kind = self._named.get(said)
        return "" if kind is None else "département" if kind is PlaceKind.DEPARTMENT else "lieu"

    def _names_a_place(self, title: str) -> bool:
        """Whether a title, folded, ends with a place of the letter: « Fête de la science en
        Martinique »."""
        words = title.split()
        return any(" ".join(words[-n:]) in self._named for n in (1, 2, 3))

    def of(self, place: Surroundings, at: int, title: str) -> Scope:
        """Return for whom the item at *at* is.

        Both are empty for a national date. A town tells the scope too, except Paris, where half of
        the national events take place. Where the item names no place, the scope is that of the
        letter's office.

        :param at: where the date phrase starts, in characters.
        :param title: the title of the item.
        """
        near = folded(f"{place.lead_in} {self.outline.text[slice(*place.sentence)][:_ABOUT]}")
        called = fold(title)
        local = bool(_LOCAL.search(f"{called} {near}"))
        known = COUNTRYWIDE.search(called) and not self._names_a_place(called)
        if known and not local and not self._within(*place.sentence):
            heading = place.section.heading
            over = [heading] if heading and heading is not self.outline.blocks[0] else []
            beside = [place.block, *over]
            here = any(self._within(block.start, block.end) for block in beside)
            # A part of it (« Fête de la science : village des sciences ») may be held here only.
            part = " : " in called and not _WIDE_STAGE.search(called)
            wide = _is_own_name(called) and not (part or here or _is_ours(called, near))
            sure = 0.85 if wide else 0.78
            return Scope((), (), sure, "un service local en parle peut-être")
        for ring_at, ring in enumerate(self._rings(place, at)):
            spans = [(max(a, at - _ABOUT), min(b, at + _ABOUT)) for a, b in ring]
            found = [m for span in spans for m in self._within(*span) if self._is_meant(m)]
            if chosen := _chosen(found):
                scope = self._within_own(chosen, found)
                sure, why = self._sure(scope, found, ring_at)
                if sure > 0.75 and self._is_wide(place, called, found, ring_at, local):
                    sure, why = 0.75, _IS_NATIONAL
                return Scope(*scope, sure, why)
            said = " ".join(folded(self.outline.text[a:b]) for a, b in spans if a < b)
            if _NATIONAL.search(said) and not (ring_at and (local or self.sender.named)):
                return self._of_national(called, near, ring_at)
        return self._of_sender(place, called, local=local, where=_names_where(title))

    def _is_wide(
        self,
        place: Surroundings,
        title: str,
        found: Iterable[PlaceMention],
        ring_at: int,
        local: bool,
    ) -> bool:
        """Whether a date with places around it may be for the whole country all the same.

        :param title: the title of the item, folded.
        :param found: the places, of the ring *ring_at* (from 0, the nearest).
        :param local: whether the words around the date are those of one place.
        """
        if _NATIONAL.search(title) or _NATIONAL_DAY.search(title):
            return True
        if not local and (self._is_exchange(place, title) or (ring_at > 1 and self._in_national)):
            return True
        if ring_at and COUNTRYWIDE.search(title):
            return True
        told_of = ring_at > 1 and not local and _CONTEST.search(title)
        own = any(fold(self.outline.text[m.start : m.end]) in title for m in found)
        return bool(told_of) and not own

    def _is_exchange(self, place: Surroundings, title: str) -> bool:
        """Whether a date is for what Europe offers to every school: its title, its block or a
        heading above says so."""
        block = self.outline.text[place.block.start : place.block.end][:_ABOUT]
        over = [*place.section.above, *filter(None, [place.section.heading])]
        said = [title, folded(block), *map(self.outline.words_of, over)]
        return any(EXCHANGES.search(words) for words in said)

    def _of_national(self, title: str, near: str, ring_at: int) -> Scope:
        """Return the scope of what the words around it call national.

        :param title: the title of the item, folded.
        :param near: the words around its date, folded.
        :param ring_at: the number of the ring that says so, from 0, the nearest.
        """
        if _is_ours(title, near):
            return Scope((), (), 0.75, "un service local en parle peut-être")
        if _NATIONAL_DAY.match(title) or (_NATIONAL.search(title) and not self.sender.named):
            return Scope((), (), 0.95, "")
        sure = not self.sender.named and self.sender.nationwide and ring_at < _NEAR_RINGS
        return Scope((), (), 0.85 if sure else 0.75, "le mot « national » parle d'autre chose ?")

    def _of_sender(self, place: Surroundings, title: str, *, local: bool, where: bool) -> Scope:
        """Return the scope of an item that names no place: that of the letter's office.

        :param title: the title of the item, folded.
        :param local: whether the words around the date are those of one place.
        :param where: whether the title may say of which place it is (:func:`_names_where`).
        """
        own = self.sender.academies, self.sender.departments
        if not self.sender.named:
            sure = 0.85 if self.sender.nationwide and not (local or where) else 0.7
            return Scope((), (), sure, "la lettre ne dit pas pour qui")
        block = self.outline.text[place.block.start : place.block.end][:_ABOUT]
        heading = self.outline.words_of(place.section.heading) if place.section.heading else ""
        said = f"{title} {folded(block)} {heading}"
        if _NATIONAL_DAY.match(title) or (COUNTRYWIDE.search(title) and not _LOCAL.search(title)):
            return Scope(*own, 0.75, _IS_NATIONAL)
        wide = _WIDE.search(said) or _CONTEST.search(said) or self._in_national
        if not local and (
            self._is_exchange(place, title) or (wide and not self._is_held_here(place))
        ):
            return Scope(*own, 0.75, "le concours est peut-être national")
        return Scope(*own, self.sender.sure, "déduit des lieux que la lettre nomme")

    def _is_held_here(self, place: Surroundings) -> bool:
        """Whether the text about a date names a place of the letter's office, be it only where the
        finale is held, and no place elsewhere."""
        start, end = place.territory
        over = place.section.heading
        spans = [(start, min(end, start + _ABOUT)), (over.start, over.end) if over else (0, 0)]
        found = [mention.academies for span in spans for mention in self._within(*span)]
        own = set(self.sender.academies)
        return bool(found) and all(set(academies) <= own for academies in found)

    def _sure(self, scope: Where, found: list[PlaceMention], ring_at: int) -> tuple[float, str]:
        """Return how sure a scope is, and why it may be wrong.

        :param found: the places of the ring that gave it.
        :param ring_at: the number of the ring, from 0, the nearest.
        """
        own = self.sender.academies
        kinds = {mention.kind for mention in found}
        if own and set(scope[0]) <= set(own):
            # The place and the office say the same.
            if self.sender.strong:
                return 0.92, ""
            return (0.85 if ring_at < _NEAR_RINGS else 0.82), ""
        if kinds == {PlaceKind.TOWN}:
            return 0.7, "déduit d'une ville"
        if own:
            return 0.75, "la lettre vient d'ailleurs"
        if len(scope[0]) > 1 and not scope[1]:
            return 0.75, "plusieurs académies sont nommées"
        if ring_at >= _NEAR_RINGS:
            return 0.78, "nommé loin de la date"
        return (0.85, "") if PlaceKind.ACADEMY in kinds else (0.78, "un département est nommé")

    def _is_meant(self, mention: PlaceMention) -> bool:
        """Whether a date may be for the place of a mention: the text does not except it, nor only
        write to it, nor only meet there."""
        text = self.outline.text
        block = self.outline.block_at(mention.start)
        start = max(mention.start - _BEFORE, block.start if block else 0)
        before = folded(text[start : mention.start])
        after = folded(text[mention.end : mention.end + _BESIDE])
        if _EXCEPT.search(before) or _EXCEPTED.match(after) or _ADDRESSED.search(before):
            return False
        end = min(mention.end + _BESIDE, block.end if block else len(text))
        return mention.kind is not PlaceKind.TOWN or not _GATHERS.search(
            folded(text[max(start, mention.start - _BESIDE) : end])
        )

    def _rings(self, place: Surroundings, at: int) -> Iterable[list[tuple[int, int]]]:
        """Yield the passages around a date (starts and ends), from the nearest to the farthest."""
        section, block = place.section, place.block
        heading = [(section.heading.start, section.heading.end)] if section.heading else []
        if block.kind is BlockKind.HEADING:
            yield [(block.start, block.end)]
        else:
            yield [place.sentence]
            yield [(block.start, block.end)]
        yield heading
        if block.kind in (BlockKind.ITEM, BlockKind.ROW):
            # The other items of the list are about other things. Its introduction is about all.
            yield [
                (b.start, b.end)
                for b in section.blocks[:_LEADING]
                if b.kind is BlockKind.PARAGRAPH and b.end <= block.start
            ]
        else:
            yield [place.territory]
        yield [(above.start, above.end) for above in section.above]

    def _within(self, start: int, end: int) -> list[PlaceMention]:
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return self.mentions[low:high]

    def _within_own(self, chosen: Where, found: list[PlaceMention]) -> Where:
        """Return the letter's scope for a town in its départements, else the chosen scope."""
        academies, departments = self.sender.academies, self.sender.departments
        inside = {m.department for m in found if m.department} <= set(departments)
        same = chosen[0] == academies and inside
        return (academies, departments) if not chosen[1] and same else chosen


def _is_ours(title: str, near: str) -> bool:
    """Whether the words around the date of a national day or week tell what is done here on it.

    :param title: the title of the item, folded.
    :param near: these words, folded.
    """
    return bool(_DAY_OR_WEEK.search(title) and _OURS.search(near))


def _names_where(title: str) -> bool:
    """Whether a title may say of which place its thing is: « Rallye du Val de Loire », « Prix des
    lecteurs ligériens ». In capitals, a place looks like any other word."""
    thing = re.sub(r"[«“\"][^»”\"]*[»”\"]", "", title.partition(" : ")[0])
    return bool(_OF_WHERE.search(thing)) or (thing.isupper() and len(thing.split()) > 1)


#: What a thing is of, with a capital that makes it a name.
_OF_WHERE = re.compile(
    r"\s(?:d(?:e|u|es)|en|à|au|aux)\s(?:(?:la|les)\s|l['’])?[A-ZÀ-Þ]|\sd['’][A-ZÀ-Þ]"
)


def _is_own_name(title: str) -> bool:
    """Whether a title, folded, is that of a contest of the whole country and says no more."""
    known = COUNTRYWIDE.search(title)
    return bool(
        known
        and _OWN_BEFORE.fullmatch(title[: known.start()])
        and _OWN_AFTER.match(title[known.end() :])
    )


def _chosen(found: list[PlaceMention]) -> Where | None:
    told = [m for m in found if (m.kind, m.academies) != (PlaceKind.TOWN, ("paris",))]
    return first_ranked(told, lambda _: _MANY)


def zone_of(printed: str | None, academies: Academies) -> str | None:
    """Return the IANA time zone of « heure de … », or None when the place is no académie.

    :param printed: the place as printed: « Paris », « La Réunion », « métropole ».
    """
    if printed is None:
        return None
    wanted = slugify(printed)
    for academy in academies:
        if wanted in (academy.slug, f"la-{academy.slug}", slugify(academy.name)) or (
            f"la-{wanted}" == academy.slug
        ):
            return academy.time_zone
    if fold(printed).startswith("metropol"):
        return "Europe/Paris"
    return None
