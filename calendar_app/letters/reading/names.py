"""The words of titles: patterns for names of events, and for words that only look like a name.

GENERIC, PART, ROLE, ORDINAL, VENUE_COLUMN and SIDE are for folded text, the other patterns for flat
text (``flat_text``).
"""

from __future__ import annotations

import re
from functools import lru_cache

from calendar_app.letters.known_names import KNOWN
from calendar_app.words.text import capital_initial, fold, small_initial

#: The limit of a title, in characters; a longer one is cut.
LENGTH = 120
KINDS = (
    r"concours|défis?|prix|olympiades?|rallye|trophées?|tournois?|championnats?|challenge|festival"
    r"|salon|(?:demi-)?journées?|semaines?|quinzaine|mois|fêtes?|nuits?|printemps|rencontres?|congrès"
    r"|colloque"
    r"|séminaire|conférences?|webinaires?|wébinaires?|webinars?|ateliers?|formations?|stages?"
    r"|parcours|visioconférences?|réunions?|sessions?|séances?|finales?|demi-finales?|cérémonie"
    r"|remise|appel (?:à|aux?) [a-zà-ÿ]+|exposition|spectacle|forum|hackathon|marathon|projet"
    r"|opération|campagne|édition|masterclass|table ronde|présentation|assemblée générale|épreuves?"
    r"|lancement|portes ouvertes|dictée|label|jury|restitution|résultats|scores|palmarès|café"
    r"|sommet|cycle|module|sortie|visite|clinique|sprint|meetup|lauréats|tours?|animation"
    r"|permanence"
    r"|plan de formation|voyage|spectacle|concert|conseil|veillée|soirée|cross|randonnée"
    r"|projection|inauguration"
    r"|colloques"
)
STOP = (
    r"qui|que|qu|dont|où|est|sont|a|ont|aura|auront|sera|seront|était|se|s|vous|nous|peut|peuvent"
    r"|débute\w*|démarre\w*|commence\w*|ouvr\w+|organisée?s?|proposée?s?|permet\w*|invite\w*"
    r"|propose\w*"
    r"|organise\w*|lance|vise|prend|prendra|revient|reviendra|initialement|prévue?s?|afin|fixée?s?"
    r"|jusqu|avant|dès|ce|cette|puis|tiendra|tient|offre\w*|doi\w+|inscri\w+|destinée?s?|réunira"
    r"|reportée?s?|annulée?s?|fêt\w+|célèbr\w+|vient|viennent|n['’](?:est|a|ont|aura|auront)|me"
    r"|te|mais|très|ne|pas|"
    r"(?:à|au|aux|en)(?!\s(?-i:[A-ZÀ-Þ]))|(?<!contre\s)le|par|pendant"
    r"|lors|s’|s'|tombe(?:nt)?|passe(?:nt)?(?!-)|fait|font|touche(?:nt)?(?!-)|reçoi\w+"
    r"|accueill\w+|continuent?|continue|reste(?:nt)?|arrive(?:nt|ra)?|oblige(?:nt)?|lui-même"
    r"|\w{3,}[eid]r(?:a|ont)"
    r"|elle-même|(?:eux|elles)-mêmes|recrut\w+|cherche(?:nt)?|réuni(?:t|ssent)"
)
NAMED = re.compile(
    rf"(?<![^\W_])(?P<name>(?:(?:premi|deuxi|troisi|prochain|grand|nouvel|seconde?"
    rf"|\d+\s?e)[a-zà-ÿ]*\s)?"
    rf"(?:(?:{KINDS})|(?-i:(?:[A-ZÀ-Þ][\w’'-]+\s){{1,3}}(?:Festival|Challenge|Days?|Week"
    rf"|Cup)))\b(?:\s+(?!(?:{STOP})\b)(?:«[^»]{{1,80}}»|“[^”]{{1,80}}”"
    r"|[^\s,.;:!?()«»“”*]+(?:[.'’@][^\s,.;:!?()«»“”*]+)*)){0,14})",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[«“\"]\s?(?P<name>[^«»“”\"]{3,90}?)\s?[»”\"]")
#: Words after which a name goes on: it does not end with one.
LINKS = (
    r"à|aux?|les?|la|du|de|des|en|et|ou|une?|ce|cette|pour|dans|contre|avec|sans|sous|sur|entre"
    r"|chez|vers|par|qui"
)
# Words at the end of a title that only join it to its date.
ENDS = re.compile(
    rf"(?:^|[\s'’])(?:{LINKS}|l['’]|d['’]|dès|jusqu['’]?|avant"
    r"|rendez-vous|reportée?s?|prévue?s?|organisée?s?|fixée?s?|aura lieu|se tiendra"
    r"|se déroulera"
    r"|a lieu|initialement|(?<!portes )ouverte?s?|notez|lundi|mardi|mercredi|jeudi|vendredi"
    r"|samedi"
    r"|dimanche|y|(?:du|le|au|les) \d{1,2}(?:er)?|consacrée?s?|dédiée?s?|réservée?s?|destinée?s?)$",
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
    r"|chance|janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
    r"|departements?|jan|janv|fev|fevr|avr|juil|sept|oct|nov|dec|lun|mar|mer|jeu|ven|sam|dim|h"
    r"|on|parle|appels?|editions?|etapes?|trimestre|qui|s'|participe|academi(?:e|ques?)|cher\w*"
    r"|collegues?|bilan"
    r"|pouvez|encore|vous|est|il|ca|se|dans|cultur\w+"
    r"|numeriques?|pedagogi\w+|vie|du|jury|reglement|\d+e?"
    r"|previsionnel\w*|toutes?|articles?|lettre|former|partir|avec|personnel\w*|donnees|accueil"
    r"|menu|fermer|cycles?|maternelles?|elementaires?|presentiel|distanciel|ligne|autres|publics?"
    r"|residences|materiel|usages|daac|drane|dane|clemi|debut|mi|fin|courant|selections?"
    r"|etablissements?"
    r"|resultats?|laureats?|rechercher|reserver|faq|newsletter|connexion|accompagnement"
    r"|recompenses?|dotations?|organisation|conditions?|contexte|objectifs?|principes?)\b[\s'-]*)+"
)
#: A season or a field, as a heading over several things: « À l'automne », « Livre et lecture ».
_FIELD = re.compile(
    r"(?:(?:les?|la|l'|a|au|aux|en|et|de|des|du|d'|culture|enseignement|education|automne|hiver"
    r"|printemps|ete|livres?|lecture|cinema|audiovisuel\w*|patrimoines?|musiques?|danse|theatre"
    r"|arts?"
    r"|plastiques?|visuels?|scientifiques?|techniques?|industriel\w*|sciences?|spectacles?|vivant"
    r"|architecture|photographie|langues?|sports?|medias?|citoyennete|pass|videos?)\b[\s',-]*)+"
)
#: Who writes is not what takes place: « Académie de Grenoble », « DSDEN du Pas-de-Calais ».
_OFFICE = re.compile(
    r"(?:(?:ville|mairie|commune|archives|bibliotheque|mediatheque|museum|espace des sciences) d"
    r"|archives departementales|academie d|region academique|rectorat|dsden|circonscription"
    r"|delegation|direction"
    r"|inspection|services?|reseau|atelier canope|ministere|departement|(?:college|lycee"
    r"|ecole) (?!au |et |en )"
    r"|comite d|mission |pole )(?!.*[«“])"
    # « Inspection « Vie scolaire » », « DSDEN de l'Eure – Pôle « Arts » »
    r"|(?:academie d|region academique|rectorat|dsden|circonscription|delegation|inspection"
    r"|service|ministere)\b(?!.*\b(?:concours|prix|defi|rallye|projets?|journees?|semaine)\b)"
)
#: How one reaches who writes.
_CONTACT = re.compile(r"(?:\d\d[ .]){4}\d\d|\S@\S+\.\w|\btel(?:ephone)?\b ?[.:]")
#: A heading that says where or when its letter was written, or where one is on a site, and names
#: nothing: « Amiens, le 13 mai 2024 », « Publié le 25 juin », « Accueil / Actualités / Concours ».
_NO_TITLE = re.compile(
    r"[a-z' -]{3,30}, (?:le )?(?:(?:lun|mar|mer|jeu|ven|sam"
    r"|dim)[a-z]* )?\d{1,2}(?:er)? [a-z]+ 20\d\d$"
    r"|(?:publie|mis a jour|mise a jour|modifie|derniere mise|newsletter d|lettre d)[a-z]* .*\d"
    r"|(?:bonjour|bonsoir|coucou|salut|cher(?:e|es|s)?\b|madame|mesdames|monsieur|merci"
    r"|bien a|bonne reception"
    r"|cordialement|accueil (?:[/>|\]]|.*\b(?:contact|connecter|plan du site)\b))"
    r"|programme(?: (?:d[eu]s?|pour|previsionnel\w*|complet|20\d\d|scolaire)\b"
    r"(?!.*\bconcours\b).*)?$"
    r"|(?:calendrier|dates|agenda|echeances|etapes)\b(?!.*\b(?:concours|prix|defi|rallye"
    r"|festival|olympiades|tournoi|challenge|trophees|championnats?)\b)"
    r"|(?:lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.? \d|\d{1,2}/\d"
    r"|(?:les |nos )?(?:concours|defis|projets|actions|formations|ateliers|stages|webinaires)"
    r" (?:ouverts?|et|pour|proposes?|du mois)\b(?!.*[«“])"
    r"|.* [/>] .* [/>] "
    r"|(?:sont|ont ete|est) [a-z]+$|pour (?:les|vos|tous|toutes) "
    r"|n[°o] ?\d+ ?[-–—:·•|,] .{0,12}\d{1,2}(?:er)? [a-z]+ 20\d\d$|compte[- ]rendu\b"
    r"|(?:ensuite|et apres|et aussi|(?:cette|la) semaine(?: prochaine| \d+)?"
    r"|plus tard|a venir|bientot|pour commencer|s ?\d{1,2})$"
    r"|(?:automne|hiver|printemps|ete|rentree) 20\d\d$|foire aux questions"
    r"|ce qui |on y |de : \S|(?:le )?(?:billet|mot) d|l'essentiel$|pour vous aider$"
    r"|(?:[ivx]+ ?[-–.)] ?)?(?:temps forts|se former|vie de l'association)\b"
    r"|(?:\d+[.)/]? )?(?:qui|que|quoi|quand|ou|comment|combien|pourquoi|faut-il|peut-on|puis-je"
    r"|doit-on"
    r"|y a-t-il|est-ce|quel(?:le)?s?|a quel(?:le)?s?|jusqu'a quand|et pour|notre|le|la|les|mon"
    r"|un|une)"
    r"\b[^«]*\?$"
)
#: A title that names only a step of something. The full title also names the thing.
PART = re.compile(
    r"(?:(?:(?:le|la|les|l'|premiere?|deuxieme|troisieme|seconde?|1re|1ere?|1er|2e|2eme|3e|3eme"
    r"|grande?|demi-?)[\s']*)?"
    r"(?:tours?|phases?|etapes?|manches?|epreuves?|finales?|demi-finales?|qualifications?"
    r"|inscriptions?|remise|ceremonies?|palmares|resultats?|laureats?|(?:pre-?)?selections?"
    r"|ouverture|cloture|lancement|debut|demarrage|stage de preparation|seances?|sessions?|scores?"
    r"|series?|volets?|vagues?|reception|jurys?|envois?|depots?|restitutions?|bulletins?"
    r"|rencontre finale|oraux|oral|ecrits?"
    r"|(?:journees?|demi-journees?|matinees?|apres-midi|soirees?|reunions?|webinaires?|visio\w*"
    r"|rencontres?|seances?)"
    r" de (?:lancement|cloture|restitution|formation|remise|presentation|preparation|finale)"
    r"|deliberations?|annonces?|proclamations?|publications?|auditions?|diffusions?|communications?"
    r"|entrainements?|rattrapages?|passages? du jury|(?:premier|deuxieme|troisieme|1er|2e"
    r"|3e) trimestre"
    r"|designations?|tirages?|corrections?|notifications?|affichage|vote|votes|mise en ligne"
    r"|exposition des|parcours|edition|(?:reunion|webinaire|visio\w*|seance) (?:de|d'info\w*))"
    r"|participer|decouvrir les? (?:palmares|resultats|laureats)|parcours"
    r"|(?:prochaine?|premiere?|deuxieme) (?:atelier"
    r"|seance|rencontre|webinaire))\b"
)
ROLE = re.compile(
    r"\b(?:dates?|limites?|inscri\w*|depots?|envois?|cloture|quand|candidat\w*|echeance|delai"
    r"|jours?"
    r"|horaires?|au choix|periode|retour|rendu|calendrier|fin des|ouverture|lieu|jusqu\w*"
    r"|transmission"
    r"|rappel"
    r"|attention|important|nouveau|objet|public|duree|reponses?|votes?|depot|a noter)\b|^pour\b"
    r"|\b(?:pour|du|le)\W*$"
)
#: Words of a step at the start of a title: the rest of it, or the heading, names the thing.
STEP_FIRST = re.compile(
    r"(?:les? |la |l')?(?:retraits?|constituer|dates? (?:limites?|butoirs?)|cloture|fin\b|fermeture"
    r"|ouverture|debut"
    r"|depots?"
    r"|(?:sur )?(?:pre-?)?inscri\w*|sur (?:reservation|dossier)|candidat\w*"
    r"|envois?|retours?|remise|rendus?|transmission|dernier\w*"
    r"|limite|echeance|delai|reception|saisie|votes?|reponses?|a (?:rendre|renvoyer|envoyer"
    r"|deposer)|[a-z]{4,} a (?:poster|envoyer|renvoyer|rendre|deposer|transmettre|adresser"
    r"|retourner|remettre)\b|engagement|reservations?|postul\w+|dossiers?|formulaires?|lancement"
    r"|periode)\b"
)
#: A word alone that only says what sort of event something is.
KIND = re.compile(rf"(?:{KINDS})", re.IGNORECASE)
#: A name with its noun: « foire « Maths en fête » ».
QUOTED_NAME = re.compile(
    r"(?<![\w’'@-])(?P<name>(?!intitul|nomm|appel|dit|thème|titre|mot|pour|avec|dans|sous|question"
    r"|consigne|autour|comme|baptis|surnomm|sujet|page|site|rubrique|mention|document|fichier)"
    r"[^\W\d_]{4,20}\s?«[^«»]{2,80}»)",
    re.IGNORECASE,
)
#: With whom, or about what: « Rencontre le 6 novembre avec l'autrice qui… ».
WITH = re.compile(
    r"\s?(?P<with>(?:avec|autour d|sur)\b\s?[^,.;:!?()]{3,60}?)(?=\s(?:qui|que|dont|où|à|au|en"
    r"|de \d)\b|\s?[,.;:!?(]|\s?$)"
)
_LETTER = re.compile(
    r"\b(?:lettre|infolettre|newsletter|gazette|flash|actualites|breves|infos?|depeche"
    r"|circulaire|hebdo|semainier|bulletin|feuille (?:de (?:semaine|chou|route)|d'infos?"
    r"|hebdo\w*)|note (?:de service|de sce|hebdo\w*|d'information))\b"
)
WHOLE = re.compile(
    r"\b(?:concours|défi|rallye|tournoi|olympiades|trophées|championnat|prix|festival|salon"
    r"|semaine|fête"
    r"|journées?|congrès|colloque|projet|challenge|nuit|printemps|camp|lecture)\b|[«“]",
    re.IGNORECASE,
)
ORDINAL = r"\b(?:premiere?|deuxieme|seconde?|troisieme|prochaine?s?|nouvel(?:le)?|la|le|les)\b"
# The step of the date, which a heading or a row adds after the name.
STEP = re.compile(
    r"\s?[,:–-]\s(?:les )?(?:calendrier|règlement|rappel|inscriptions?|dépôts?|envois?"
    r"|candidatures?|date limite"
    r"|appel)\b[^«»]{0,40}$",
    re.IGNORECASE,
)
IN_TOWN = re.compile(r"(?:,|(?<=»))\s(?:à|au|en)\s[A-ZÀ-Þ][\w’' -]{1,40}$")
# With a capital, each of these words starts a sentence or a line: the name has ended.
NEXT_SENTENCE = re.compile(
    r"(?<=[^\s:«“])\s(?=(?:Des?|Les?|La|L['’]|Une?|Ces?|Cette|Ils?|Elles?|Nous|Vous|On|En|Aux?|À"
    r"|Pour|Dans|Votre|Vos|Déposez|Envoyez|Inscrivez|Retrouvez)\b)|(?<=»)\s(?=[A-ZÀ-Þ])"
)
# The number of the letter itself, at the end of its title.
ISSUE = re.compile(r"\b[nN] ?[°o] ?\d{1,4}\W*$")
VENUE_COLUMN = re.compile(r"\b(?:lieux?|salles?|villes?|ou|endroit|adresse|etablissement)\b")
#: Headers of columns that say what is on.
TITLE_COLUMN = re.compile(
    r"\b(?:titres?|intitules?|quoi|noms?|concours|prix|defis?|actions?|operations?|evenements?"
    r"|manifestations?|rencontres?|rendez-vous|ateliers?|formations?|stages?|modules?|webinaires?"
    r"|conferences?|spectacles?|films?|animations?|projets?|expositions?|seances?|activites?"
    r"|themes?|sujets?|thematiques?|epreuves?)\b"
)
#: Headers of columns that say when something takes place, or which step does.
WHEN_COLUMN = re.compile(
    r"\b(?:dates?|jours?|quand|horaires?|heures?|calendrier|periodes?|seances?|sessions?|rencontres?"
    r"|epreuves?|finales?|rendez-vous|creneaux?|(?:demi-)?journees?|manches?|tours?|phases?|groupes?"
    r"|concours|ateliers?|formations?|stages?|reunions?|ceremonies?|resultats|palmares|spectacles?"
    r"|visites?|debut|lancement|restitutions?)\b"
)
# Headers of columns that hold no title.
SIDE = re.compile(
    r"\b(?:horaires?|heures?|salles?|lieux?|villes?|public|niveaux?|classes?|durees?|places?"
    r"|contacts?|liens?|inscriptions?|dates?|jours?|quand|ou|adresse|animateurs?|intervenants?)\b"
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
    rest = _CIRCUMSTANCE.sub("", rest)
    return PART.match(fold(title)) is not None and not WHOLE.search(rest.partition(" ")[2])


#: Where or on what occasion something is done, after what is done: « dépôt sur le portail « … » ».
_CIRCUMSTANCE = re.compile(
    r"\s(?:sur|via|dans|par|depuis|pendant|lors|à l['’]occasion|au cours)\b.*", re.IGNORECASE
)


def says(over: str, title: str) -> bool:
    """Whether a heading contains all words of a title, except « première », « prochaine »…, or the
    title only says again what sort of thing the heading names: « voyage d'une journée ».

    :param over: the heading.
    """
    sort = re.sub(r"^(?:les? |la |l['’])", "", fold(title)).split()[:2]
    again = sort[1:] in ([], ["d'une"], ["d'un"], ["elle-meme"], ["lui-meme"], ["meme"])
    if again and sort and fold(over).split()[0] == sort[0]:
        return True
    said = set(re.findall(r"[a-z0-9]+", re.sub(ORDINAL, "", fold(title))))
    return said <= set(re.findall(r"[a-z0-9]+", fold(over)))


#: What stands before a heading and is none of its words: « Article 6 – », « [07/09/2022] ».
_NUMBER = re.compile(
    r"^\W*(?:(?:article|art\.?)\s\d+\s?[.–—:-]+\s"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{4}[\])]?(?:\s?[–—:-])?\s)",
    re.IGNORECASE,
)


