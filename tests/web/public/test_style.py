"""``/style/``: every part in all its states, where one works on the pages."""

from __future__ import annotations

import pytest

from calendar_app.words.vocabulary import MilestoneKind
from tests.config.test_settings import PRODUCTION
from tests.web.public.test_small_drawings import NAMES, drawing


@pytest.fixture
def engine():
    """The page reads nothing but reference values."""
    return "sqlite"


def test_it_shows_each_kind_each_grade_and_each_state(client):
    page = client.get("/style/").text
    assert 'content="noindex"' in page
    for kind in MilestoneKind:
        assert f'class="row kind-{kind.value}' in page, kind
    for grade in ("urgent", "close", "far"):
        assert f'class="pill {grade}"' in page, grade
    for state in ("past", "cancelled"):
        assert f'{state}">' in page, state
    for drawn in NAMES:
        assert drawing(client.application, drawn) in page, drawn
    assert page.count('<span class="name" data-breaks') == 3
    for badge in ("date annulée", "date passée", "date prolongée", "pendant vos vacances"):
        assert badge in page, badge


def test_production_shows_it_only_when_asked(make_app):
    for asked, status in (({}, 404), ({"CALENDAR_STYLE_PAGE": "on"}, 200)):
        client = make_app(**PRODUCTION | asked).test_client()
        assert (
            client.get("/style/", base_url=PRODUCTION["CALENDAR_PUBLIC_URL"]).status_code == status
        )
