"""The description of the open data says all of it, and no more: schemathesis asks what it describes
(with its answers held to their schemas), and ``docs/api.md`` and the page name the same."""

from __future__ import annotations

import pytest
import schemathesis
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation

from calendar_app.catalogue import filters
from calendar_app.web.api import nouns
from tests.conftest import JANUARY
from tests.tools import ROOT, drawn_on, scaled

DESCRIPTION = "/api/v1/openapi.json"
#: Its client does not decompress what it reads.
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def site(app):
    with time_machine.travel(JANUARY, tick=False):
        yield app


@pytest.mark.long
def test_schemathesis_finds_nothing_undocumented_and_no_error_of_ours(site, engine):
    schema = schemathesis.openapi.from_wsgi(DESCRIPTION, site)
    found = [result.ok() for result in schema.get_all_operations()]
    described = site.test_client().get(DESCRIPTION).json["paths"]
    assert {one.path for one in found} == {*described} - {DESCRIPTION}
    cases = drawn_on(engine, scaled(1000, 200))
    for one in found:
        ask(one, cases if any(one.iter_parameters()) else 1)


def ask(operation: APIOperation, cases: int) -> None:
    """Ask for what an operation describes, and for what it forbids, and hold the answers to it."""
    modes = [*GenerationMode] if any(operation.iter_parameters()) else [GenerationMode.POSITIVE]
    # An unknown parameter is ignored, as on every page, so that not all that is forbidden is
    # refused.
    left_out = ["negative_data_rejection"]
    if operation.path.endswith("/changes"):
        # Another history is as well formed as that of the store, and answered by 410.
        left_out.append("positive_data_acceptance")
    excluded = [schemathesis.checks.CHECKS.get_one(name) for name in left_out]
    drawn = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @settings(max_examples=cases, suppress_health_check=[*HealthCheck], phases=[Phase.generate])
    @given(drawn)
    def each(case: Case) -> None:
        case.call_and_validate(headers=PLAIN, excluded_checks=excluded)

    each()


@pytest.mark.long
def test_each_answer_that_a_person_would_ask_for_is_described(site):
    """The drawn values are seldom those of an académie or an event."""
    schema = schemathesis.openapi.from_wsgi(DESCRIPTION, site)
    asked = {
        "events": [{"academie": ["lille", "lyon"], "niveau": ["cm2"], "nombre": 2},
                   {"depuis": "2021-01", "q": "robots"}, {"academie": ["lile"]}, {"apres": "é"},
                   {"evenements": "roboteam-2020-2021"}],
        "changes": [{"nombre": 1}, {"apres": "1"}, {"apres": "0123abcd-1-lille"}],
        "series": [{"nombre": 1}, {"nombre": 0}],
        "events/{event_id}": ["roboteam-2020-2021", "nulle-part"],
    }  # fmt: skip
    statuses = set()
    for path, values in asked.items():
        for value in values:
            place = {"query" if isinstance(value, dict) else "path_parameters": value}
            if isinstance(value, str):
                place = {"path_parameters": {"event_id": value}}
            case = schema[f"/api/v1/{path}"]["GET"].Case(**place)
            answer = case.call(headers=PLAIN)
            case.validate_response(answer)
            statuses.add(answer.status_code)
    assert statuses == {200, 404, 410}


def test_the_documents_and_the_page_name_what_the_description_does(site):
    client = site.test_client()
    found, page = client.get(DESCRIPTION).json, client.get("/api/v1/").text
    documented = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    part = documented.partition("## Open data")[2].partition("\n## ")[0]
    rows = {line.split("`")[1]: line for line in part.splitlines() if line.startswith("| `/api")}
    assert {path.replace("<", "{").replace(">", "}") for path in rows} == set(found["paths"])
    for path, methods in found["paths"].items():
        assert path in page
        row = rows[path.replace("{", "<").replace("}", ">")]
        for parameter in methods["get"]["parameters"]:
            name = parameter["name"]
            assert parameter["description"]
            in_filters = name in filters.PARAMETERS and "the filters" in row
            assert in_filters or parameter["in"] == "path" or f"`{name}`" in row, (path, name)
            if name in filters.PARAMETERS:
                assert f"\n| `{name}` |" in documented.partition("## Filters")[2]
    for name, schema in found["components"]["schemas"].items():
        for field, told in schema.get("properties", {}).items():
            assert f"<code>{field}</code>" in page, (name, field)
            assert "$ref" in told or told["description"], (name, field)
    assert found["info"]["license"]["identifier"] == nouns.LICENCE_SPDX