#: A code of a legend before a name: « [D] Rencontre », « (!) Stage ».
_CODE = re.compile(r"^\W*(?:\[?[A-Z]{1,2}\]\s+|\(!\)\s+)+")


@lru_cache(512)
def as_title(said: str) -> str:
    """Return *said* as a title: cleaned at both ends, without place and step, and cut between two
    words after 120 characters.
    """
    said = _CODE.sub("", _NUMBER.sub("", said))
    said = re.sub(r"^(?:[^\w«“\"(#@]|\d{1,2}(?:[.)/]|\.\d{1,2}\.?)\s)+", "", said).strip(
        " \t,;:–—-|/>*_•"
    )
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
    if said.count("(") > said.count(")"):
        said = said[: said.rindex("(")].rstrip(" ,;:–-") or said
    if said.count(")") > said.count("("):
        said = said.replace(")", "")
    return said


_TAKES_PART = re.compile(
    r"^(?:participer à|assister à|découvrir(?= les? (?:palmarès|résultats|lauréats)))\s?"
    r"(?:(?:la|le|les)\s|l['’])?",
    re.IGNORECASE,
)


def _repeats(over: str, own: str) -> bool:
    """Whether the name of a part says that of its whole too: « lancement du prix des lecteurs »
    under « PRIX DES LECTEURS »."""
    whole = set(re.findall(r"[a-z]{4,}", fold(over)))
    shared = whole & set(re.findall(r"[a-z]{4,}", fold(own)))
    return len(shared) > 1 and 2 * len(shared) >= len(whole)


