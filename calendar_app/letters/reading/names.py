"""The words of titles: patterns for names of events, and for words that only look like a name.

GENERIC, PART, ROLE, ORDINAL, VENUE_COLUMN and SIDE are for folded text, the other patterns for flat
text (``flat_text``).
"""

from __future__ import annotations

import re

from calendar_app.words.text import fold

#: The limit of a title, in characters; a longer one is cut.
LENGTH = 120
KINDS = (
    r"concours|défis?|prix|olympiades?|rallye|trophées?|tournois?|championnats?|challenge|festival"
    r"|salon|journées?|semaines?|quinzaine|mois|fête|nuit|printemps|rencontres?|congrès|colloque"
    r"|séminaire|conférences?|webinaires?|wébinaires?|webinars?|ateliers?|formations?|stages?"
    r"|parcours|visioconférences?|réunions?|sessions?|séances?|finales?|demi-finales?|cérémonie"
    r"|remise|appel (?:à|aux?) [a-zà-ÿ]+|exposition|spectacle|forum|hackathon|marathon|projet"
    r"|opération|campagne|édition|masterclass|table ronde|présentation|assemblée générale|épreuves?"
    r"|lancement|portes ouvertes|dictée|label|jury|restitution|résultats|scores|palmarès|café"
    r"|sommet|cycle|module|sortie|visite|clinique|sprint|meetup|lauréats|tours?|animation"
    r"|permanence"
    r"|voyage|spectacle|concert|conseil|veillée|soirée|cross|randonnée|projection|inauguration"
    r"|colloques"
)
STOP = (
    r"qui|que|qu|dont|où|est|sont|a|ont|aura|auront|sera|seront|était|se|s|vous|nous|peut|peuvent"
    r"|débute\w*|démarre\w*|commence\w*|ouvr\w+|organisée?s?|proposée?s?|permet\w*|invite\w*"
    r"|propose\w*"
    r"|organise\w*|lance|vise|prend|prendra|revient|reviendra|initialement|prévue?s?|afin|fixée?s?"
    r"|jusqu|avant|dès|ce|cette|puis|tiendra|tient|offre\w*|doi\w+|inscri\w+|destinée?s?|réunira"
    r"|reportée?s?|annulée?s?|vient|viennent|(?:à|au|aux|en)(?!\s(?-i:[A-ZÀ-Þ]))|le|par|pendant"
    r"|lors|s’|s'"
)
NAMED = re.compile(
    rf"(?<![^\W_])(?P<name>(?:(?:premi|deuxi|troisi|prochain|grand|nouvel|seconde?"
    rf"|\d+\s?e)[a-zà-ÿ]*\s)?"
    rf"(?:{KINDS})\b(?:\s+(?!(?:{STOP})\b)(?:«[^»]{{1,80}}»|“[^”]{{1,80}}”"
    r"|[^\s,.;:!?()«»“”]+(?:[.'’@][^\s,.;:!?()«»“”]+)*)){0,14})",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[«“\"]\s?(?P<name>[^«»“”\"]{3,90}?)\s?[»”\"]")
# Words at the end of a title that only join it to its date.
ENDS = re.compile(
    r"(?:^|[\s'’])(?:à|au|aux|le|la|les|l['’]|du|de|des|d['’]|en|et|ce|cette|pour|dès|jusqu['’]?"
    r"|avant|dans"
    r"|rendez-vous|reportée?s?|prévue?s?|organisée?s?|fixée?s?|qui|aura lieu|se tiendra"
    r"|se déroulera"
    r"|a lieu|initialement|(?<!portes )ouverte?s?|notez|sur|lundi|mardi|mercredi|jeudi|vendredi"
    r"|samedi"
    r"|dimanche)$",
    re.IGNORECASE,
)
STARTS = re.compile(
    r"^(?:pour (?:la |le |les |l['’])?|de |du |des |d['’]|c['’]est (?:le |la |l['’])?|sur |au "
    r"|aux |et "
    r"|[(\[])",
    re.IGNORECASE,
)
GENERIC = re.compile(
    r"(?:(?:les|nos|vos|l'|la|le|a|au|aux|de|des|du|en|et|ou|d'|pour|sur|par|votre|notre|tous"
    r"|autres?"
    r"|prochaine?s?|actualites?|actus?|agenda|evenements?|venir|dates?|retenir|noter|limites?|cles?"
    r"|importantes?|calendrier|rendez-vous|concours|formations?|inscriptions?|inscrire|quand|ou"
    r"|comment"
    r"|informations?|infos?|pratiques?|bref|breves?|ne|pas|manquer|annonces?|participer|modalites?"
    r"|participation|deroulement|projets?|actions?|ressources|contacts?|sommaire|edito(?:rial)?"
    r"|focus"
    r"|zoom|premier|second|degre|1er|2nd|1d|2d|ecoles?|colleges?|lycees?|bonjour|candidatures?"
    r"|reseau"
    r"|programme|echeances?|envois?|depots?|productions?|rappels?|important|attention|nouveautes?"
    r"|nouveau|save|the|date|lieux?|horaires?|sauvez|ateliers?|webinaires?|une|direct|cote|saisir"
    r"|objet|mois|semaine|annee|scolaire|vie|classes?|eleves?|enseignants?|professeurs?|documents?"
    r"|liens?|utiles?|suite|tour|dernieres?|derniers?|vos|agendas|adresse|c'est|quoi|passe|bonne"
    r"|chance"
    r"|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|departements?"
    r"|jan|janv|fev|fevr|avr|juil|sept|oct|nov|dec|lun|mar|mer|jeu|ven|sam|dim|h"
    r"|on|parle|appels?|editions?|etapes?|trimestre|qui|s'|participe|academi(?:e|ques?)|cher\w*"
    r"|collegues?|bilan"
    r"|pouvez|encore|vous|est|il|ca|se|dans|cultur\w+"
    r"|numeriques?|pedagogi\w+|vie|du|jury|reglement|\d+e?)\b[\s'-]*)+"
)
#: A title that names only a step of something. The full title also names the thing.
PART = re.compile(
    r"(?:(?:(?:le|la|les|l'|premiere?|deuxieme|troisieme|seconde?|1re|1ere?|1er|2e|2eme|3e|3eme"
    r"|grande?"
    r"|demi-?)[\s']*)?"
    r"(?:tours?|phases?|etapes?|manches?|epreuves?|finales?|qualifications?|inscriptions?|remise"
    r"|ceremonie|palmares|resultats?|laureats?|selections?|ouverture|cloture|lancement"
    r"|stage de preparation|seances?|sessions?|scores?|jury|envois?|depots?|restitution|bulletins?"
    r"|rencontre finale"
    r"|journee de (?:lancement|cloture|restitution)|parcours|edition|vote|reunion (?:de"
    r"|d'information))"
    r"|parcours|(?:prochaine?|premiere?|deuxieme) (?:atelier|seance|rencontre|webinaire))\b"
)
ROLE = re.compile(
    r"\b(?:dates?|limites?|inscri\w*|depots?|envois?|cloture|quand|candidat\w*|echeance|delai"
    r"|jours?"
    r"|horaires?|periode|retour|rendu|calendrier|fin des|ouverture|lieu|jusqu\w*|transmission"
    r"|rappel"
    r"|attention|important|nouveau|objet|public|duree|reponses?|votes?|depot|a noter|pour|du|le)\b"
)
WHOLE = re.compile(
    r"\b(?:concours|défi|rallye|tournoi|olympiades|trophées|championnat|prix|festival|salon"
    r"|semaine|fête"
    r"|journées?|congrès|colloque|projet|challenge|nuit|printemps|camp|lecture)\b|[«“]",
    re.IGNORECASE,
)
ORDINAL = r"\b(?:premiere?|deuxieme|seconde?|troisieme|prochaine?|nouvel(?:le)?|la|le|les)\b"
# The step of the date, which a heading or a row adds after the name.
STEP = re.compile(
    r"\s?[,:–-]\s(?:les )?(?:inscriptions?|dépôts?|envois?|candidatures?|date limite"
    r"|appel)\b[^«»]{0,40}$",
    re.IGNORECASE,
)
IN_TOWN = re.compile(r"(?:,|(?<=»))\s(?:à|au|en)\s[A-ZÀ-Þ][\w’' -]{1,40}$")
# With a capital, each of these words starts a sentence or a line: the name has ended.
NEXT_SENTENCE = re.compile(
    r"(?<=[^\s:«“])\s(?=(?:Des?|Les?|La|L['’]|Une?|Ces?|Cette|Ils?|Elles?|Nous|Vous|On|En|Aux?|À"
    r"|Pour|Dans"
    r"|Votre|Vos|Déposez|Envoyez|Inscrivez|Retrouvez)\b)|(?<=»)\s(?=[A-ZÀ-Þ])"
)
# The number of the letter itself, at the end of its title.
ISSUE = re.compile(r"\b[nN] ?[°o] ?\d{1,4}\W*$")
VENUE_COLUMN = re.compile(r"\b(?:lieux?|salles?|villes?|ou|endroit|adresse|etablissement)\b")
# Headers of columns that hold no title.
SIDE = re.compile(
    r"\b(?:horaires?|heures?|salles?|lieux?|villes?|public|niveaux?|classes?|durees?|places?"
    r"|contacts?"
    r"|liens?|inscriptions?|dates?|jours?|quand|ou|adresse|animateurs?|intervenants?)\b"
)


# Words before a name that do not belong to it.
LEADING = re.compile(
    r"^(?:(?:objet|sujet|re|tr|fwd) ?: |(?:calendrier|dates|agenda) (?:du|de la|des) (?=[A-Za-z])"
    r"|\W*(?:reporté|annulé)e?s?\W+)",
    re.IGNORECASE,
)


def is_part(title: str, rule: str) -> bool:
    """Whether a title names only a step (« finale ») or a place (« Rodez ») of something.

    :param rule: the rule that found the title (``titles.title_of``).
    """
    if rule == "line" and len(title.split()) < 3 and not NAMED.search(title):
        return not re.search(r"[«“#@]", title)
    rest = re.sub(
        r"^(?:cérémonie de |la )?remise (?:des|du"
        r"|de) prix",
        "",
        title,
        flags=re.IGNORECASE,
    )
    return PART.match(fold(title)) is not None and not WHOLE.search(rest.partition(" ")[2])


def says(over: str, title: str) -> bool:
    """Whether a heading contains all words of a title, except « première », « prochaine »…

    :param over: the heading.
    """
    said = set(re.findall(r"[a-z0-9]+", re.sub(ORDINAL, "", fold(title))))
    return said <= set(re.findall(r"[a-z0-9]+", fold(over)))


def as_title(said: str) -> str:
    """Return *said* as a title: cleaned at both ends, without place and step, and cut between two
    words after 120 characters.
    """
    said = re.sub(r"^(?:[^\w«“\"(#@]|\d{1,2}[.)]\s)+", "", said).strip(" \t,;:–—-|/>*_•")
    said = re.sub(r"(?<=[^.!?\s]{3})\.$", "", LEADING.sub("", said))
    for ending in (STEP, IN_TOWN):
        if (found := ending.search(said)) and found.start() > 3:
            said = said[: found.start()]
    if re.search(r"\b[B-NP-XZ] [A-ZÀ-Þ]{2,}", said):  # small capitals of a PDF
        said = re.sub(r"(?<![^\W_])([A-ZÀ-Þ]) (?=[A-ZÀ-Þ]{2,})", r"\1", said)
    if len(said) > LENGTH:
        said = said[:LENGTH].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"
    if said.count("«") > said.count("»"):
        said += " »"
    if said.count(")") > said.count("("):
        said = said.replace(")", "")
    return said


# A date inside a title, which may not be the date of the item: « Concours « Eau » du 12 mars ».
DATE = re.compile(
    r"\s(?:(?:du|le|des|les)\s)?\d{1,2}(?:er)?\s(?:et \d+ )?(?:janvier|février|mars|avril|mai|juin"
    r"|juillet|août|septembre|octobre|novembre|décembre)\b.*",
    re.IGNORECASE,
)


def trimmed(said: str) -> str:
    """Return *said* without marks at its ends, without a date, and without joining words."""
    said = said.strip(" \t,;:–—-(*_|>•")
    said = DATE.sub("", said)
    while match := ENDS.search(said):
        said = said[: match.start()].strip(" ,;:–—-(")
    return said


def name(match: re.Match[str]) -> str:
    """Return the title of a match of :data:`NAMED`, with a capital at its start."""
    said = trimmed(NEXT_SENTENCE.split(match["name"])[0])
    return as_title(said[:1].upper() + said[1:])


def weak(title: str) -> bool:
    """Whether a title identifies nothing: « Webinaire de restitution », « Prochain atelier »."""
    return not re.search(r"[«“#\"]|\s[A-ZÀ-Þ0-9]|[’'][A-ZÀ-Þ]", title) and len(title.split()) <= 7


def bare(said: str) -> str:
    """Return *said* folded and without marks, to compare with :data:`GENERIC`.

    Without a letter or a digit, *said* counts as « date ».
    """
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s'-]", " ", fold(said))).strip() or "date"
