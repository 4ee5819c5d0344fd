"""The words of each theme, as patterns over folded text.

A word with several meanings needs other words beside it: « espace » alone may be a room or a web
page. Few words belong to two themes (« algorithme », « désinformation »).
"""

from __future__ import annotations

#: Slug of a theme in ``data/themes.yaml`` → the pattern of its words.
THEME_WORDS = {
    "langues-vivantes": (
        r"langues? (?:vivantes?|etrangeres?|regionales?)|anglais\w*|allemand\w*|espagnol\w*"
        r"|italien\w*|portugais|chinois|arabe|english|deutsch|bilingues?|plurilingu\w*|etwinning"
    ),
    "europe-et-international": (
        r"europe\w*|erasmus\w*|e-?twinning|jumel\w+|international\w*|francophon\w*"
        r"|echanges? scolaires?|mobilites?"
    ),
    "lecture-et-ecriture": (
        r"lecture\w*|lecteurs?|ecriture|ecri[rt]\w*|lire|livres?|romans?"
        r"|nouvelles? (?:litteraires?|en \d+)|nouvelles? ne|poesie|poemes?|poetes?|ecrivain\w*"
        r"|contes?|orthographe|dictee|bibliotheques?|litterature|litteraires?|manuscrits?"
        r"|albums? jeunesse|bandes? dessinees?"
    ),
    "oral": (
        r"eloquence|plaidoiries?|oral(?:e|es|ite)?|prise de parole|orat(?:eurs?|oires?)|discours"
        r"|debat\w*"
    ),
    "mathematiques": (
        r"mathemati\w*|maths?|calcul\w*|geometr\w*|algebr\w*|algorithm\w*|kangourou|fractions?"
        r"|nombres?|enigmes? logiques?"
    ),
    "sciences": (
        r"sciences?|scientifiques?|physique(?!-)|chimie|biologie|technologies?(?! numeriques?)"
        r"|experiences? scientifiques?|experimentations?|laboratoires?|volcans?|fossiles?"
        r"|main a la pate"
    ),
    "espace": (
        r"(?:dans|de|vers|a) l'espace(?! (?:de|du|des|d'|numerique|dedie|personnel|documentaire"
        r"|presse))|(?:conquete|droit) (?:spatiale|de l'espace)|astronom\w*|astrophys\w*|planet\w+"
        r"|astronautes?|cosmos|etoiles?|lune|telescopes?|spatia\w+|galaxies?|fusees?|nasa|cnes"
    ),
    "numerique": (
        r"numeriques?|programm(?:ation|er)|cod(?:er|age)"
        r"|(?<!du )(?<!le )code(?! (?:de|du|d'|postal|penal|promo))|scratch|python|informatique"
        r"|algorithm\w*|logiciels?|intelligence artificielle|ia|cryptanalyse|cybersecurite"
        r"|tablettes?|nsi|jeux? video"
    ),
    "robotique": (r"robot\w*|thymio|drones?|arduino|lego"),
    "medias-et-information": (
        r"medias?|presse|emi|journal(?:is\w+)?|journaux|radios?|webradio\w*|podcasts?"
        r"|(?:maitrise|education) (?:de|a) l'information|reporters?|clemi|desinformation|infox"
        r"|fake news"
    ),
    "esprit-critique": (
        r"esprit critique|desinformation|fake news|infox|complot\w*|zetetique"
        r"|verifier l'information|vrai ou faux"
    ),
    "histoire-et-memoire": (
        r"(?<!une )histoire(?! (?:de rire|a ))|historiques?|memoire(?! vive)|memoriel\w*"
        r"|commemorat\w*|(?:la|de) resistance|deportation|shoah|armistice|archives?"
        r"|anciens combattants|poilus?|guerre|esclavage|bleuet"
    ),
    "geographie": (
        r"geograph\w*|territoires?|cartograph\w*|cartes? (?:sensibles?|geographiques?)|paysages?"
        r"|ign"
    ),
    "citoyennete": (
        r"citoyen\w*|droits? (?:de l'homme|des? (?:l')?enfants?|humains?|et devoirs)"
        r"|defenseur des droits|quels droits|laicite|democrat\w*|emc|(?:la|de la) republique"
        r"|harcelement|cyberharcelement|engagement (?:citoyen|des)|solidarite|valeurs de la"
    ),
    "egalite-filles-garcons": (
        r"egalite (?:entre )?(?:les )?(?:filles|femmes|des sexes)\S*|egalite professionnelle"
        r"|mixite|sexis\w*|stereotypes? de genre|femmes (?:et|en) sciences|filles et"
    ),
    "inclusion": (
        r"inclusi\w*|handi\w+|accessibilite|ulis|allophones?|langue des signes|autis\w*|dys\w*"
        r"|inclure"
    ),
    "developpement-durable": (
        r"developpement durable|ecolog\w*|eco-?(?:ecole|delegue|citoyen)\w*|climat\w*|biodiversite"
        r"|environnement(?! numerique)\w*|edd|dechets?|jardin\w*|energies?|recycl\w*|algues?"
        r"|aires? (?:marines?|terrestres?)|transition ecologique|foret|oceans?"
    ),
    "arts-visuels": (
        r"arts? (?:visuels?|plastiques?)|patrimoine|dessin\w*|peint(?:ure|res?)|aquarelles?"
        r"|musees?|architect\w*|affiches?|sculptur\w*|illustrat\w*|carnets? de voyage|gravures?"
        r"|land art"
    ),
    "musique": (
        r"musi\w*|chorales?|chant\w*|choeurs?|dans(?:e|es|er|eurs?|euses?)|theatra\w*"
        r"|(?<!au )(?<!grand )theatre(?! (?:de|du|d'|des|municipal|national))|instruments?"
        r"|orchestres?|opera|chansons?|spectacle vivant|cirque"
    ),
    "image-et-cinema": (
        r"cinema\w*|films?|filmer|courts?[- ]metrages?|videos?|photo\w*|realisateurs?"
        r"|realisatrices?|animation en volume|stop ?motion|documentaires?"
    ),
    "sport": (
        r"sports?|sporti\w*|usep|unss|cross|courses? (?:d'orientation|a pied)|athletisme"
        r"|olympi(?:que|sme)\w*|voile|rugby|football|natation|velo|eps|handball|basket\w*"
    ),
    "sante": (
        r"sante|bien-etre|nutrition|alimentation|premiers secours|gestes qui sauvent|addictions?"
        r"|sommeil|psychosocia\w*|sexualite|secourisme"
    ),
    "orientation-et-metiers": (
        r"(?<!course d')(?<!courses d')orientation(?! nationale)|metiers?"
        r"|stages? (?:de|en) (?:3e|2de|seconde)|apprenti(?:s|es|ssage)?(?! lecteurs?)|parcoursup"
        r"|avenir professionnel|filieres?"
    ),
    "economie-et-entreprise": (
        r"econom\w*|entrepris(?:e|es)|entrepren\w*|mini-entreprises?|financ\w+|budgets?"
    ),
    "formation-entre-pairs": (
        r"entre pairs|pratiques professionnelles|mutualis\w*|formateurs?"
        r"|developpement professionnel|apprendre entre"
    ),
}