def joined(over: str, own: str) -> str:
    """Return the title of a part of something: « Prix du roman : cérémonie ».

    The name of a place keeps its capital. A step of a step is told without what it is a step of:
    « Rallye : les épreuves » and « Manche CP » are « Rallye : manche CP ».
    """
    if fold(own) == fold(over) or _repeats(over, own):
        return as_title(capital_initial(own))
    own = _TAKES_PART.sub("", own)
    said = own.lower() if own.isupper() else own
    step = PART.match(fold(own)) or STEP_FIRST.match(fold(own)) or KIND.match(own)
    if own.isupper() or step or " " in own:
        said = small_initial(said)
    thing, joint, part = over.rpartition(" : ")
    if joint and step and PART.match(fold(part)):
        over = thing
    return as_title(f"{over} : {said}")


# A date inside a title, which may not be the date of the item: « Concours « Eau » du 12 mars ».
DATE = re.compile(
    r"\s(?:(?:du|le|des|les)\s)?\d{1,2}(?:er)?\s(?:(?:et|au) \d+ )?(?:janvier|février|mars|avril"
    r"|mai|juin"
    r"|juillet|août|septembre|octobre|novembre|décembre)\b.*"
    r"|,\s(?:tout|en|début|fin|courant)\s(?:janvier|février|mars|avril|mai|juin|juillet|août"
    r"|septembre|octobre|novembre|décembre)\b.*|\s?:?\s\d{1,2}[/.]\d{1,2}\b.*",
    re.IGNORECASE,
)


