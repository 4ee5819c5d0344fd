"""Lines that are on a page for another reason than to be read: captions, buttons, postal addresses.

They announce nothing and give no title.
"""

from __future__ import annotations

import re

from calendar_app.letters.layout.flat_text import flat
from calendar_app.words.text import fold

_CAPTION = re.compile(
    r"(?:(?:(?:image|photo|photographie|logo|logotype|visuel|illustration|bandeau|banniere|vignette"
    r"|affiche|icone|capture d'ecran|portrait|couverture|picto\w*)s?"
    r"(?: (?:du|de l'|de la|des|d'|d'un|d'une)\b.{1,60}| ?:.{0,90})?"
    r"|(?:credits?|copyright|legende|source|texte alternatif)s?"
    r"(?: (?:photo|image|visuel|illustration)\w*)? ?[:©].{0,90}|(?:©|\(c\)).{1,80}"
    r"|(?:image|photo|logo|visuel)(?: (?:cliquable|decorative?|officielle?|sans titre))?"
    r"(?: n?°? ?\d{1,3})?)\W*)"
)
#: What a button leads to.
_PAGE = (
    r"(?:(?:la |le |les |l'|ce |cette |cet |notre |nos |mon |votre )?(?:suite|articles?|reglements?"
    r"|pages?|sites?|videos?|documents?|fiches?|dossiers?|formulaires?|programmes?|affiches?|plus"
    r"|messages?|versions?|agendas?|calendriers?|actualites?|liens?|detail|informations?|infos?"
    r"|podcasts?|lettres?|newsletters?|navigateur|sommaire|images?|photos?|bulletins?|pdf"
    r"|catalogues?|nous)|en ligne|ici|plus|tout|tous|toutes)"
)
_BUTTON = re.compile(
    r"(?:[^\w]*(?:"
    rf"(?:lire|voir|afficher|consulter|telecharger|decouvrir|retrouver|ouvrir|acceder|partager"
    rf"|imprimer|visionner|ecouter|visiter|parcourir|enregistrer|ajouter|envoyer|rejoindre)"
    rf"(?: (?:toute?s? )?(?:a |au |aux |dans |sur )?{_PAGE}(?: .{{0,30}})?)?"
    r"|s'inscrire|se connecter|participer|repondre"
    rf"|(?:lisez|voyez|consultez|telechargez|decouvrez|accedez|partagez|suivez)"
    rf"(?:[ -](?:a |au |aux |dans |sur )?{_PAGE}(?: .{{0,30}})?)"
    r"|cliquez(?:[ -].{0,40})?"
    r"|en savoir (?:plus|davantage)(?: .{0,30})?|(?:plus|toutes les) (?:d')?info\w*(?: .{0,20})?"
    r"|je (?:m'inscris|participe|decouvre|reserve|candidate|telecharge)(?: .{0,30})?"
    r"|inscrivez-vous(?: ici| en ligne)?|inscription en ligne|(?:la )?suite"
    r"|retour(?: (?:au|a la|a l'|en) .{1,20})?|haut de page|menu(?: principal)?|accueil|fermer"
    r"|suivant|precedent|se desabonner|se desinscrire|version en ligne|ici|pdf|facebook|twitter"
    r"|linkedin|instagram|youtube|aller au contenu(?: principal)?"
    r"))[^\w]*"
)
_ADDRESSED = re.compile(
    r"\W*(?:texte adresse\b|destinataires?\b|a l'attention d|copies? (?:a|au|aux|pour)\b|s/c\b"
    r"|sous couvert d|diffusion ?:|pour (?:attribution|information)\b"
    r"|(?:a|aux?) (?:mesdames|messieurs|madame|monsieur|rect(?:eurs|rices)|chef(?:fe)?s d"
    r"|inspect(?:eurs|rices)|direct(?:eurs|rices)|professeurs)\b[^.!?]{0,250}$)"
)
_STREET = re.compile(
    r"\b(?:rue|avenue|boulevard|place|quai|cours|allee|chemin|route|impasse|cedex|bp \d)\b"
)


#: A line without one of these is none: this is asked of every line.
_MAY_BE = re.compile(
    r"^\W*(?:imag|photo|logo|visuel|illustr|bandeau|banni|vignette|affich|ic[ôo]n|capture|portrait"
    r"|couvert|picto|cr[ée]dit|copyright|l[ée]gende|source|texte|lire|voir|consult|t[ée]l[ée]ch|d[ée]couv"
    r"|retrouv|ouvr|acc[ée]d|partag|imprim|vision|[ée]cout|s['’]inscr|se |particip|r[ée]pond|visit"
    r"|parcour|enregistr|ajout|envoy|rejoin|plus|lisez|voyez|cliquez|suiv|en savoir|toutes|je "
    r"|inscri"
    r"|la suite|suite|retour|haut|menu|accueil|fermer|pr[ée]c[ée]d|version|ici|pdf|facebook|twitter"
    r"|linkedin|insta|youtube|aller|dest|[àa] l['’]att|[àa] |copie|s/c|sous couvert|diffusion"
    r"|pour |aux? )"
    r"|\d{5} \w",
    re.IGNORECASE,
)


def is_caption(line: str) -> bool:
    """Whether a line is the caption of a picture, a button, a postal address or says to whom
    a text is addressed.

    A line with a date, a quotation or the end of a sentence is none.
    """
    if line.lstrip().startswith("©"):
        return True
    if not _MAY_BE.search(line):
        return False
    said = fold(flat(line)).strip()
    if not said or re.search(r"[«“]|\d{1,2}(?:er)? [a-z]{3,9}\b.*\d{4}|\w\.$", said):
        return False
    if re.search(r"\b\d{5} [a-z]", said) and _STREET.search(said):
        return len(said) < 120
    if _CAPTION.fullmatch(said) or _ADDRESSED.match(said):
        return True
    return len(said) <= 60 and bool(_BUTTON.fullmatch(said)) and not _ASKS.search(said)


#: What a button may start with and a line of an article too: it says a day, or for whom it is.
_ASKS = re.compile(r"\d|\b(?:avant|jusqu|du|au plus tard|concours|prix|defi|rallye|journees?)\b")
