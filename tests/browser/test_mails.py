"""The HTML parts of the mails in a browser: their width, their contrast, their buttons, with their
style and as the webmails show them that drop it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from calendar_app.feeds.cards import Card
from calendar_app.reminders.mail import messages
from calendar_app.reminders.rules.deliveries import DeliveryKind
from calendar_app.school.leads import Lead
from tests.browser.looking import STICKING_OUT, findings
from tests.reminders.test_mails import (
    ANSWERS,
    CAMP,
    CANCELLED_AT,
    FETE,
    ROBOTEAM,
    TALENT,
    desk,
    engine,
    read,
    without_style,
)

__all__ = ["desk", "engine"]

#: The widths of a mailbox: a phone, and the column that most programs give to a mail.
PHONE, COLUMN = 320, 600


@pytest.fixture
def shown(desk) -> dict[str, str]:
    """The HTML of one mail of each kind, and of the longest ones."""
    made = {kind.value: message for kind, message in desk.each().items()}
    lines = [desk.line(id, "lille", Lead.class_weeks(3), ANSWERS) for id in (TALENT, FETE)]
    lines += [desk.line(id, "clermont-ferrand") for id in (CAMP, ROBOTEAM)]
    made["reminder of four"] = messages.reminder(desk.head, lines, desk.academy("lille"))
    made["weekly of four"] = messages.weekly(desk.head, [line.card for line in lines], None)
    cancelled: Card = lines[0].card
    cancelled.milestone.cancelled_at = CANCELLED_AT
    made["cancelled"] = messages.cancelled(desk.head, lines[:1])
    assert {kind.value for kind in DeliveryKind} <= set(made)
    return {name: read(message).html for name, message in made.items()}


@pytest.fixture
def mailbox(browser) -> Page:
    """An empty page, in which a mail is shown."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def show(page: Page, html: str, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)


def test_everybody_can_read_each_mail(mailbox, shown):
    """Nothing sticks out, and axe-core finds nothing, at both widths, in both schemes, and without
    the style of the page."""
    for name, html in shown.items():
        for width in (PHONE, COLUMN):
            for scheme, content in (
                ("light", html),
                ("dark", html),
                ("light", without_style(html)),
            ):
                show(mailbox, content, width, scheme)
                assert mailbox.evaluate(STICKING_OUT) == [], (name, width, scheme)
                assert findings(mailbox) == [], (name, width, scheme)


def test_a_leaf_stands_at_the_left_of_what_is_said_of_it(mailbox, shown):
    for content in (shown["reminder"], without_style(shown["reminder"])):
        show(mailbox, content, PHONE, "light")
        leaf = mailbox.locator(".leaf").bounding_box()
        title = mailbox.get_by_role("heading", level=2).bounding_box()
        assert leaf["x"] + leaf["width"] < title["x"]
        assert abs(leaf["y"] - title["y"]) < 16


def test_the_targets_of_a_mail_are_large_enough_for_a_thumb(mailbox, shown):
    for name, html in shown.items():
        for content in (html, without_style(html)):
            show(mailbox, content, PHONE, "light")
            heights = mailbox.locator(".button").evaluate_all("all => all.map(b => b.offsetHeight)")
            assert all(height >= 44 for height in heights), name


def test_a_mail_is_dark_where_its_reader_wants_it(mailbox, shown):
    ground = "e => getComputedStyle(e).backgroundColor"
    for name, html in shown.items():
        found = set()
        for scheme in ("light", "dark"):
            show(mailbox, html, COLUMN, scheme)
            found |= {mailbox.locator(part).first.evaluate(ground) for part in ("body", ".panel")}
        assert len(found) == 4, name
