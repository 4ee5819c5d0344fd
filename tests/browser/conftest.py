"""One real server and one real browser for the whole folder.

Only a browser knows how a page looks, where its bars are drawn and which elements a keyboard
reaches. These tests read the pages as people get them, without mocks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from calendar_app.school.school_year import SchoolYear
from tests.tools import PATIENCE, ROOT, first_answer, free_port, need

expect.set_options(timeout=60_000)

#: A morning before the contests of the letter.
JANUARY = "le=2021-01-04"
#: Pages are as wide as their words: the tests see one font on every machine.
FONTS = Path(__file__).parent / "fonts.conf"
#: The widths of a desktop and of a phone, in CSS pixels.
DESK, PHONE = 1280, 360
WIDTHS = (DESK, PHONE)
SCHEMES = ("light", "dark")


class Place(NamedTuple):
    """A page of the site in one of its states.

    :param address: the path and the query.
    :param shows: words that the page shows only in this state.
    :param status: the HTTP status of the answer.
    """

    address: str
    shows: str
    status: int = 200


#: The school year of a first start today, for which rules make their days.
THIS_YEAR = SchoolYear.of(datetime.now(UTC).date()).label

#: Every public template, in each of its states.
PLACES = {
    "home": Place(f"/?{JANUARY}", "Dans les quatre semaines de classe"),
    "home-days": Place("/", "Les prochaines journées"),
    "home-academie": Place(f"/?{JANUARY}&academie=lille", "Prochaines dates, académie de Lille"),
    "home-nothing": Place(f"/?{JANUARY}&academie=lille&type=concours&q=apprendre", "Sans concours"),
    "list": Place(f"/agenda/?{JANUARY}", "Du 18 au 24 janvier 2021"),
    "list-days": Place("/agenda/", "Journée"),
    "list-empty": Place("/agenda/?journees=0", "Revoir l’année scolaire 2020-2021"),
    "month": Place(f"/calendrier/2021/01/?{JANUARY}&academie=lille", "La Fête de l’Apprendre"),
    "month-archive": Place("/calendrier/2021/05/", "Archive : dates passées"),
    "month-empty": Place("/calendrier/2021/07/", "Aucune date ce mois-ci"),
    "year": Place("/annee-scolaire/2020-2021/", "Sans académie choisie"),
    "year-days": Place(f"/annee-scolaire/{THIS_YEAR}/", "Les journées de l’année"),
    "year-academie": Place(
        f"/annee-scolaire/2020-2021/?{JANUARY}&academie=montpellier", "Période 1"
    ),
    "poster": Place(
        f"/annee-scolaire/2020-2021/affiche/?{JANUARY}&academie=montpellier", "Affiche"
    ),
    "choice": Place(f"/mon-academie/?{JANUARY}&academie=lille&niveau=cm2", "Toutes les académies"),
    "choice-problem": Place("/mon-academie/?lieu=atlantide", "Nous ne connaissons pas"),
    "selection": Place(
        f"/ma-selection/?{JANUARY}&evenements=ma-classe-a-du-talent-2020-2021,roboteam-2020-2021",
        "Copier pour un message",
    ),
    "selection-empty": Place(f"/ma-selection/?{JANUARY}", "Choisissez quelques événements"),
    "contest": Place(
        f"/evenements/ma-classe-a-du-talent-2020-2021/?{JANUARY}&academie=clermont-ferrand",
        "Date limite pendant vos vacances",
    ),
    "contest-dates": Place(
        f"/evenements/roboteam-2020-2021/?{JANUARY}&academie=montpellier", "Ouverture"
    ),
    "session": Place("/evenements/fete-de-l-apprendre-2020-2021/", "A lieu"),
    "contest-past": Place(
        "/evenements/ma-classe-a-du-talent-2020-2021/?academie=clermont-ferrand",
        "Me prévenir de la prochaine édition",
    ),
    "without-day": Place("/evenements/geodeclic-2020-2021/", "aucun jour précis"),
    "chooser": Place("/flux/", "Obtenir l’adresse"),
    "chooser-chosen": Place("/flux/?academie=lille", "Adresse à coller dans votre agenda"),
    "chooser-empty": Place("/flux/?flux=national&theme=sport", "encore vide"),
    "how-to": Place("/flux/mode-d-emploi/?flux=academie-de-lille", "recopiez cette adresse"),
    "chooser-problem": Place("/flux/?lieu=atlantide", "Nous ne connaissons pas"),
    "sign-up": Place("/abonnement/?academie=lille&niveau=cycle-3", "Où j’enseigne"),
    "sign-up-event": Place(
        f"/abonnement/?evenement=ma-classe-a-du-talent-2020-2021&{JANUARY}", "Me prévenir de"
    ),
    "sign-up-next-edition": Place(
        "/abonnement/?evenement=ma-classe-a-du-talent-2020-2021", "Cette édition n’est pas encore"
    ),
    "find-link": Place("/abonnement/retrouver/", "Recevoir mon lien"),
    "propose": Place("/proposer/?academie=lille", "Page officielle"),
    "propose-mistake": Place("/proposer/?evenement=roboteam-2020-2021", "La fiche en général"),
    "propose-thanks": Place("/proposer/merci/", "Votre message est arrivé"),
    "propose-known": Place("/proposer/merci/?deja=roboteam-2020-2021", "Déjà au calendrier"),
    "forgotten-password": Place("/redaction/mot-de-passe/", "Recevoir un lien"),
    "open-data": Place("/api/v1/", "Licence Ouverte 2.0"),
    "help": Place(f"/aide/?{JANUARY}&academie=lille", "Ce que veulent dire les mots"),
    "site-map": Place("/plan-du-site/", "Par académie"),
    "accessibility": Place("/accessibilite/", "Voies de recours"),
    "embed-builder": Place("/integrer/?academie=lille&le=2021-01-04", "Code à copier"),
    "personal-data": Place("/donnees-personnelles/", "Vos droits"),
    "processing": Place("/donnees-personnelles/registre/", "Personnes concernées"),
    "legal-notice": Place("/mentions-legales/", "directrice de la publication"),
    "style": Place("/style/?academie=lille", "Les composants des pages"),
    "not-found": Place("/nulle-part/", "Page introuvable", 404),
}


@contextmanager
def serving(instance: Path, **more: str) -> Iterator[str]:
    """Run ``calendar-app serve`` on a new store in *instance*, without a worker; yield the address
    of the site.

    :param more: settings, by the names of their environment variables.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environ = {n: value for n, value in os.environ.items() if not n.startswith("CALENDAR_")}
    environ |= {"PORT": str(port), "CALENDAR_PUBLIC_URL": address} | more
    with subprocess.Popen(
        [sys.executable, "-m", "calendar_app", "serve", "--no-worker"],
        cwd=ROOT,
        env=environ | {"CALENDAR_INSTANCE": str(instance)},
        stdin=subprocess.DEVNULL,
    ) as server:
        try:
            status, _ = first_answer(f"{address}/readyz", lambda: server.poll() is None)
            assert status == 200
            yield address
            server.terminate()
            assert server.wait(timeout=PATIENCE) in (0, -signal.SIGTERM), "it did not stop well"
        finally:
            server.kill()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium; skip the test when Chromium is not installed."""
    path = need("chromium", "the pages in a real browser")
    quiet = ("background-networking", "component-update", "sync", "gpu")
    with sync_playwright() as playwright:
        # Playwright turns the sandbox off by default: with it, Chromium refuses to run as root.
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-first-run", *(f"--disable-{n}" for n in quiet)],
            env=os.environ | {"FONTCONFIG_FILE": str(FONTS)},
        )
        yield browser
        browser.close()


# These fixtures end with the folder, not with the session: while Playwright runs, it occupies the
# event loop of the thread, and a test in another folder could not start a loop.


@pytest.fixture(scope="package")
def site(tmp_path_factory) -> Iterator[str]:
    """The address of a running site with the real content."""
    with serving(tmp_path_factory.mktemp("site") / "instance") as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def new_page(browser, site) -> Iterator[Callable[..., Page]]:
    """Open a page as a new visitor: ``new_page(PHONE, "dark")`` with any option of a Playwright
    context. ``page.goto`` takes a path."""
    opened = []

    def new(width: int = DESK, scheme: str = "light", **options: Any) -> Page:
        context = visitor(browser, site, width, scheme, **options)
        opened.append(context)
        return context.new_page()

    yield new
    for context in opened:
        context.close()


@pytest.fixture(scope="package")
def page_of(browser, site) -> Callable[..., Page]:
    """Return the page for a width, a colour scheme and a text size (in CSS pixels). Each call with
    the same values returns the same page, for tests that only open addresses and look."""

    @cache
    def page(width: int = DESK, scheme: str = "light", text: int = 16) -> Page:
        opened = visitor(browser, site, width, scheme).new_page()
        set_text_size(opened, text)
        return opened

    return page


def set_text_size(page: Page, text: int) -> None:
    """Set the text size of the browser's own settings, in CSS pixels; 16 is the usual size."""
    fonts = {"standard": text, "fixed": text - 3}
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": fonts})


def visitor(
    browser: Browser, site: str, width: int, scheme: str = "light", **options: Any
) -> BrowserContext:
    """Return a browser of its own, without cookies, storage or history."""
    options = {
        "viewport": {"width": width, "height": 800},
        "color_scheme": scheme,
        # A busy machine gives up a smooth scroll before its end.
        "reduced_motion": "reduce",
        **options,
    }
    context = browser.new_context(base_url=site, locale="fr-FR", **options)
    # Server and browser are on this machine, which may be busy: a wait of a minute is enough.
    context.set_default_timeout(60_000)
    return context


def _wait_for_scripts() -> None:
    """Let a test act only on a page that has run its scripts, and look only at such a page.

    A click or a key waits for the first bytes of the page that it opens, not for its end: on a busy
    machine a test could look at a page without a body, or leave one before its script remembered
    what was chosen. (A key of ``page.keyboard`` does not wait at all: where a key opens a page,
    press it on the element that has the focus.)
    """

    def waiting(act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(where: Page | Locator, *values: Any, **options: Any) -> Any:
            page = where if isinstance(where, Page) else where.page
            page.wait_for_load_state()
            done = act(where, *values, **options)
            page.wait_for_load_state()
            return done

        return acted

    for cls, names in ((Page, ("goto",)), (Locator, ("click", "press"))):
        for name in names:
            setattr(cls, name, waiting(getattr(cls, name)))


_wait_for_scripts()