def trimmed(said: str) -> str:
    """Return *said* without marks at its ends, without a date, and without joining words."""
    said = said.strip(" \t,;:–—-(*_|>•")
    said = DATE.sub("", said)
    while match := ENDS.search(said):
        said = said[: match.start()].strip(" ,;:–—-(")
    return said


#: What a thing is called, before what it is: « Voix hautes, le concours de lecture… ».
_CALLED = re.compile(
    r"(?:^|[.!?:]\s)(?!(?:En|Le|La|Les|L['’]|À|Au|Aux|Dans|Pour|Depuis|Comme|Lors|Après|Avant"
    r"|Cette|Ce|Avec"
    r"|Sur|Chaque|Tous|Toutes|Nous|Vous|Organisée?|Enfin|Ensuite|Puis|Si|De|Du|Des)\b)"
    r"(?P<name>[A-ZÀ-Þ][^,.;:!?«»\d]{3,45}), (?:le |la |l['’]|un |une |notre )$"
)
_CALLED_KIND = re.compile(
    r"(?:concours|prix|défi|festival|rallye|tournoi|challenge|projet)\b", re.IGNORECASE
)


def name(match: re.Match[str]) -> str:
    """Return the title of a match of :data:`NAMED`, with a capital at its start."""
    if _CALLED_KIND.match(match["name"]) and not re.search(r"[«“]", match["name"]):
        called = _CALLED.search(match.string, max(0, match.start() - 80), match.start())
        if called and not looks_like_a_sentence(called["name"], marked=False):
            return as_title(called["name"])
    said = trimmed(NEXT_SENTENCE.split(match["name"])[0])
    if told := _GOES_ON.match(said):
        said = told["name"]
    return as_title(capital_initial(said))


