"""Names that are known all over the country, as common knowledge: contests, weeks and programmes.

A title that is one of them is a name, whatever marks it (``sure_titles``). Whose they are is
another question: a contest is for the whole country, a week is held everywhere, and a programme is
run by each office for its own classes (``places.scopes``). The patterns are for folded text.
"""

from __future__ import annotations

import re

_CONTESTS = (
    r"olympiades?|kangourou|castor|alkindi|algorea|c\.?genial|faites de la science|mediatiks"
    r"|zero[ -]?clich\w*|arret sur images|concours general|trophees nsi|nuits? du code"
    r"|mathematiques sans frontieres|concours (?:scolaire )?des dix mots|dis-moi dix mots"
    r"|non au harcelement|goncourt des lyceens|jean renoir des lyceens|prix samuel paty"
    r"|incorruptibles|petits champions de la lecture|si on lisait"
    r"|resistance et de la deportation|cnrd|bulles de memoire|heritiers de memoire"
    r"|flamme de l'egalite|petits artistes de la memoire|jeunes reporters|ecoles fleuries"
    r"|mots en or|wikiconcours|parlement des enfants|math\.?en\.?jeans|course en cours|robocup"
    r"|first lego league|big challenge|allons en france|renvoye special"
)
_WEEKS = (
    r"(?:semaine|quinzaine) (?:de la presse|des math(?:ematique)?s|des langues"
    r"|de la langue francaise|olympique|du gout|du cerveau|de l'industrie|bleue)"
    r"|fetes? de la (?:science|nature|musique)|printemps des poetes"
    r"|nuits? (?:de la (?:lecture|geographie)|europeenne des musees)"
    r"|code week|erasmus ?days|safer internet|grande lessive|course contre la faim"
    r"|rendez-vous de l'histoire|festival international de geographie"
)
_PROGRAMMES = (
    r"(?:ecoles?|colleges?|maternelles?|lyceens(?: et apprentis)?) (?:et|au) cinema"
    r"|orchestre a l'ecole|savoir rouler a velo|la classe, l'oeuvre|cordees de la reussite"
    r"|certification pix"
)
#: Contests for the whole country, and weeks and days that are held everywhere.
COUNTRYWIDE = re.compile(rf"\b(?:{_CONTESTS}|{_WEEKS})\b")
#: Any known name.
KNOWN = re.compile(rf"\b(?:{_CONTESTS}|{_WEEKS}|{_PROGRAMMES})\b")
#: What the European Union and the offices of exchange offer, to every school.
EXCHANGES = re.compile(
    r"\b(?:erasmus|e-?twinning|euroscola|ofaj|ka ?[12]\d\d|partenariats? (?:simplifies?"
    r"|de cooperation)|programme (?:voltaire|brigitte sauzay|jules verne)"
    r"|assistants? de langue)\b"
)
