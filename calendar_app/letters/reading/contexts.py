"""What the words around a date mean: whether it announces anything, is moved or cancelled, and what
it asks for.

All texts here are flat and folded (``flat_text.folded``), in small letters, without accents and on
one line; ``Context.spoken`` alone keeps its accents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from calendar_app.letters.dated_items import ItemKind, ItemStatus, Step
from calendar_app.letters.grammar.french_dates import DatePhrase, LeadIn, Shape
from calendar_app.letters.grammar.years import Days
from calendar_app.words.text import fold
from calendar_app.words.vocabulary import Certainty


@dataclass(frozen=True, slots=True)
class Context:
    """The words around a date phrase, flat and folded.

    :param before, after: what its sentence says before and after it.
    :param label: what its line or its column calls it (« date limite »), or nothing.
    :param headings: the headings that it is under, the nearest last.
    :param lead_in: the line above its list (« À revoir : »), or nothing.
    :param spoken: its sentence in small letters with its accents: « a » is a verb, and « à » is
        not.
    :param clause: the words of its clause before and after it, folded.
    :param told: its clause, like *spoken*.
    :param shared: whether its sentence has several clauses.
    :param before_spoken: the part of *spoken* before the date.
    """

    before: str
    after: str
    label: str
    headings: tuple[str, ...]
    lead_in: str
    spoken: str
    clause: tuple[str, str]
    told: str
    shared: bool
    before_spoken: str

    @property
    def sentence(self) -> str:
        return f"{self.before} {self.after}"

    @property
    def heading(self) -> str:
        return self.headings[-1] if self.headings else ""


# -- what announces nothing ------------------------------------------------------------------------

_LAW = re.compile(
    r"\b(?:lois?|decrets?|arretes?|circulaires?|notes? de service|ordonnances?|directives?"
    r"|bulletin officiel|boen|bo|b\.o\.|jorf|jo|journal officiel|deliberation(?! d[ue]s? jurys?)"
    r"|instruction"
    r"|reglement \(?(?:ue|ce|general|europeen)\)?|accord|avenant|proces-verbal)\b[^.!?;,]{0,70}$"
)
_PUBLISHED = re.compile(
    r"\b(?:publie|paru|poste|mis en ligne|mis a jour|mise a jour|modifie|actualise|consulte|edite"
    r"|diffuse|depot legal|issn"
    r"|redige|derniere modification|date de publication|ne|mort|decede|depuis|imprime)"
    r"e?s?(?: \S+){0,2}?[ :,(]{0,3}(?:le|du|au|en|a)? ?$"
    r"|(?<!la )(?<!cette )\bdate(?:e?s?|nt) d[ue] ?$"
)
_FOUNDED = re.compile(
    r"\b(?:cree|fonde|lance|inaugure|signe|adopte|vote|promulgue|institue|ouvert|nomme|elu)"
    r"e?s?(?: \S+){0,3}? (?:le|en|au|du)? ?$"
)
_PRESS = re.compile(
    r"revue (?:de (?:la )?presse|du web)|dans la presse|(?:on|ils) (?:en parle|parlent)"
    r"|la presse en"
    r"|^a lire\b|^lu |bibliographie|sitographie|^sources?$|^references$|dans les medias"
    r"|coin lecture"
)
_SIGNED = re.compile(
    r"(?:\.(?:fr|org|com|eu|net|io)|\b(?:le monde|le figaro|liberation|ouest-france))(?: du"
    r"| de)?[, ]{0,3}$"
)
_OLD_DATE = re.compile(
    r"(?:au lieu (?:du|de|d'|des)|et non(?: pas)?(?: le| du| au)?|(?:initialement "
    r"|d'abord )?(?:prevue?s?"
    r"|fixee?s?|programmees?|annoncee?s?)(?: d'abord| initialement)?(?: au| en)?"
    r"|en remplacement d[ue])"
    r" ?(?:le|du|au|pour le|les)? ?$"
)
#: « d'abord attendus pour le 10 avril », « elles étaient prévues à Arles le 3 avril ».
_AT_FIRST = re.compile(
    r"(?:\b(?:d'abord|initialement) (?:prevu|fixe|attendu|annonce|programme)e?s?"
    r"|\betai(?:t|ent) (?:prevu|fixe|programme|annonce)e?s?\b[^.;,]{0,30})"
    r"(?: pour)?(?: le| au| du| les)?\W*$"
)
_MOVED_TO = r"(?:reporte|decale|deplace|avance|repousse|prolonge)e?s?"
#: « du 13 novembre, à Royan, est avancée au 12 », « 28 avril | reportées au 19 mai ».
_MOVES = re.compile(
    rf"(?:[^.;\d]{{0,80}}?\b(?:est|sont|sera|seront|a ete|ont ete) {_MOVED_TO}|\W*{_MOVED_TO}) "
    r"(?:au|aux|le|du|a|jusqu'au)\b[^.\d]{0,40}\d"
)
#: « Vacances d'hiver : du 20 février au 8 mars », « les vacances commencent le 19 avril », « en
#: congé du 14 février au 2 mars, du 11 au 27 avril »: no other words stand between.
_DAYS_OFF = re.compile(
    r"(?<!pendant les )(?<!durant les )\b(?:vacances|conges?)\b"
    r"(?! d[eu] (?:[a-z']+ )?(?:maladie|formation|maternite))"
    r"(?![^.;]*\b(?:inscri|candidat|depot|envoi|stage|sejour|atelier|apprenantes|ouvertes))"
    r"[^.;,|\d]{0,80}"
    r"(?:\W|\d|\b(?:du|au|et|le|les|er|jan\w*|fev\w*|mars|avr\w*|mai|juin|juil\w*|aout|sep\w*"
    r"|oct\w*|nov\w*|dec\w*|lun\w*|mar\w*|mer\w*|jeu\w*|ven\w*|sam\w*|dim\w*|matin|soir"
    r"|apres la classe)\b)*$"
)
_WHILE_OFF = re.compile(r"\b(?:pendant|durant) les (?:vacances|conges)\b[^,.;\d]{0,40}\((?:du )?$")
_DAYS_OFF_NAME = re.compile(
    r"\W*(?:(?:debut|fin|depart|reprise|retour)s? (?:des|de) )?(?:les )?(?:vacances\b"
    r"|conges? (?:de |d'|scolaire))"
)
#: A single day is one of the holidays when they start or end on it.
_TURNS = re.compile(
    r"\b(?:debut\w*|commenc\w*|fin\b|finiss\w*|termin\w*|depart|repris\w*|reprend\w*)"
)
_NO_CLASS = re.compile(
    r"\b(?:vaquee?s?|feriee?s?|(?:pas|ni|aucun) (?:de |d')?(?:classe|cours|ecole)"
    r"|pont de l'ascension)\b"
)
#: « Noël : du 18 décembre au 3 janvier », « Toussaint, du 17 octobre au 2 novembre ».
_HOLIDAY_NAME = re.compile(
    r"(?:^|[.;,:(|] ?)\W*(?:(?:calendrier scolaire|zones? [abc][^:]{0,20}) ?:? ?)?"
    r"(?:toussaint|noel|hiver|printemps|paques)\b[ ,:(]*(?:du )?$"
    r"|\b(?:toussaint|noel) : [^.;]{0,60} –\W*$"
)
_FERIES = re.compile(r"\bjours? feries?\b[^).;]*$")
#: A place that is closed is no event, and its last day closes nothing that one can enter.
_CLOSED = re.compile(
    r"(?:\b(?:bibliotheques?|mediatheques?|ludotheques?|musees?|ateliers?|local|locaux|secretariat"
    r"|archives|bureaux?|services?|cdi|espace|centre|accueil|guichet|planetarium|etablissements?|reseau"
    r"|salles?)"
    r"\b[^.;]{0,60}\b(?:ferm(?:e|ee|es|ees|ent|era|eront)|fermeture)\b|^\W*(?:ferm(?:e|ee|eture)"
    r"|(?:[a-z]+ ?: )?relache))\b[^.;:]{0,60}$"
)
#: « valable jusqu'au », « l'attestation est valable du ».
_VALID = re.compile(
    r"\b(?:valables?|validite|valides?|caducs?|perimee?s?|conservee?s?)\b[^.;,]{0,30}$"
)
#: « Non plus du 9 au 13 mai », « il n'aura pas lieu le 4 », « nous avions écrit « du 3 ».
_DENIED = re.compile(
    r"(?:\bnon plus(?: le| du| les)?|\bn'(?:aura|auront|a|ont) (?:pas|plus) lieu(?: le| du| les)?"
    r"|\bavions (?:indique|annonce|ecrit|imprime|donne)\b[^.;]{0,40}|\bdev(?:ait"
    r"|aient) (?:se )?[a-z]+"
    r"(?: [a-z']+){0,2}?(?: le| au| aux| jusqu'au| du)?|\b(?:ne |n')[a-z]+(?: pas| plus)(?: le"
    r"| du| jusqu'au)?)\W*$"
)
_NOT_KEPT = re.compile(
    r"^[^.;,]{0,40}\bn'(?:est|a|ont|sont) (?:pas|plus) (?:ete )?(?:retenu|maintenu|confirm|garde)"
)
#: « … qui a gagné un prix l'an dernier, se produit le » tells of a coming day.
_YEAR_AGO = re.compile(
    r"\b(?:l'an (?:dernier|passe)|l'annee (?:derniere|passee|precedente))\b"
    r"(?!,[^,;]*\b(?:se [a-z]+(?:e|ent|it)|sera|seront|aura|auront|revien[a-z]+|reprend)\b)"
)
#: « … ont été reçus jusqu'au 15 juin pour l'édition précédente »
_LAST_EDITION = re.compile(
    r"\W*(?:pour|lors de|a) (?:l'|la )(?:edition|session|annee) (?:precedente|derniere|passee)\b"
)
_OLD_YEAR = re.compile(r"\W?1[0-8]\d\d\b")

_BACK = re.compile(
    r"(?<!de )(?<!de la )\b(?:rentree(?: scolaire| des \w+)?|reprise (?:des cours|de la classe))"
    r"(?: est fixee| aura lieu)?\W*(?:du|le|au)?\W*$"
)
#: The next letter is no event for its readers.
_NEXT_LETTER = re.compile(
    r"\b(?:prochaine?s? (?:lettre|numero|bulletin|infolettre|newsletter|parution|gazette|envoi)s?"
    r"|(?:cette|la|notre) (?:lettre|infolettre|newsletter))\b[^.;]{0,40}"
    r"\b(?:para[a-z]+|sort[a-z]*|publi[a-z]+|envoy[a-z]+|diffus[a-z]+|arriv[a-z]+"
    r"|parvien[a-z]+|attendue?)\b[^.;,]{0,20}$"
    r"|\b(?:prochaine? (?:numero|parution|lettre|bulletin|envoi)|lettre suivante)\W*(?:le )?$"
)
#: What happened, and why something changes: « la tempête du 23 octobre », « en raison du cyclone ».
_MISFORTUNE = re.compile(
    r"\b(?:tempete|cyclone|ouragan|pluies?|intemperies|inondations?|crues?|seisme|greves?"
    r"|attentats?|incendie|orages?|neige|accident|deces|mort)\b[^.;,]{0,30}$"
)
_STREET = re.compile(
    r"\b(?:rue|avenue|av|bd|boulevard|place|quai|square|allee|impasse|pont|lycee|college|ecole"
    r"|gymnase|stade|salle|caserne)\.? (?:du|de|des)? ?$"
)
_REPORT = re.compile(
    r"\b(?:retour (?:sur|en images)|compte[- ]rendu|bilan|revoir|replay|rediffusion|archives?"
    r"|evenements? passes?|ca s'est passe|c'etait|retrouvez les (?:videos?|photos?"
    r"|enregistrements?)"
    r"|les (?:derniers|dernieres|precedents|precedentes) (?:ateliers|seances|rencontres"
    r"|editions))\b"
)
_OVER = re.compile(
    r"\b(?:(?:a|ont|avait|avaient|avons) (?:aussi |été |bien |déjà |également |donc |ainsi "
    r"|enfin )?"
    r"(?!lieu\b)(?:eu lieu|[a-zà-ÿ]{2,}(?:é|ée|és|ées|u|us|ert|erts)|[a-zà-ÿ]{3,}(?:ni|si|li|ri"
    r"|vi|bi)"
    r"|(?:re|ap|com|en|per|ad|pro|trans)?(?:mis|pris|quis)|[a-zà-ÿ]*(?:crit|duit|fait|dit))\b"
    r"|(?:est|sont) (?:arrivé|parti|venu|revenu|passé|allé|monté|sorti|né|devenu|retourné|entré"
    r"|rentré|resté)e?s?\b"
    r"|(?:s'|s’)(?:est|était|étaient)\b|se sont\b|étai(?:t|ent)\b|avai(?:t|ent) lieu|fut\b|furent\b"
    r"|eut lieu|vien(?:t|nent) de (?!s'ouvrir))"
)
_TO_COME = re.compile(
    r"\b(?:[a-z]{2,}(?<!ope)(?<!came)(?:ra|ront|rez)(?<!para)|[a-z]{3,}(?:era|erai|erez|eront"
    r"|erons|ira|irez|iront|(?:ien|ren|pon|per|vau|fau|ten|oin"
    r"|ou|au)dra(?:ont)?)|aura|auront|aurez"
    r"|seront|sera|serez|fera|feront|pourra|pourront|pourrez|devra|devront|devrez|ira|iront"
    r"|prochaine?s?|rendez-vous|inscri(?:vez|re|ption|ptions)|a venir|bientot|date limite|cloture"
    r"|prevue?s?|programmee?s?|attendue?s?|ouverte?s?|participez|candidatez|reservez|notez"
    r"|jusqu|doi(?:t|vent)|invite|invitons|proposons|organisons)\b"
)


_ZONES = re.compile(
    r"(?:^|[|.,;] ?)\W*(?:vacances .{0,40})?zones? [abc](?:(?:,| et| ou) [abc])*\b.{0,40}$"
)
_WILL_BE = re.compile(r"\b(?:sera|seront|etre)\b")
_LONG_PAST = timedelta(days=400)


#: Rule of :func:`refusal` → why a date gave no item, in French words.
REFUSALS = {
    "press": "revue de presse ou bibliographie",
    "law": "date d'un texte officiel",
    "street": "nom d'une rue ou d'un établissement",
    "old-date": "ancienne date, remplacée par une autre",
    "published": "date de publication",
    "last": "date passée",
    "holidays": "vacances scolaires ou jour sans classe",
    "letter": "parution de la lettre",
    "misfortune": "ce qui est arrivé ce jour-là",
    "closed": "fermeture d'un lieu",
    "valid": "durée de validité",
    "organiser": "ce jour regarde l'organisateur",
    "month": "mois cité en passant",
    "founded": "date d'une création",
    "over": "la phrase raconte ce qui est passé",
    "signed": "date d'un article",
    "history": "date passée depuis longtemps",
    "past": "date passée",
}


def refusal(phrase: DatePhrase, days: Days, around: Context, issued: date) -> str | None:
    """Return the name of the rule by which a phrase announces nothing (:data:`REFUSALS` says what
    each means), or None when it announces something.

    :param issued: the day of the letter. ``founded``, ``over``, ``signed``, ``history`` and
        ``past`` are for dates before it, all others for any date.
    """
    before = around.before.rstrip(" «\"'(")
    is_single = (
        phrase.shape is Shape.DAY and not phrase.lead.ends and phrase.lead is not LeadIn.FROM
    )
    is_months = phrase.shape is Shape.MONTHS
    if any(_PRESS.search(heading) for heading in around.headings):
        return "press"
    if (is_single or is_months) and (rule := _find_rule_of_single_day(around, before)):
        return rule
    if (is_single or is_months) and _is_publication(before):
        return "published"
    if _is_replaced(phrase, around, before):
        return "old-date"
    if _DENIED.search(around.before) or _NOT_KEPT.match(around.after):
        return "old-date"
    if rule := _find_rule_of_place(phrase, around):
        return rule
    if phrase.relative < 0 and days.last < issued:
        return "last"
    if _is_day_off(phrase, around):
        return "holidays"
    if phrase.lead.ends and _is_of_organiser(around):
        return "organiser"
    if is_months and not _is_announced(phrase, days, around, issued):
        return "month"
    if days.last < issued:
        return _find_rule_of_past_day(phrase, days, around, issued, before, is_single)
    return None


def _find_rule_of_single_day(around: Context, before: str) -> str | None:
    """Return the rule by which a single day is part of a name, or an old date; or None.

    :param before: ``around.before`` without the marks at its end.
    """
    if _LAW.search(before):
        return "law"
    if _STREET.search(around.before[-24:]):
        return "street"
    if _NEXT_LETTER.search(around.before):
        return "letter"
    return None


def _find_rule_of_place(phrase: DatePhrase, around: Context) -> str | None:
    """Return the rule by which the words before a date tell of what nobody can enter, or None."""
    if _MISFORTUNE.search(around.before.rstrip(" «\"'(")):
        return "misfortune"
    if _CLOSED.search(around.before):
        return "closed"
    if _VALID.search(around.before):
        return "valid"
    if not phrase.lead.ends and _YEAR_AGO.search(around.before):
        return "last"
    if _LAST_EDITION.match(around.after):
        return "last"
    return "history" if _OLD_YEAR.match(around.after) else None


#: « qui devaient être remis le 30 novembre »
_WAS_TO_BE = re.compile(r"\bdev(?:ait|aient)\b[^.;,]{0,60}$")


def _is_replaced(phrase: DatePhrase, around: Context, before: str) -> bool:
    """Whether the sentence gives another date in place of this one."""
    if _MOVES.match(around.after) or _AT_FIRST.search(around.before):
        return True
    old = _OLD_DATE.search(before) or (not phrase.lead.ends and _WAS_TO_BE.search(before))
    return bool(old) and _has_new_date(around)


#: « Vacances de la Toussaint : du vendredi 16 octobre après la classe au… »
_HOLIDAYS_ARE = re.compile(r"\W*vacances (?:de |d'|du |scolaires)[^.;!]{0,80}$")


def _is_day_off(phrase: DatePhrase, around: Context) -> bool:
    """Whether a date is one of the school holidays, or a day without class."""
    if phrase.lead.ends:
        return False
    before, after = around.clause
    if re.search(r"\| vacances\b", around.label) or _HOLIDAYS_ARE.match(around.before):
        return True
    if _ZONES.search(f"{around.label} {before}") or _BACK.search(before):
        return True
    if _NO_CLASS.search(f"{before[-60:]} {after[:60]}") or _FERIES.search(around.before):
        return True
    if _HOLIDAY_NAME.search(f"{around.before} ") or _HOLIDAY_NAME.search(around.label):
        return True
    off = _DAYS_OFF.search(around.before) or _WHILE_OFF.search(around.before)
    if phrase.shape is not Shape.DAY:
        named = _DAYS_OFF_NAME.match(around.label) or _DAYS_OFF_NAME.match(after)
        return bool(off or named or re.match(r"(?:calendrier des )?vacances\b", around.heading))
    named = _DAYS_OFF_NAME.match(after) or _DAYS_OFF_NAME.match(around.label)
    said = f"{around.before[-120:]} {around.label} {after[:60]}"
    return bool((off or named) and _TURNS.search(said))


def _find_rule_of_past_day(
    phrase: DatePhrase, days: Days, around: Context, issued: date, before: str, is_single: bool
) -> str | None:
    """Return the rule by which a date before *issued* announces nothing, or None.

    :param before: ``around.before`` without the marks at its end.
    """
    if is_single and _FOUNDED.search(before):
        return "founded"
    if not phrase.lead.ends and _is_report(around):
        return "over"
    if _ALREADY.search(before):
        return "over"
    if is_single and _is_signature(around, before):
        return "signed"
    if days.last < issued - _LONG_PAST:
        return "history"
    if phrase.shape is Shape.DAY and not phrase.lead.ends and not _TO_COME.search(around.sentence):
        return "past"
    if phrase.shape is Shape.RANGE and _OVER.search(around.spoken):
        return "over"
    return None


#: « Les inscriptions, closes le 27 septembre, … »
_ALREADY = re.compile(
    r",\W*(?:deja )?(?:clos|ouvert|lance|commence|debute|termine|acheve|arrive|recu|complet)[a-z]*"
    r"(?: \w+){0,2}\W*(?:le|du|au)?\W*$"
)


def _is_publication(before: str) -> bool:
    """Whether a date says when something was published, and not when it will be."""
    return bool(_PUBLISHED.search(before)) and not _WILL_BE.search(before[-60:])


def _is_signature(around: Context, before: str) -> bool:
    """Whether a date belongs to the signature of an article: it follows the name of a newspaper or
    of a web site, or stands after a comma at the end of its sentence."""
    is_last = before.endswith(",") and not around.after.strip(" ).,;")
    return is_last or bool(_SIGNED.search(before))


# A clause that only describes somebody or something: « l'autrice qui a reçu le prix ».
_ASIDE = re.compile(
    r"(?:\b(?:qui|que|dont|où|ayant|avoir|lesquel\w+|auxquel\w+|puisque|comme|lorsque|quand|si)\b"
    r"|\bqu['’])[^.;:()]{0,90}?"
    r"(?:\b(?:a|ont|avait|avaient|avons|avez|ai)\b(?: \w+){0,3}?"
    r" \w+(?:é|ée|és|ées|u|us|ue|ues|i|is|it|its|ie|ies|ert|erts|erte|aite?s?|ise?s?)\b"
    r"|\b(?:s['’](?:est|était)|se sont|était|étaient|fut|furent)\b(?: \w+)?)"
    r"|\b(?:ayant|après avoir|après s['’]être)\b(?: \w+){1,2}"
)
# What is said of the day itself, in the present: « sont visibles le », « se produisent le ».
_NOW = re.compile(
    r"\b(?:(?:(?<!s')est|sont)(?! (?:arrive|parti|venu|revenu|passe|alle|rentre|devenu)e?s?\b)"
    r"|peut|peuvent|pouvez|viennent|accueill\w+|recoi(?:t|vent)"
    r"|presentent?|se [a-z]+(?:e|ent|t)|restent?|jou(?:e|ent)|lisent|lit|exposent?"
    r"|partent|part|revien(?:t|nent)|interviennent|intervient|anime(?:nt)?)\b[^.;]{0,60}$"
)


#: « Merci aux équipes venues à la journée du 18 septembre »; « merci de » asks for something.
_THANKS = re.compile(
    r"\W*(?:un grand |encore |grand )?(?:merci|bravo|félicitations|chapeau) (?:à|au|aux|pour)\b"
)


def _is_told_of_the_day(before: str) -> bool:
    """Whether what is over is said of the date itself: « qui s'est tenu du 4 au 6 avril ».

    :param before: the words before the date, with their accents.
    """
    if _THANKS.match(before):
        return True
    asides = list(_ASIDE.finditer(before))
    between = before[asides[-1].end() :] if asides else ","
    return (
        len(between) < 30
        and not re.search(r"[,;:)]", between)
        and not _TO_COME.search(fold(between))
    )


def past_tense(around: Context) -> bool:
    """Whether the sentence tells what is over, and nothing that is to come."""
    if _is_told_of_the_day(around.before_spoken):
        return True
    told = _ASIDE.sub(" ", around.spoken)
    if not _OVER.search(told) or _TO_COME.search(fold(told)):
        return False
    return not (around.told != around.spoken and _NOW.search(around.clause[0])) and not _NOW.search(
        fold(_ASIDE.sub(" ", around.before_spoken))
    )


def _is_report(around: Context) -> bool:
    """Whether the sentence, or what stands above it, tells what is over."""
    told = [around.lead_in, *around.headings, around.label]
    return (
        past_tense(around)
        or any(_REPORT.search(text) for text in told)
        or bool(re.search(r"\b(?:depuis|passes?|derniers?|dernieres?)\b", around.lead_in))
    )


#: A shorter sentence with a month is a line of an agenda.
_LINE = 50
_HAPPENS = re.compile(
    r"\b(?:(?:sera|seront) [a-z]+(?:e|ee|es|ees|u|us|is)|aura lieu|auront lieu|a lieu|ont lieu"
    r"|se (?:tiendra|tiendront|tient|tiennent|deroule"
    r"|deroulent|deroulera|derouleront)|(?:est|sont|sera|seront) (?:prevue?s?|programmee?s?"
    r"|organisee?s?|attendue?s?|fixee?s?|annoncee?s?|publiee?s?|communiquee?s?|ouverte?s?)"
    r"|debute(?:ra|ront|nt)?|demarre(?:ra|ront|nt)?|commence(?:ra|ront|nt)?|ouvr(?:e|ent|ira|iront)"
    r"|revien(?:t|dra)|organise(?:nt|ra)?|propose(?:nt|ra)?|date limite|cloture|inscriptions?"
    r"|envoi|depot|resultats?|finales?|remise|ceremonie|jury|restitution|calendrier|dates?)\b"
)


def _is_announced(phrase: DatePhrase, days: Days, around: Context, issued: date) -> bool:
    """Whether a month is that of something that one could note, and not mentioned in passing."""
    if days.last < issued:
        return False
    if phrase.lead.ends:
        return len(phrase.days) == 1 or phrase.days[-1].year is not None  # no « jusqu'à l'été »
    exact = phrase.part != "" or phrase.days[-1].year is not None or phrase.lead is LeadIn.FROM
    near = f"{around.before[-110:]} {around.label} {around.after[:110]}"
    generic = re.search(
        r"\b(?:chaque annee|tous les ans|toute l'annee|depuis|(?:qui|pour) integr|generalement)\b",
        around.sentence,
    )
    first_words = not around.before.strip(" -–:*•|") or around.label != ""
    # « Journée courant janvier 2026 »: no sentence, but a line that says what is when.
    first_words = first_words or (exact and len(around.sentence) < _LINE)
    return not generic and exact and (bool(_HAPPENS.search(near)) or first_words)


_FROM_DAY = re.compile(rf"\b{_MOVED_TO}\W*(?:initialement )?$")
_MONTH = re.compile(r"\b(?:janv|fevr?|mars|avr|mai|juin|juil|aout|sept|oct|nov|dec)[a-z]*\b|\d/\d")


def new_day(phrase: DatePhrase, around: Context, printed: str) -> DatePhrase:
    """Return the phrase that is meant: « reporté du 5 novembre au 26 novembre » is the 26th, and
    « déplacé du 1er au 4 juin » is four days.

    :param printed: its text, folded.
    """
    moved = phrase.shape is Shape.RANGE and _FROM_DAY.search(around.before)
    if not moved or len(_MONTH.findall(printed)) < 2:
        return phrase
    return replace(phrase, shape=Shape.DAY, days=phrase.days[-1:])


# -- what became of the date -----------------------------------------------------------------------

_MOVED = re.compile(
    r"\b(?:reportee?s?|decalee?s?|deplacee?s?|prolongee?s?|avancee?s?|repoussee?s?|prolongation"
    r"|report|nouvelles? dates?)(?: \S+){0,4}? ?(?:au|aux|du|le|les|jusqu'au|a|:)? ?$"
)
_NO_DATE = re.compile(
    r"\breportee?s?\b(?:[^.]{0,60}\b(?:ulterieure(?:ment)?|sine die|prochainement)|[^.\d]{0,60}$)"
)
_POSTPONED = re.compile(r"^\W*reportee?s?\b(?! au\b)|\|\W*(?:est|sont) decalee?s? d(?:'une?|e) ")
_CANCELLED = re.compile(
    r"\b(?:annulee?s?|n'aura(?:it|ient)? (?:[a-z]+ )?(?:pas|plus) lieu"
    r"|n'auront (?:[a-z]+ )?(?:pas|plus) lieu|supprimee?s?"
    r"|deprogrammee?s?|(?:retiree?s?|otee?s?|rayee?s?|disparai(?:t|ssent)) d[ue]s? (?:la |l')?"
    r"(?:programme|programmation|calendrier|catalogue|liste|agenda|affiche)s?"
    r"|ne se (?:tien|jou|fer|deroul)[a-z]+ (?:[a-z]+ )?(?:pas|plus)"
    r"|ne (?:sera|seront) (?:[a-z]+ )?(?:pas|plus) (?:maintenu|propose|organise|reconduit|assure"
    r"|donne|joue|projete)e?s?|n'(?:est|sont) (?:pas|plus) (?:maintenu|reconduit|assure)e?s?"
    r"|faute d'inscrits|abandonnee?s?)\b"
)


def status(phrase: DatePhrase, around: Context, after_struck: bool) -> ItemStatus:
    """Return what became of the date, as the letter says.

    :param after_struck: whether the phrase follows a date that the letter strikes out.
    """
    if phrase.struck:
        return ItemStatus.CANCELLED
    if _CANCELLED.search(f"{around.before[-120:]} {around.after[:120]} {around.label}"):
        return ItemStatus.CANCELLED
    moved = re.search(r"\b(?:initialement|d'abord) \w+ (?:au|le|du|en|pour) [^.]*\d", around.before)
    if _POSTPONED.search(f"{around.before} | {around.after}"):
        return ItemStatus.POSTPONED
    if _MOVED.search(around.before) or moved or after_struck:
        return ItemStatus.MOVED
    if _NO_DATE.search(around.after) or re.search(r"\breportee?s?\b", around.label):
        return ItemStatus.POSTPONED
    return ItemStatus.PLANNED


def _has_new_date(around: Context) -> bool:
    """Whether the sentence names the new date, after the old one or before it."""
    return bool(
        re.search(
            r"\b(?:reporte|decale|deplace|prolonge|avance|repousse|aura lieu|se tiendra"
            r"|se deroulera|finalement)"
            r"\w*[^.]{0,60}\d",
            around.after,
        )
        or re.search(r"\d[^.]{0,60}(?:au lieu d|et non)", around.before)
    )


# -- what it asks for ------------------------------------------------------------------------------

_LAST_DAY = re.compile(
    r"\b(?:dates? limites?|date butoir|derniere? (?:delai|limite|carat)|derniers? jours?|cloture"
    r"|(?<!huis )clos(?:e|es)?"
    r"|fin (?:des|de l'|de la|du) (?:inscriptions?|candidatures?|depots?|envois?|votes?)|limite"
    r"|s'acheve|s'achever(?:a|ont)|s'arret\w+|fin(?=\W*$)|se termin\w+|se clotur\w+"
    r"|prend(?:ra)? fin|se clot"
    r"|echeance|deadline|a (?:rendre"
    r"|renvoyer|retourner|deposer|envoyer|transmettre|remettre"
    r"|adresser|completer|remplir)|avant(?!-| (?:l'(?:ete|hiver|automne)|noel|tout|de |d'))"
    r"|au plus tard|fermeture|ferme(?:nt|ront|ra)?"
    r"|jusqu(?:'|e)|delai de rigueur)\b"
)
_REGISTERS = re.compile(
    r"\b(?:(?:pre-?)?inscri\w*|engagements|candidat(?:ure|ures|er|ez)|enregistre(?:r|ment)|s'engager"
    r"|engagement|postule[rz]?|adhesion|manifest\w* (?:leur|votre|son) interet|reserv\w+"
    r"|appels? a (?:projets?|candidatures?|participation|contributions?|communications?))\b"
)
_SUBMITS = re.compile(
    r"\b(?:envoi\w*|envoy\w+|enverr\w+|depot|depots|depos\w+|rendre|rendus?|remis\w*|remettre"
    r"|transm\w+|retours?(?! du | de la | de l.)|retourn\w+|renvoy\w+|reception|recus?|soumettre"
    r"|soumission|adress\w+|poster"
    r"|livrables?|parvenir|cachet de la poste|productions?|oeuvres?|travaux|realisations?"
    r"|dossiers?|fichiers?|copies)\b"
)
_AWAITED = re.compile(r"\b(?:(?:est|sont) attendue?s?|attendue?s? (?:pour|jusqu|avant))\b")
_FORMS = re.compile(
    r"\b(?:dossiers?|bulletins?|fiches?|formulaires?) (?:d'inscription|de (?:pre-?)?candidature"
    r"|d'engagement|de participation)"
)
_OPENS = re.compile(
    r"\b(?:ouvert\w*|ouvr\w*|ouverture|inscri\w*|candidatures?|depots?|depos\w+|votes?|concours"
    r"|defi"
    r"|epreuves?|championnat|olympiades?|challenge|trophees?|prix|finales? (?:territoriales|locales"
    r"|departementales|academiques|regionales)|saison"
    r"|campagne|collecte|candidater|postuler|organise(?:nt)? (?:sa|leur|son))\b"
)
#: What opens to those who take part. The opening of a fair, or of an exhibition, is an event.
_OPENING = (
    r"(?:ouverture|lancement|debut|demarrage)(?: officiell?e?)? (?:des|du|de la|de l'|de|d')\s?"
    r"(?:pre-?)?(?:inscri|candidat|depots?|envois?|votes?|plate-?forme|serveur|campagne|concours"
    r"|appel|site|formulaire|guichet|saisie|billetterie|reservation|periode|portail|session"
    r"|collecte|defi|epreuves en ligne|catalogue|registre)"
)
_STARTS = re.compile(
    rf"(?:\b(?:{_OPENING}"
    r"|(?:inscriptions?|candidatures?|depots?|votes?|plate-?forme|billetterie"
    r"|reservations?|guichet|serveur|concours|defi|campagne|saison|edition|challenge|prix|rallye"
    r"|olympiades|appel)\b[^.]{0,70}"
    r"\b(?:demarr|debut|commenc|ouvr|ouver)[a-z]*)"
    r"|(?:^|\| )\W*ouverte?s?(?: en ligne)?\W*$"
    r"|(?:^|\| |: |, )ouverture(?= (?:le|:)|\W*$))"
)
#: Words right after a date that make it a last day: « 7 novembre : clôture des inscriptions ».
_ENDS_AFTER = re.compile(
    r"\W*(?:(?:\d\d? ?h ?\d*,? )?heure de [a-z]+\W+)?(?:la |le |les )?(?:date limite|date butoir"
    r"|cloture|derniere? (?:delai|limite|carat)|derniers? jours?"
    r"|fin (?:des|de la|de l'|du|de)|limite d|au plus tard|fermeture|echeance|delai de rigueur"
    r"|(?:retour|rendu|envoi|depot|remise|transmission|inscription)s?"
    r"(?= (?:des|de la|du|de l'|de vos|en ligne|par)|\W*$)"
    r"(?! (?:des|du|de) (?:prix|recompenses|diplomes|labels?|trophees|medailles|resultats?"
    r"|laureats?|convocations?|attestations?)))"
)
_ROLE = re.compile(
    r"(?:^|[|,] )(?:(?:les )?dates? (?:d'|de |des |du )?)?(?:inscriptions?|depots?|envois?"
    r"|candidatures?|engagements?"
    r"|retour|remise|rendus?|transmission|votes?|textes a|a (?:rendre|remettre|envoyer))\b"
)
#: « X : dépôt des dossiers (le 18 février) »; what the organiser sends is not due.
_DUE_ON = re.compile(
    r"(?:^|[:;,|] )(?:inscriptions?|candidatures?|depots?|envois?|retours?|transmission)"
    r"(?: (?:des?|du|de la|d'|de l')\s?(?!convocations|resultats|sujets|codes|kits|livres"
    r"|identifiants|attestations|consignes)[a-z]+){0,2} ?$"
)
_PRIZES = re.compile(
    r"remise (?:des|du|de) (?:prix|recompenses|diplomes|labels?|trophees|medailles|bulletins"
    r"|livrets)|ouverture|debut"
)
_THEMED = re.compile(
    r"\b(?:semaines?|quinzaine|fete|printemps|festival|journees|salon|rencontres|code week|congres"
    r"|assises|mois)\b"
)
_DUE = re.compile(
    r"\b(?:inscriptions?|candidatures?|depots?|envois?|dossiers?|retours?|reponses?)\b[^.]{0,30} "
    r"au ?$"
)
_SHOWN = re.compile(r"\b(?:exposition|visible|accrochage|spectacle)\b")
#: The longest range that is one event, when its title names a week, a festival or the like.
_SEASON = timedelta(days=17)
_OUTCOME = re.compile(
    r"\b(?:resultats?|laureats?|palmares|gagnants?|selectionnes?|jury|classements?|scores?)\b"
)
#: A range that is longer is a time in which one takes part, and no event.
_LONG = timedelta(days=9)
#: This limit is lower for a range whose words speak of a contest or of registering.
_LONG_OPEN = timedelta(days=5)


#: Nothing starts in the last minute of a day.
_LAST_MINUTE = time(23, 59)


def kind_of(phrase: DatePhrase, days: Days, around: Context, title: str) -> ItemKind:
    """Return what a date is: an event, a last day, or a time in which one can do something.

    :param title: the title of its item, folded.
    """
    near = _without_names(_right_before(around))
    if phrase.shape is Shape.DAY and _is_of_organiser(around):
        return ItemKind.EVENT
    if phrase.lead is LeadIn.UNTIL and _SHOWN.search(f"{title} {near}") and not _is_request(near):
        return ItemKind.WINDOW
    if phrase.lead.ends or _DUE.search(around.clause[0]):
        return ItemKind.DEADLINE
    if phrase.shape is Shape.RANGE and days.certainty is Certainty.DAY:
        return _classify_range(phrase, days, around, title, near)
    if phrase.shape is Shape.MONTHS and len(phrase.days) > 1:
        return ItemKind.WINDOW
    if phrase.lead is LeadIn.FROM:
        return ItemKind.EVENT if _OUTCOME.search(around.sentence) else ItemKind.WINDOW
    if phrase.start_time == _LAST_MINUTE and phrase.end_time is None:
        return ItemKind.DEADLINE
    if phrase.shape is Shape.DAY and _is_opening(around, near):
        return ItemKind.WINDOW
    return ItemKind.DEADLINE if _is_last_day(phrase, around, near) else ItemKind.EVENT


# Names of events that hold the words of a step: « cérémonie de clôture », « réunion de lancement ».
_NAMES = re.compile(
    r"\b(?:ceremonies?|soirees?|journees?|seances?|spectacles?|fetes?|reunions?|concerts?"
    r"|rencontres?|conferences?|webinaires?|visio\w*|discours|repas|bal|finales?|evenements?|temps"
    r"|ateliers?|matinees?|apres-midi|demi-journees?|colloques?|allocutions?|mots?)"
    r"(?: [a-z]+){0,2}? d(?:e |'|es )(?:l[a']? ?)?(?:cloture|fermeture|fin|lancement|ouverture"
    r"|remise|restitution|depart|rentree)(?: (?:des?|du|de la) [a-z]+| et d(?:e |')[a-z]+)?"
)


def _without_names(near: str) -> str:
    """Return words without the names of events that hold the words of a step."""
    return _NAMES.sub(" ", near)


# What the organiser does: « nous répondrons », « le jury annoncera », « seront communiqués ».
_ORGANISER = re.compile(
    r"(?<!les )(?<!des )(?<!aux )\b(?!environs\b)[a-z]{3,}rons\b"
    r"|\bnous (?:vous )?(?:repondons|annoncons|publions|communiquons|contactons|informons) "
    r"|\b(?:jury|organisateurs?|comite|commission|equipe organisatrice|organisation)\b[^.;]{0,40}"
    r"\b(?:repond|annonc|publi|communiqu|choisi|selectionn|examin|deliber|notifi|contact|design"
    r"|proclam|devoil|rend|fera|inform)[a-z]*"
    r"|\bvous (?:recevrez|serez|aurez|saurez|sera|seront|etes (?:informe|prevenu))\b"
    r"|\b(?:convocations?|sujets?|reponses?|resultats?|attestations?|codes?|identifiants?|liens?"
    r"|confirmations?|notifications?|classements?|palmares|diplomes?|kits?|mallettes?|consignes?)"
    r"\b[^.;]{0,25}\b(?:sera|seront|est|sont) (?:[a-z]+ )?"
    r"(?:envoye|adresse|transmis|donne|mis|expedie|delivre|attribue|rendu|distribue)e?s?\b"
    r"|\b(?:sera|seront|est|sont) (?:[a-z]+ )?(?:annonce|publie|communique|proclame|devoile|informe"
    r"|contacte|notifie|prevenu|selectionne|designe|avise"
    r"|consultable|connu|affiche)e?s?\b"
)


def _is_of_organiser(around: Context) -> bool:
    """Whether a date is that of something that the organiser does, and not its readers."""
    return bool(_ORGANISER.search(around.clause[0]))


def _is_opening(around: Context, near: str) -> bool:
    """Whether a day is that on which something opens to those who take part.

    :param near: the label and the last words before the date.
    """
    opened = [*_STARTS.finditer(near)]
    closed = [*_LAST_DAY.finditer(near)]
    if opened:
        return not closed or closed[-1].end() <= opened[-1].end()
    after = _without_names(around.clause[1])
    if re.match(rf"\W*(?:{_OPENING}|pour \d+ (?:semaines|mois|jours))", after):
        return True
    return len(around.clause[0]) < 12 and bool(
        _STARTS.search(after[:110].replace("ouverture d", ""))
    )


def _is_last_day(phrase: DatePhrase, around: Context, near: str) -> bool:
    """Whether a day is the last one on which something can be done.

    :param near: the label and the last words before the date.
    """
    after = _without_names(around.clause[1])
    if _LAST_DAY.search(f"{_without_names(around.label)} | {near[-60:]}") or _ENDS_AFTER.match(
        after
    ):
        return True
    if _DUE_ON.search(around.clause[0]):
        return True
    role = _ROLE.search(around.label) and not _PRIZES.search(around.label)
    if phrase.shape is Shape.DAY and role:
        return True
    asked = around.clause[0][-90:]
    if _AWAITED.search(asked) and _SUBMITS.search(asked):
        return True
    return bool(re.search(r"\bpour(?: le)?$", around.clause[0])) and bool(
        _SUBMITS.search(asked) or _TO_DO.search(asked)
    )


#: « à commander pour le 22 », « qui veulent montrer un projet me le disent pour le 10 ».
_TO_DO = re.compile(
    r"\b(?:inscri|candidat)|\battendu|\ba [a-z]{3,}(?:er|re|ir)\b"
    r"|\b(?:me|nous) (?:le |la |les )?(?:dis|signal|fai|font|transmet|communiqu|confirm|prevenir)"
)


_TAKES_PLACE = re.compile(
    r"\b(?:aura|auront|a|ont) lieu|\bse (?:tien|deroul|jou)\w+|\brendez-vous\b|\bfinales?\b"
    r"|\b(?:remise d(?:es|u)|printemps d"
    r"|ceremonies?|rencontres?|reunions?|webinaires?|ateliers?|journees?|forums?"
    r"|salons?"
    r"|festivals?|formations?|conferences?|colloques?|seminaires?|spectacles?|visites?|jurys?"
    r"|oral|oraux"
    r"|epreuves?|stages?|seances?|congres|deliberation|annonce|publication|proclamation|restitution"
    r"|expositions?|concerts?|semaines?|fetes?|nuits?|portes ouvertes|animations? pedagogiques?"
    r"|presentations? de saison|masterclass|cross|regroupements?|soirees?|projections?)\b"
)


#: A column of two kinds of days: « Rendu / épreuve ».
_TWO_STEPS = re.compile(r"[a-z] ?(?:/|ou) ?(?:epreuves?|finales?|jury|oral|oraux|resultats?)\b")


def is_plain(kind: ItemKind, phrase: DatePhrase, around: Context, title: str) -> bool:
    """Whether the words beside a date say what kind of item it is.

    :param title: the title of its item, folded.
    """
    near = f"{around.label} | {around.clause[0][-90:]} | {around.clause[1][:60]}"
    if kind is ItemKind.EVENT:
        asked = (
            _AWAITED.search(near)
            or _is_request(_without_names(near))
            or _LAST_DAY.search(_without_names(near))
        )
        step = title.rpartition(" : ")[2] if " : " in title else ""
        told = _TAKES_PLACE.search(f"{near} {title}") or _OUTCOME.search(step)
        return bool(told) and not asked
    if kind is ItemKind.WINDOW:
        said = f"{title} {near}"
        if phrase.shape is Shape.RANGE and _EITHER.search(said) and not _REGISTERS.search(near):
            return False
        must = re.search(r"\b(?:il faut|il faudra|a faire)\b", near)
        opens = _is_request(near) or _STARTS.search(near) or phrase.lead is LeadIn.FROM
        return bool(opens or _PLAYED.search(said)) and not must
    if _TWO_STEPS.search(around.label):
        return False
    return bool(_LAST_DAY.search(near)) or _is_last_day(phrase, around, around.clause[0][-90:])


#: What one takes part in on a day of one's choice.
_PLAYED = re.compile(
    r"\b(?:castor|concours|defis?|challenge|tours?|series?|manches?|nuit du c.de|rallye"
    r"|finales (?:territoriales|departementales|academiques|regionales))\b"
)
#: Days on end of these are an event for some, and for others a time in which one takes part.
_EITHER = re.compile(
    r"\b(?:votes?|qualifications?|selections?|phases?|epreuves?|oraux|expos\w+|projections?)\b"
)


#: What teachers hand in, or by when they apply.
_HANDED_IN = re.compile(
    r"\b(?:remett\w+|rend(?:ent|ez|ons|re|us?)|envoy\w+|envoi\w*|depos\w+|adress\w+|transm\w+"
    r"|candidat\w*|inscri\w+|recue?s? apres|se declar\w+|clos\w*|limite)\b"
)


def asks(around: Context) -> bool:
    """Whether the words before a date speak of what teachers hand in or apply for. They put an
    event in doubt; those of :func:`is_request` make a deadline, so they are fewer."""
    return bool(_HANDED_IN.search(_PRIZES.sub("", _right_before(around))))


def _right_before(around: Context) -> str:
    """Return the label of a date and the end of the clause before it."""
    return f"{around.label} | {around.clause[0][-90:]}"


def is_request(around: Context) -> bool:
    """Whether the words before a date ask to register or to send something."""
    return _is_request(_right_before(around))


def _is_request(near: str) -> bool:
    """Whether words ask to register or to send something; a prize-giving (« remise des prix ») does
    not."""
    said = _PRIZES.sub("", near)
    return bool(_REGISTERS.search(said) or _SUBMITS.search(said))


_VOTE = re.compile(r"(?:^|[:|] ?)\W*(?:le )?votes?\b")


def _classify_range(
    phrase: DatePhrase, days: Days, around: Context, title: str, near: str
) -> ItemKind:
    """Return what a range of days is: an event, or a time in which one takes part when one wants.

    :param near: the label and the last words before the date.
    """
    length = days.last - days.first
    asked = _PRIZES.sub("", f"{around.label} | {around.before[-60:]}")
    if _REGISTERS.search(asked) or _SUBMITS.search(asked) or phrase.lead is LeadIn.BETWEEN:
        return ItemKind.WINDOW
    if _VOTE.search(f"{title} | {near} {around.clause[1][:20]}"):
        return ItemKind.WINDOW
    if re.search(r"\b(?:exposition|vacances)\b", f"{title} {near}"):
        return ItemKind.EVENT
    if _THEMED.search(title) and length <= _SEASON:
        return ItemKind.EVENT
    said = f"{near} {around.after[:80]} {' '.join(around.headings)} {title}"
    opens = _OPENS.search(said) and length > _LONG_OPEN
    return ItemKind.WINDOW if length > _LONG or opens else ItemKind.EVENT


def step_of(kind: ItemKind, phrase: DatePhrase, around: Context) -> Step | None:
    """Return what must be done by a last day, or None when nothing must; the words nearest to the
    date count first."""
    if kind is ItemKind.EVENT:
        return None
    before, after = around.clause
    rings = [
        f"{around.label} {before[-100:]}",
        f"{before} {after[:120]}",
        f"{around.lead_in} {around.heading}",
    ]
    if around.shared:  # « Inscriptions : ouverture le 13 octobre, clôture le 12 décembre »
        rings.insert(2, around.before.partition(":")[0] if ":" in around.before else "")
    # Only the words nearest to a window say that its end is a last day.
    for text in rings[:1] if kind is ItemKind.WINDOW else rings:
        registers, submits = _find_last(_REGISTERS, text), _find_last(_SUBMITS, text)
        if _FORMS.search(text):
            return Step.REGISTRATION
        submits = max(submits, _find_last(_AWAITED, text))
        if max(registers, submits) >= 0:
            return Step.REGISTRATION if registers > submits else Step.SUBMISSION
    return None if kind is ItemKind.WINDOW else Step.UNKNOWN


# -- what is not settled yet -----------------------------------------------------------------------

_UNSETTLED = re.compile(
    r"\b(?:a (?:confirmer|preciser|definir|fixer|valider|determiner)|sous reserve|previsionnel\w*"
    r"|provisoires?|(?:non|pas encore) (?:confirme|fixe|arrete|valide|defini)e?s?|indicati(?:f"
    r"|ve)s?|susceptibles? d'(?:etre modifie|evoluer|changer)\w*|en attente de confirmation|tbc"
    r"|dates? (?:precises?|exactes?|definitives?) (?:a venir|seront?|communique)"
    r"|(?:envisage|pressenti)e?s?|si possible|probablement)\b"
)
_OF_OTHERS = re.compile(
    r"\b(?:lieux?|salles?|horaires?|heures?|programmes?|intervenant\w*|adresses?|liens?|nombres?"
    r"|modalites?|tarifs?|themes?|sujets?|villes?)\b[^,;()]{0,12}$"
)


_THIS_DATE = re.compile(r"\W*(?:cette|la|les|ces) (?:date|jour)s?\b[^.!?]{0,80}")


def unsettled(around: Context, following: str) -> str | None:
    """Return the words by which the letter says that a day is not settled yet, or None.

    :param following: the words after the sentence, folded.
    """
    before, after = around.clause
    next_words = _THIS_DATE.match(following)
    said = f"{around.label} {before[-60:]} | {after[:80]} | {next_words[0] if next_words else ''}"
    for match in _UNSETTLED.finditer(said):
        if not _OF_OTHERS.search(said[: match.start()]):
            return match[0]
    return None


def _find_last(pattern: re.Pattern[str], text: str) -> int:
    """Return where the last match in a text starts, in characters, or -1."""
    return max((match.start() for match in pattern.finditer(text)), default=-1)