def names_something(title: str) -> bool:
    """Whether a title is a name, as an editor would keep it: with a name in quotation marks or a
    capital in it, or of a thing with what it is about (« Concours d'affiches »)."""
    thing = re.sub(r"^(?:L[ea]s? |L['’])", "", title.partition(" : ")[0])
    if KNOWN.search(fold(thing)) and len(re.findall(r"\w{4,}", thing)) > 1:
        return True
    if thing.isupper() and not re.search(r"[«“]", thing):
        thing = thing.lower()  # its capitals prove nothing
    # « Camp@Num », « RoboTeam »
    if not weak(thing) or re.search(r"[a-zà-ÿ][A-ZÀ-Þ@]", thing):
        return True
    if WHOLE.match(thing) and len(thing.split()) > 1:
        return True
    # « Forum régional des arts du livre », « Grand prix des jeunes poètes »
    return bool(_OF.match(thing)) and len(thing.split()) > 4 and not is_generic(thing)


_OF = re.compile(rf"(?:(?:grande?|petite?)\s)?(?:{KINDS})\b.*\s(?:des?|du|d['’])", re.IGNORECASE)


_VERBS_IN_TITLE = re.compile(
    r"\b(?:vous|nous|est|sont|sera|seront|aura|auront|\w{3,}ez)\b|[?!…]|^une? |https?:",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"^une? |\b(?:vous|nous|votre|vos|est|sont|sera|seront|ont|aura|auront|peut|peuvent|qui|que"
    r"|il|elle|ils"
    r"|elles|ce|cette|afin|merci|\w+ez)\b|[?!…]|[,;]\s|\d\s?h\b|\b20\d\d\b.*\b20\d\d\b|https?:"
    r"|@[\w.]+\.",
    re.IGNORECASE,
)


