"""How long browsers and caches keep an answer, and what they are told that have it already. (Which
views may be kept at all: tests/web/test_policies.py.)"""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.school.local_time import paris_day
from calendar_app.web.caching import PAGE_SECONDS, page_cache
from tests.conftest import JANUARY
from tests.factories import entry, publish


@pytest.fixture
def engine():
    """The headers are the same on either store."""
    return "sqlite"


@pytest.fixture
def client(empty_app):
    with time_machine.travel(JANUARY, tick=False):
        publish(empty_app, entry())
        yield empty_app.test_client()


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    before_midnight=st.none() | st.integers(0, 30),
)
def test_no_copy_of_a_page_outlives_its_day(now, before_midnight):
    """Not even one that a browser took from a cache at the last moment, while nobody answered."""
    if before_midnight is not None:
        # 22 h and 23 h UTC are midnight in Paris, in summer and winter.
        now = now.replace(hour=21 + now.month % 2, minute=59, second=59) - timedelta(
            seconds=before_midnight
        )
    told = page_cache(now)
    browser, shared, away = map(int, re.findall(r"=(\d+)", told))
    assert told == f"public, max-age={browser}, s-maxage={shared}, stale-if-error={away}"
    end = now + timedelta(seconds=browser + shared + away)
    # In UTC: a day of Paris may have 25 hours.
    assert paris_day(end - timedelta(microseconds=1)) == paris_day(now) or end == now
    assert paris_day(end + timedelta(seconds=1)) > paris_day(now)
    assert browser == shared == min(PAGE_SECONDS, (browser + shared + away) // 2)


@pytest.mark.parametrize("address", ["/", "/flux/national.ics", "/robots.txt", "/static/app.css"])
def test_each_variant_has_its_strong_etag_and_either_is_known(client, address):
    with (
        client.get(address) as plain,
        client.get(address, headers={"Accept-Encoding": "gzip"}) as packed,
    ):
        if "Content-Encoding" in packed.headers:
            assert gzip.decompress(packed.data) == plain.data
            assert packed.headers["ETag"] == f'{plain.headers["ETag"][:-1]}-gzip"'
        etags = {plain.headers["ETag"], packed.headers["ETag"]}
        for etag in (*etags, f"W/{plain.headers['ETag']}", f'"x", {plain.headers["ETag"]}', "*"):
            with client.get(address, headers={"If-None-Match": etag}) as answer:
                assert (answer.status_code, answer.data) == (304, b""), etag
                assert answer.headers["ETag"] == plain.headers["ETag"]
                assert answer.headers["Cache-Control"] == plain.headers["Cache-Control"]
                assert "Content-Type" not in answer.headers
        with client.get(address, headers={"If-None-Match": '"x"'}) as answer:
            assert answer.status_code == 200
        with client.head(address) as head:
            assert (head.data, dict(head.headers)) == (b"", dict(plain.headers))


def test_the_etag_of_a_page_moves_with_what_it_says(empty_app, client):
    first = client.get("/").headers["ETag"]
    assert client.get("/").headers["ETag"] == first
    publish(empty_app, entry(title="Un autre titre"))
    changed = client.get("/", headers={"If-None-Match": first})
    assert changed.status_code == 200
    with time_machine.travel(JANUARY + timedelta(days=1), tick=False):
        tomorrow = client.get("/", headers={"If-None-Match": changed.headers["ETag"]})
    assert tomorrow.status_code == 200


@pytest.mark.parametrize(
    "address", ["/agenda/?academie=nulle-part", "/rien/", "/oembed?format=xml", "/proposer/"]
)
def test_errors_and_forms_are_kept_by_nobody(client, address):
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers
