"""Accessibility of a page: the rules of axe-core, and checks that axe-core does not make."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from zlib import crc32

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.browser.conftest import DESK, PHONE, SCHEMES, WIDTHS
from tests.tools import CAMPAIGN

#: Widths in CSS pixels: a desktop at a zoom of 200 % (WCAG 2.2, 1.4.4), and the narrowest window
#: (1.4.10).
ZOOMED, NARROW = DESK // 2, 320

#: The elements that stick out on the right of the window.
STICKING_OUT = """() => {
  const width = window.innerWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter(e => e.getBoundingClientRect().right > width)
    .map(e => e.outerHTML.slice(0, 120));
}"""

_RUN = """() => axe.run({ resultTypes: ["violations", "incomplete"] })
  .then(({ violations, incomplete }) => ({ violations, incomplete }))"""

_RUN_IN_MENU = """() => axe.run("details.menu[open]", { resultTypes: ["violations"] })
  .then(({ violations }) => violations.map((rule) => [rule.id, rule.nodes.map((n) => n.html)]))"""

HEADINGS = "h1, h2, h3, h4, h5, h6"

#: What the RGAA asks for and axe-core does not: the faults, each with the number of its criterion.
#: docs/accessibility.md names them.
RGAA = r"""() => {
  const faults = [], all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const note = (criterion, e) => faults.push(`${criterion}: ${e.outerHTML.slice(0, 160)}`);
  const text = (e) => (e ? e.textContent.replace(/\s+/g, " ").trim() : "");
  const told = (e, name) => (e.getAttribute(name) || "").split(" ").filter(Boolean)
    .map((id) => text(document.getElementById(id))).join(" ");
  const named = (e) => e.getAttribute("aria-label") || told(e, "aria-labelledby");
  const check = (criterion, selector, isRight) => {
    for (const e of all(selector)) if (!isRight(e)) note(criterion, e);
  };
  check("1.1", "svg:not([aria-hidden=true] svg, [aria-hidden=true], svg svg)",
    (e) => e.getAttribute("role") === "img" && named(e));
  check("1.9", "figure:has(> figcaption)", (e) =>
    e.getAttribute("role") === "figure" && named(e) === text(e.querySelector("figcaption")));
  check("5.4", "table", (e) => text(e.caption) || named(e));
  check("5.6", ".month .bar a, .month .holiday", (e) => /\d{4}$/.test(text(e)));
  check("9.4", "main p", (e) => !/^« .* »$/.test(text(e)));
  check("8.9", "p, li, dt, dd, legend, label, caption, h1, h2, h3, h4",
    (e) => text(e) || e.querySelector("svg, input, [hidden]") || e.closest("[role=status]"));
  check("9.3", "footer p", (e) => all("a", e).length < 2);
  check("10.1", "[width]:not(svg, svg *), [height]:not(svg, svg *), [align], [border], [size]",
    () => false);
  check("10.9", ".month-days .off", (e) => /vacances/.test(text(e)));
  check("10.9", ".steps .later", (e) => /plus tard/.test(text(e)));
  check("11.10", "form[method=get] [required]", () => false);
  check("12.5", "footer.site", (e) => e.querySelector("a[href$='#f-q']"));
  check("12.6", "nav", (e) => e.querySelector("a"));
  check("12.7", "a.skip", (e) => text(document.querySelector(e.hash)));
  check("11.7", "fieldset", (e) => e.firstElementChild?.localName === "legend"
    && text(e.firstElementChild) && !/^Si vous n/.test(text(e.firstElementChild)));
  check("11.11", "main [role=alert].band", (e) => e.autofocus && e.tabIndex === -1);
  const box = "input:is([type=radio], [type=checkbox])";
  const group = (e) => e.closest("fieldset, [role=group]");
  check("11.5", box, (e) => all(box, e.form || document).filter((o) => o.name === e.name).length < 2
    || (group(e) && (group(e).localName === "fieldset" || named(group(e)))));

  // 11.10: which fields must be filled in. Either the form says « tous », and each optional field
  // is marked; or each field that must be filled in is marked.
  const names = (e) => {
    const found = [...(e.labels || [])].map(text).concat(told(e, "aria-describedby"));
    for (let g = e.closest("fieldset"); g; g = g.parentElement.closest("fieldset")) {
      found.push(text(g.querySelector("legend")), told(g, "aria-describedby"));
    }
    return found.join(" ");
  };
  const isFilled = (e) => e.required || (e.localName === "select" && e.value)
    || (e.type === "radio" && all(box, e.form).some((o) => o.name === e.name && o.checked));
  for (const form of all("form[method=post]")) {
    const typed = "input:not([type=hidden], [tabindex='-1'], [readonly]), select, textarea";
    const fields = all(typed, form).filter((e) => !e.classList.contains("hidden"));
    if (new Set(fields.map((e) => e.name)).size < 2) continue;
    const saysAll = /Tous les champs sont obligatoires/.test(text(form));
    for (const e of fields) {
      if (saysAll ? !isFilled(e) && !/facultatif|bligatoire|Au moins/.test(names(e))
        : e.required && !/bligatoire/.test(names(e))) note("11.10", e);
    }
  }
  return faults;
}"""

#: The links and buttons whose name does not have the words that one sees on them (6.1, 11.9). The
#: arrows beside words, and the marks of a day with their « +2 », are no words.
MISNAMED = r"""() => {
  const words = (e, counts) => {
    const found = [], walker = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { parentElement: own, data } = walker.currentNode;
      if (own.checkVisibility() && counts(own)) found.push(data);
    }
    return found.join("").replace(/[\s\u00ad←→]+/g, " ").trim().toLowerCase();
  };
  const isSeen = (e) => {
    for (let own = e; own; own = own.parentElement) {
      if (getComputedStyle(own).clipPath !== "none" || own.matches(".marks")) return false;
    }
    return true;
  };
  return [...document.querySelectorAll("a, button")].filter((e) => {
    if (!e.checkVisibility() || e.closest("[aria-hidden=true]")) return false;
    const isHeard = (own) => !own.closest("[aria-hidden=true]");
    const name = e.ariaLabel?.toLowerCase() || words(e, isHeard);
    return !name || !name.includes(words(e, isSeen));
  }).map((e) => e.outerHTML.slice(0, 200));
}"""


_BACKGROUND = "Element's background color could not be determined because "

#: Cases that axe-core cannot decide and that a person has checked: the beginning of its message →
#: (the elements for which this message is accepted, what the person saw).
LOOKED_AT = {
    "The iframe still has to be tested": (
        "iframe[src^='/embed/agenda/']",
        "the frame of the builder, which tests/browser/test_embed.py looks at as a page of its own",
    ),
    "Element content contains only non-text characters": (
        ":is(.choice, .pager, .chips) [aria-hidden], dd:has(> del, > ins), header td > div",
        "arrows and crosses in the colour of their link, with the words beside them; arrows of the "
        "journal, between what was and what is; the mark at the head of a mail",
    ),
    "Element content is too short to determine": (
        ":is(.axis .initial, .strip :is(text, tspan))",
        "initials of months and périodes in a drawing of the year, in the colour of its other "
        "letters",
    ),
    f"{_BACKGROUND}element contains an image node": (
        ":is(.axis .whole, .axis.names text, .strip :is(text, tspan))",
        "months, périodes and holidays of a drawing of the year, in the soft ink of the page on "
        "the page or on a pale ground (5.6 to 1)",
    ),
    f"{_BACKGROUND}it is overlapped by another element": (
        ":is(.axis :is(.period + text, .whole), .strip :is(text, tspan))",
        "names of périodes in their frames, in the same ink: the line of today may cross one, and "
        "words for the ear alone, one pixel large, stand beside a month",
    ),
    f"{_BACKGROUND.removesuffix('because ')}due to a background gradient": (
        ".month-days .marks span",
        "numbers of dates on the plain ground of a holiday, below its hatched edge",
    ),
    "Table data cells are missing or empty": (
        "table.year",
        "the heading of a group of rows has the whole of its own row",
    ),
}


def findings(page: Page) -> list[str]:
    """Return the violations that axe-core finds, and the undecided cases that nobody has checked,
    each with its element.
    """
    if page.evaluate("typeof axe") == "undefined":  # half a megabyte: only once
        page.evaluate(Axe().axe_script)
    found = page.evaluate(_RUN)
    return [
        f"{rule['id']}: {rule['help']}\n{node['html']}\n{node['failureSummary']}"
        for kind in ("violations", "incomplete")
        for rule in found[kind]
        for node in rule["nodes"]
        if kind == "violations" or not _was_looked_at(page, node)
    ]


def _was_looked_at(page: Page, node: dict[str, Any]) -> bool:
    said = [check["message"] for name in ("any", "all", "none") for check in node[name]]
    seen = {
        next((where for words, (where, _) in LOOKED_AT.items() if message.startswith(words)), None)
        for message in said
    }
    [target] = node["target"]
    element = page.locator(target)
    return bool(seen) and all(
        where and element.evaluate("(element, where) => element.matches(where)", where)
        for where in seen
    )


def for_everybody(page: Page, state: str) -> None:
    """Check that everybody can read and use a page, at each width; axe-core looks at one page on a
    desktop and light, at the next on a phone and dark, and in a campaign at each in all four ways.

    :param state: the name of the page in failures.
    """
    # Folded contents must be accessible too. Menus, which would lie over the page, are checked by
    # :func:`menus_for_everybody`.
    unfold = "all => all.forEach(details => (details.open = true))"
    page.locator("details:not(.menu)").evaluate_all(unfold)
    assert page.locator("html").get_attribute("lang") == "fr", state
    levels = page.locator(HEADINGS).evaluate_all("all => all.map(h => Number(h.tagName[1]))")
    assert (levels[0], levels.count(1)) == (1, 1), f"{state}: the first heading is the page's own"
    assert all(low <= high + 1 for high, low in pairwise(levels)), f"{state}: headings jump"
    faults = page.evaluate(RGAA)
    assert faults == [], (state, faults)
    own = ((DESK, "light"), (PHONE, "dark"))[crc32(state.encode()) % 2]
    for width in (DESK, ZOOMED, PHONE, NARROW):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKING_OUT) == [], (state, width)
        assert page.evaluate(MISNAMED) == [], (state, width)
        for scheme in SCHEMES if width in WIDTHS else ():
            if CAMPAIGN or (width, scheme) == own:
                page.emulate_media(color_scheme=scheme)
                found = findings(page)  # half a second of processor time
                assert found == [], (state, width, scheme, found)


def menus_for_everybody(page: Page) -> None:
    """Check the menus of a page, which unfold over it: one after the other, at each width."""
    page.evaluate(Axe().axe_script)
    menus = page.locator("details.menu")
    for width, scheme in ((DESK, "light"), (PHONE, "dark"), (NARROW, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        for menu in menus.filter(visible=True).all():
            menu.evaluate("menu => (menu.open = true)")
            assert page.evaluate(STICKING_OUT) == [], (width, menu)
            found = page.evaluate(_RUN_IN_MENU)
            assert found == [], (width, scheme, found)
            menu.evaluate("menu => (menu.open = false)")


def brightness(element: Locator, colour: str) -> float:
    """Return the mean of red, green and blue of a computed colour, from 0 to 255."""
    text = element.evaluate("(element, name) => getComputedStyle(element)[name]", colour)
    assert text.startswith("rgb("), text
    parts = [int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(parts) / len(parts)