#: « Les classes de CM enquêtent sur… », « Chaque classe rend… »
_THEY_DO = re.compile(
    r"(?:(?:L|D|N|V)(?:es|os) (?!.*«)[^,;:«]{3,40}?\s(?!\w*ments?\b)[a-zà-ÿ]{3,}ent\b"
    r"|[ÀC]haque .*\s(?:envoie|rend|choisit|reçoit|dépose|présente)\b)"
)


def looks_like_a_sentence(title: str, *, marked: bool) -> bool:
    """Whether a title holds words of a sentence, or details, outside quotation marks.

    :param marked: whether the letter marks it as a title; it may then hold a comma or « qui ».
    """
    pattern = _VERBS_IN_TITLE if marked else _SENTENCE
    if _THEY_DO.match(title):
        return True
    said = re.sub(r"[«“][^»”]*[»”]|\b20\d\d[-–]20\d\d\b", "", title)
    if not marked and WHOLE.match(said):
        said = said.replace(", ", " ")  # « Prix du roman, 38e édition »
    return bool(pattern.search(said)) or (title[:1].islower() and not marked)


@lru_cache(512)
def is_rubric(title: str) -> bool:
    """Whether a heading names nothing: « Agenda », « En bref », « Amiens, le 13 mai 2024 »."""
    said = fold(title)
    generic = GENERIC.fullmatch(bare(said)) and "«" not in title
    if (called := _CALL.fullmatch(title)) and GENERIC.fullmatch(bare(called["name"])):
        return True
    if re.search(r"\bacademie d", said) and not WHOLE.search(title):
        return True
    if _CONTACT.search(said) or _FIELD.fullmatch(bare(said)):
        return True
    if _OFFICE.match(said) and not WHOLE.search(re.sub(r"«[^»]*»", "", title)):
        return True
    return bool(generic or _NO_TITLE.match(said) or ISSUE.search(title))


#: Matches of NAMED that name nothing: « deux mois », « la 34e édition », « l'atelier Canopé ».
_UNNAMED = re.compile(
    r"(?:défi d(?:e |['’])\w{2,}(?:[ei]r|[iudt]re)\b.*|mois|tours?|cycles?(?: (?:\d"
    r"|[ivx]+)(?!\w).*)?|labels?"
    r"|fête (?:ses|son|sa|leurs?|cette année)\b.*"
    r"|(?:semaines?|journées?) (?:suivantes?|prochaines?|dernières?|passées?|au choix)|semaines"
    r"|modules?(?: \d+| [A-Z])?|sessions?(?: 20\d\d)?|résultats|scores|présentation"
    r"|printemps(?:\s(?!d(?:es?|u)\b).*)?"
    r"|(?:\S+ )?éditions?(?: 20\d\d\S*)?|projets?|ateliers? canopé.*)$",
    re.IGNORECASE,
)


#: « six mois en Allemagne » is how long, and « la semaine suivante » is when.
_COUNT = 12
_SPAN = re.compile(r"(?:semaines?|mois|journées?|nuits?|séances?|sessions?)\b", re.IGNORECASE)
_COUNTED = re.compile(
    r"\b(?:\d+|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|plusieurs|quelques|chaque"
    r"|une|cette|toute la|par|demi-?)\s*\Z",
    re.IGNORECASE,
)


def names_in(said: str) -> list[re.Match[str]]:
    """Return the matches of :data:`NAMED` in a text that name something, in their order."""
    return [
        match
        for match in NAMED.finditer(said)
        if not _UNNAMED.match(trimmed(match["name"]))
        and not (
            _SPAN.match(match["name"])
            and "«" not in match["name"]
            and _COUNTED.search(said[max(0, match.start() - _COUNT) : match.start()])
        )
    ]


@lru_cache(512)
def is_strong(title: str) -> bool:
    """Whether a title says what sort of thing it names, or stands in quotation marks."""
    if WHOLE.search(title):
        return True
    return any(not weak(name(m)) or len(m["name"].split()) > 2 for m in names_in(title))


def is_field(heading: str) -> bool:
    """Whether a heading is that of a field or a season (« Théâtre et danse »): what comes under it
    is no title of the letter."""
    return bool(_FIELD.fullmatch(bare(heading)))


def is_letter(title: str) -> bool:
    """Whether a title is that of a letter (« La lettre des ponts »), and of nothing in it."""
    return bool(_LETTER.search(fold(title))) and not re.search(r"[«“]", title)


def names_a_thing(title: str) -> bool:
    """Whether a title holds the name of something, and not only the words of a step."""
    said = re.sub(r"remise des prix", "", title, flags=re.IGNORECASE)
    if STEP_FIRST.match(fold(said)):
        said = _CIRCUMSTANCE.sub("", said)
    return bool(WHOLE.search(said))


_VERB = re.compile(
    r"(?<!\bla)(?<!\bde)(?<!\bdes)(?<!\bles)(?<!\bune)\s(?:ouvre|ouvrent|lance|lancent|organise"
    r"|propose|revient|reviennent|invite|fête|célèbre"
    r"|recrute"
    r"|cherche|s['’]adresse|s['’]ouvre|aura|auront|a lieu|est|sont|sera|seront|se tient|se déroule"
    r"|débute|commence|reprend|vous|fait|accueille|arrive|recherche|passe(?:nt)?|tombe(?:nt)?|font"
    r"|touche(?:nt)?|reçoi(?:t|vent)|réuni(?:t|ssent)|continue|reste|\w{3,}[eid]r(?:a|ont)"
    r"|se\s(?!\w+(?:er|ir|[dti]re)\b)\w{3,}"
    r"|s['’](?!\w+(?:er|ir|re)\b)\w{3,})(?=\s|$)"
)


@lru_cache(512)
def has_verb(title: str) -> bool:
    """Whether a title outside quotation marks has a verb with which sentences tell what is on."""
    said = re.sub(r"[«“][^»”]*[»”]", "", title)
    return bool(_VERB.search(said) or _THEY.search(said))


#: « récompensent »; the nouns and adjectives that end so are few.
_THEY = re.compile(
    r"\s(?!(?:parent|talent|argent|vent|urgent|récent|présent|différent|patient|client|accident"
    r"|content|absent|continent|président|agent|adolescent|équivalent|excellent|innocent|orient"
    r"|occident|cent|souvent|comment)\b)(?!\w*ment\b)[a-zà-ÿ]{2,}ent(?=\s)"
)


_APPOSITION = re.compile(
    r"(?P<name>[A-ZÀ-Þ][^,«»:]{3,45}), (?:le |la |un |une |l['’])?(?:grand |nouveau |nouvelle )?"
    r"(?:concours|prix|défi|festival|rallye|salon|tournoi|projet|programme|challenge|appel|jeu"
    r"|opération|exposition|spectacle|dispositif)\b.*"
)
_SCHOOL_YEAR = re.compile(
    r"[\s,:–—(-]*\b(?:la )?(?:édition|session|saison|campagne)\s?20\d\d\s?[-–/]\s?(?:20)?\d\d\)?$",
    re.IGNORECASE,
)


#: « Concours « Archives » entre dans sa dernière ligne droite », « Festival « Tréteaux » réunit… »
_GOES_ON = re.compile(
    rf"(?P<name>(?:(?:Le|La|Les) |L['’])?(?:{KINDS})\b[^«»:]{{0,40}}«[^«»]{{2,80}}»)"
    r"(?:\s(?!(?:de|du|des|pour|à|au|aux|en|et|ou|avec|par|sur|dans|chez|sous|contre|entre le"
    r"|niveau|session|édition|organisé\w*|proposé\w*)\b)[a-zà-ÿ]{2,}\b|,\s|\s[–—-]\s).*",
    re.IGNORECASE | re.DOTALL,
)


#: « Défi Robots : à vos marques », « Prix de l'engagement : ouverture de la 6e édition »: what a
#: heading calls for after a name.
_CALL = re.compile(
    r"(?P<name>[^:]{4,70}?)\s?:\s(?:à vos|c['’]est|les? gagnants?|les lauréats|la saison|saison \d"
    r"|ouverture|lancement|place à|en route|top départ|plus que|(?:la |une )?\d+\s?e édition"
    r"|nouvelle édition|(?:on |il |elle |nous |vous )|[^:]*(?:\bc['’]est\b|\b\w{3,}ez\b|!$)).*",
    re.IGNORECASE,
)


@lru_cache(512)
def subject(title: str) -> str:
    """Return the name in a title that says more than a name.

    « Le parlement des collégiens ouvre sa dixième session » is about « Le parlement des
    collégiens »; « Voix hautes, concours de plaidoiries » is « Voix hautes »; the school year of an
    edition is no part of its name.
    """
    title = _SCHOOL_YEAR.sub("", title) or title
    if (called := _CALL.fullmatch(title)) and is_strong(called["name"]):
        title = called["name"]
    if told := _GOES_ON.match(title):
        return told["name"]
    if match := _APPOSITION.fullmatch(title):
        return match["name"] if not NAMED.search(match["name"]) else title
    shorter = title
    for match in _VERB.finditer(title):
        before = title[: match.start()]
        if before.count("«") <= before.count("»"):
            shorter = before
            break
    if (
        shorter != title
        and len(shorter.split()) > 1
        and re.match(r"(?!(?:On|Il|Ils|Elles?|Nous|Vous|Ça|Ce)\b)[A-ZÀ-Þ]", shorter)
    ):
        return title if re.search(r"[«“]", title) and "«" not in shorter else shorter
    return title


_ALONE = re.compile(
    r"rencontres? (?:nationale?s?|internationale?s?|europeen\w*)\b"
    r"|(?:journees?|nuits?|semaines?|fetes?|marathon|quinzaine|printemps|festival|salon)"
    r" (?:(?:nationale?s?|internationale?s?|europeen\w*|mondiale?s?)\b"
    r"|(?:de (?:la |l')|du |des )(?!(?:prix|concours|laureats?|classes?|projets?|eleves|ecoles?"
    r"|enseignants?|professeurs?|auteurs?|finale)\b)\w{4,})"
)


def stands_alone(title: str) -> bool:
    """Whether a title is that of a day or a week with a name of its own, which is no part of what
    stands above it: « Nuit de la géographie »."""
    said = fold(title)
    return (
        bool(_ALONE.match(said) or KNOWN.match(said))
        and PART.match(said) is None
        and not is_only_a_sort(title)
    )


def is_only_a_sort(title: str) -> bool:
    """Whether a title is a sort with its reach alone: « Rencontre nationale », « Concours
    académique »."""
    return bool(_ONLY_A_SORT.fullmatch(fold(title)))


#: « La rencontre nationale » is that of what stands above.
_ONLY_A_SORT = re.compile(
    r"\w+ (?:nationale?|(?:inter)?academique|departementale?|regionale?|annuelle?|finale?)s?"
)


@lru_cache(512)
def is_generic(title: str) -> bool:
    """Whether a title is a sort of thing, of things that everybody has: « Prix de la classe »."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"\b[ld]['’]", "", fold(title)))
    told = [word for word in words if word not in _JOINING]
    return len(told) < 5 and all(
        GENERIC.fullmatch(word) or _FOLDED_KIND.fullmatch(word) for word in told
    )


_FOLDED_KIND = re.compile(fold(KINDS).replace("[a-za-y]", "[a-z]"))


_JOINING = frozenset("de du des la le les et en au aux a pour".split())


def weak(title: str) -> bool:
    """Whether a title identifies nothing: « Webinaire de restitution », « Prochain atelier »."""
    return not re.search(r"[«“#\"]|\s[A-ZÀ-Þ0-9]|[’'][A-ZÀ-Þ]", title) and len(title.split()) <= 7


#: What a class has or is: « les groupes « fluence » », « la mallette « Robots » ».
_OF_CLASS = re.compile(
    r"(?:groupes?|classes?|equipes?|eleves|fiches?|salles?|sites?|applications?|malles?|mallettes?"
    r"|kits?|guides?|livrets?|dossiers?)\b"
)


@lru_cache(512)
def names_a_sort(title: str) -> bool:
    """Whether a title says what sort of thing it names and which, as nobody would write it of
    another thing: in quotation marks, by a name known all over the country, or by its sort with
    what it is of."""
    thing = re.sub(r"^(?:L[ea]s? |L['’])", "", title.partition(" : ")[0])
    if _OF_CLASS.match(fold(thing)):
        return False
    if re.search(r"[«“\"]|[a-zà-ÿ][A-ZÀ-Þ@]", thing) or KNOWN.search(fold(thing)):
        return True
    told = re.search(r"\w{4,}|[A-ZÀ-Þ]{2,}", KIND.sub("", thing, count=1))
    named = names_something(thing) or is_named(thing)
    return bool(KIND.match(thing) and told) and named and not is_generic(thing)


def is_named(title: str) -> bool:
    """Whether a title names one thing: it has a proper name, or says what its thing is of in words
    that not everybody has (« Nuit du code junior »)."""
    if not weak(title) or KNOWN.match(fold(title)):
        return True
    if PART.match(fold(title)):
        return False
    return bool(_OF_WHAT.match(title)) and not is_generic(title)


#: A thing with three words more.
_OF_WHAT = re.compile(rf"(?:{KINDS})(?:[\s'’]+\w[\w.-]*){{3}}", re.IGNORECASE)


@lru_cache(512)
def bare(said: str) -> str:
    """Return *said* folded and without marks, to compare with :data:`GENERIC`.

    Without a letter or a digit, *said* counts as « date ».
    """
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s'-]", " ", fold(said))).strip() or "date"
