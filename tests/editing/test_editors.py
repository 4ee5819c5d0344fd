"""Editors' accounts: what each role may do where, passwords, sessions, limits."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import delete, select

from calendar_app.app import create_app
from calendar_app.editing import accounts
from calendar_app.editing.models.editors import Editor, PasswordLink
from calendar_app.editing.password_links import PASSWORD_LINK_LIFE, PasswordLinkError
from calendar_app.editing.rules.roles import (
    EditorAction,
    EditorRights,
    EditorRole,
    covered_codes,
    may,
)
from calendar_app.reminders.rules.personal_links import PersonalLinks
from calendar_app.school.academies import Academies
from calendar_app.store import limits
from calendar_app.store.base import db, writing
from calendar_app.store.models import RateCount
from calendar_app.words.errors import UnknownValueError
from calendar_app.words.mail_addresses import AddressError
from tests.conftest import close, settings_for
from tests.shipped import ACADEMIES

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ZOE = "zoe@ac-lille.example"
PASSWORD = "une phrase qui se retient"
LINKS = PersonalLinks("k" * 32, "https://calendrier.example")
PREPARER, PUBLISHER, ADMINISTRATOR = EditorRole
PREPARE, PUBLISH = EditorAction.READ_DRAFT, EditorAction.PUBLISH_EVENT

LILLE, NORD = "academie/lille", "departement/59"
GUADELOUPE, SAINT_MARTIN = "academie/guadeloupe", "academie/saint-martin"
#: Bretagne has one académie, Rennes; Hauts-de-France has two, Amiens and Lille.
BRETAGNE, HAUTS_DE_FRANCE = "region/bretagne", "region/hauts-de-france"


@pytest.fixture(scope="module")
def academies() -> Academies:
    return ACADEMIES


@pytest.fixture
def session(empty_app):
    with empty_app.app_context():
        yield db.session


# -- the rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "own", "scope", "prepares", "publishes"),
    [
        (PREPARER, {LILLE}, {LILLE}, True, False),
        (PREPARER, {LILLE}, {"academie/lyon"}, False, False),
        (PUBLISHER, {LILLE}, {LILLE}, True, True),
        (PUBLISHER, {LILLE}, {NORD, "departement/62"}, True, True),
        (PUBLISHER, {LILLE}, {LILLE, NORD}, True, True),
        (PUBLISHER, {LILLE}, {LILLE, "academie/lyon"}, False, False),
        (PUBLISHER, {LILLE}, {"departement/60"}, False, False),
        (PUBLISHER, {LILLE}, {"national"}, False, False),
        (PUBLISHER, {LILLE}, {"national", LILLE}, False, False),
        (PUBLISHER, {LILLE}, set(), False, False),
        (PUBLISHER, {LILLE}, {HAUTS_DE_FRANCE}, False, False),
        (PUBLISHER, {LILLE, "academie/amiens"}, {HAUTS_DE_FRANCE}, True, True),
        (PUBLISHER, {"academie/rennes"}, {BRETAGNE}, True, True),
        (PUBLISHER, {NORD}, {NORD}, True, True),
        (PUBLISHER, {NORD}, {LILLE}, False, False),
        (PUBLISHER, {NORD}, {NORD, "departement/62"}, False, False),
        (PUBLISHER, {NORD, "departement/62"}, {LILLE}, False, False),
        (PUBLISHER, {NORD, "academie/lyon"}, {"departement/69", NORD}, True, True),
        (PUBLISHER, {GUADELOUPE}, {SAINT_MARTIN}, True, True),
        (PUBLISHER, {SAINT_MARTIN}, {GUADELOUPE}, False, False),
        (ADMINISTRATOR, None, {"national"}, True, True),
        (ADMINISTRATOR, None, {LILLE}, True, True),
        (ADMINISTRATOR, None, set(), True, True),
    ],
)
def test_who_may_do_what_where(academies, role, own, scope, prepares, publishes):
    editor = EditorRights(role, None if own is None else covered_codes(own, academies))
    found = tuple(may(editor, action, scope, academies) for action in (PREPARE, PUBLISH))
    assert found == (prepares, publishes)


def test_a_responsable_of_all_academies_is_still_no_administrateur(academies):
    covered = covered_codes({f"academie/{a.slug}" for a in academies}, academies)
    assert {f"region/{slug}" for slug in academies.regions} < covered
    assert not may(EditorRights(PUBLISHER, covered), PREPARE, {"national"}, academies)


@pytest.mark.parametrize(("role", "covers"), [(PUBLISHER, None), (ADMINISTRATOR, frozenset())])
def test_only_an_administrateur_covers_everything(role, covers):
    with pytest.raises(ValueError, match="administrateur"):
        EditorRights(role, covers)


# -- accounts --------------------------------------------------------------------------------------


def add(session, address=ZOE, role=PUBLISHER, scope=frozenset({LILLE}), now=NOW) -> str | None:
    return accounts.add(session, address, "Zoé Martin", role, scope, now)


def log_in(session, password=PASSWORD, address=ZOE, source="network", now=NOW):
    return accounts.log_in(session, address, password, source, LINKS, now)


#: Most tests need an editor with a password, and do not test hashing, which is slow on purpose
#: (0.1 to 0.3 s). This hash is as cheap as possible.
HASHED = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


def with_password(session, hashed=HASHED, **given) -> accounts.EditorSession:
    """Add an editor who has a password; return a session of that editor."""
    add(session, **given)
    with writing(session, NOW):
        editor = session.scalar(
            select(Editor).where(Editor.address_key == given.get("address", ZOE))
        )
        editor.password_hash = hashed
        session.execute(delete(PasswordLink).where(PasswordLink.editor_id == editor.id))
    return accounts.EditorSession(editor.uid, editor.session_epoch)


def alive(session, begun: accounts.EditorSession) -> bool:
    return accounts.of_session(session, begun) is not None


def test_from_the_account_to_a_session(session):
    token = add(session)
    assert re.fullmatch(r"[\w-]{43}", token)
    assert accounts.of_link(session, token, NOW).name == "Zoé Martin"
    accounts.set_password(session, token, PASSWORD, NOW)
    found = accounts.of_session(session, log_in(session, address=" ZOE@AC-Lille.example "))
    assert (found.address, set(found.scope)) == (ZOE, {LILLE})
    assert accounts.everybody(session) == (
        accounts.EditorLine(ZOE, "Zoé Martin", PUBLISHER, "académie de Lille", False, True),
    )


def test_neither_the_password_nor_the_token_is_in_the_store(session):
    token = add(session)
    accounts.set_password(session, token, PASSWORD, NOW)
    editor, link = session.scalar(select(Editor)), session.scalar(select(PasswordLink))
    assert editor.password_hash.startswith("$argon2id$")
    assert PASSWORD not in editor.password_hash
    assert token not in link.token_hash
    assert ZOE not in repr(editor)


def test_what_role_and_scope_go_together(session):
    for role, scope in ((ADMINISTRATOR, {LILLE}), (PREPARER, ()), (PUBLISHER, ())):
        with pytest.raises(accounts.EditorError):
            add(session, role=role, scope=frozenset(scope))
    with pytest.raises(AddressError):
        add(session, address="zoe")
    with pytest.raises(accounts.EditorError):
        accounts.add(session, ZOE, " ", PREPARER, frozenset({LILLE}), NOW)
    assert accounts.everybody(session) == ()


def test_which_codes_an_operator_names(session):
    def scope(academies=(), departments=()):
        return accounts.read_scope(session, academies, departments)

    assert scope(["lille"]) == scope(["Lille"]) == {LILLE}
    assert scope(["lille"], ["59"]) == {NORD}
    assert scope(["lille", "lyon"], ["59"]) == {NORD, "academie/lyon"}
    assert scope(departments=["2a"]) == {"departement/2A"}
    assert scope(["caen"]) == {"academie/normandie"}
    assert scope() == frozenset()
    with pytest.raises(UnknownValueError, match="« Lille »"):
        scope(["lile"])
    with pytest.raises(UnknownValueError):
        scope(departments=["99"])


# -- links -----------------------------------------------------------------------------------------


def test_a_link_works_once(session):
    token = add(session)
    accounts.set_password(session, token, PASSWORD, NOW)
    with pytest.raises(PasswordLinkError):
        accounts.set_password(session, token, "un autre mot de passe", NOW)
    with pytest.raises(PasswordLinkError):
        accounts.of_link(session, token, NOW)
    log_in(session)


def test_two_who_hold_one_link_set_one_password(empty_app):
    with empty_app.app_context():
        token = add(db.session)
    start = threading.Barrier(2)

    def use(password: str) -> str | None:
        with empty_app.app_context():
            start.wait()
            try:
                accounts.set_password(db.session, token, password, NOW)
            except PasswordLinkError:
                return None
            return password

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(use, ("le premier des deux", "le second des deux")))
    [kept] = filter(None, outcomes)
    with empty_app.app_context():
        log_in(db.session, kept)
        assert db.session.scalar(select(Editor.session_epoch)) == 2


def test_a_link_ends_after_three_days_and_with_the_next_one(session):
    token = add(session)
    life = PASSWORD_LINK_LIFE
    assert accounts.of_link(session, token, NOW + life - MINUTE)
    with pytest.raises(PasswordLinkError):
        accounts.of_link(session, token, NOW + life)
    another = accounts.reset(session, ZOE, NOW)
    with pytest.raises(PasswordLinkError):
        accounts.of_link(session, token, NOW)
    assert accounts.of_link(session, another, NOW)
    for wrong in ("", "x", token[:-1], "é\0"):
        with pytest.raises(PasswordLinkError):
            accounts.of_link(session, wrong, NOW)


@pytest.mark.parametrize("password", ["onze signes", "x" * 201, ZOE, "ZOE@ac-lille.example", ""])
def test_a_refused_password_leaves_the_link_good(session, password):
    token = add(session)
    with pytest.raises(accounts.PasswordError):
        accounts.set_password(session, token, password, NOW)
    accounts.set_password(session, token, PASSWORD, NOW)


def test_accents_count_the_same_from_any_keyboard(session):
    accounts.set_password(session, add(session), "répété à Orléans", NOW)
    assert log_in(session, "re\u0301pe\u0301te\u0301 a\u0300 Orle\u0301ans")


# -- sessions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "dies"),
    [
        (lambda s: accounts.set_password(s, accounts.reset(s, ZOE, NOW), PASSWORD, NOW), True),
        (lambda s: add(s, role=PREPARER), True),
        (lambda s: add(s, scope=frozenset({NORD})), True),
        (lambda s: accounts.disable(s, ZOE, NOW), True),
        (lambda s: (accounts.disable(s, ZOE, NOW), add(s)), True),
        (lambda s: accounts.reset(s, ZOE, NOW), False),
        (lambda s: add(s), False),
        (lambda s: log_in(s), False),
    ],
    ids="password role scope disabled back link same again".split(),
)
def test_what_a_session_dies_of(session, change, dies):
    begun = with_password(session)
    other = with_password(session, address="ali@ac-lille.example")
    assert alive(session, begun)
    change(session)
    assert alive(session, begun) is not dies
    assert alive(session, other)


@pytest.mark.long
def test_a_disabled_editor_is_out_and_comes_back_without_a_password(session):
    with_password(session)
    token = accounts.reset(session, ZOE, NOW)
    accounts.disable(session, ZOE, NOW)
    with pytest.raises(PasswordLinkError):
        accounts.of_link(session, token, NOW)
    with pytest.raises(accounts.EditorError, match="désactivé"):
        accounts.reset(session, ZOE, NOW)
    with pytest.raises(accounts.LoginError):
        log_in(session)
    assert [line.disabled for line in accounts.everybody(session)] == [True]
    token = add(session, role=PREPARER)
    with pytest.raises(accounts.LoginError):
        log_in(session)
    accounts.set_password(session, token, PASSWORD, NOW)
    assert accounts.of_session(session, log_in(session)).role is PREPARER


@pytest.mark.parametrize("verb", [accounts.disable, accounts.reset])
def test_an_address_that_nobody_has_is_said_to_the_operator(session, verb):
    with pytest.raises(accounts.EditorError, match="Personne"):
        verb(session, ZOE, NOW)


# -- log-in ----------------------------------------------------------------------------------------


def refusal(session, address: str, password: str) -> tuple[type, str]:
    with pytest.raises((accounts.LoginError, accounts.TooManyLoginsError)) as caught:
        log_in(session, password, address)
    return caught.type, str(caught.value)


@pytest.mark.long
def test_unknown_disabled_without_password_and_wrong_get_the_same_answer(session, monkeypatch):
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher())  # as in the program
    costly = accounts._HASHER.hash(PASSWORD)
    with_password(session, hashed=costly)
    with_password(session, address="out@ac-lille.example", hashed=costly)
    accounts.disable(session, "out@ac-lille.example", NOW)
    add(session, address="new@ac-lille.example")
    verified = []
    verify = accounts._HASHER.verify
    # Nearly all the time (a thousand to one) is the verification's, so each refusal must make one
    # that costs as much.
    monkeypatch.setattr(
        type(accounts._HASHER),
        "verify",
        lambda self, hashed, password: verified.append(hashed) or verify(hashed, password),
    )
    cases = (ZOE, "out@ac-lille.example", "new@ac-lille.example", "who@x.example", "nobody", "")
    said = {refusal(session, address, "un mot de passe faux") for address in cases}
    assert said == {(accounts.LoginError, "L'adresse ou le mot de passe ne convient pas.")}
    assert len(verified) == len(cases)
    costs = {re.match(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$", hashed)[0] for hashed in verified}
    assert len(costs) == 1
    assert not any(accounts._HASHER.check_needs_rehash(hashed) for hashed in verified)


def test_limits_are_the_same_for_known_and_unknown_and_hold_against_the_right_password(session):
    with_password(session)
    for n, address in enumerate((ZOE, "who@x.example")):
        for _ in range(limits.LOGINS_AN_ADDRESS.most):
            assert limits.take(
                session, limits.LOGINS_AN_ADDRESS, LINKS.fingerprint(f"editor/{address}"), NOW
            )
        with pytest.raises(accounts.TooManyLoginsError) as caught:
            log_in(session, PASSWORD, address, f"network {n}", NOW + 20 * MINUTE)
        assert caught.value.wait == 40 * MINUTE
    assert log_in(session, now=NOW + HOUR)


def test_a_network_has_its_limit_too(session):
    with_password(session)
    for _ in range(limits.LOGINS_A_SOURCE.most):
        limits.take(session, limits.LOGINS_A_SOURCE, "proxy", NOW)
    with pytest.raises(accounts.TooManyLoginsError):
        log_in(session, source="proxy")
    assert log_in(session, source="another")
    kept = " ".join(session.scalars(select(RateCount.key)))
    assert ZOE not in kept


def test_logging_in_gives_the_address_its_tries_back(session):
    with_password(session)
    fingerprint = LINKS.fingerprint(f"editor/{ZOE}")
    for _ in range(limits.LOGINS_AN_ADDRESS.most - 1):
        limits.take(session, limits.LOGINS_AN_ADDRESS, fingerprint, NOW)
    assert log_in(session)
    assert limits.take(session, limits.LOGINS_AN_ADDRESS, fingerprint, NOW)
    assert not limits.is_spent(session, limits.LOGINS_AN_ADDRESS, fingerprint, NOW)


def test_tries_are_counted_across_processes_at_once(empty_app, tmp_path):
    # Two applications, each with its own connection pool, stand for two processes.
    url = empty_app.config["SQLALCHEMY_DATABASE_URI"]
    second = create_app(settings_for(url, tmp_path / "second"))
    with empty_app.app_context():
        with_password(db.session)
    tries = limits.LOGINS_AN_ADDRESS.most + 6

    def attempt(number: int) -> type:
        with (empty_app, second)[number % 2].app_context():
            return refusal(db.session, ZOE, "un mot de passe faux")[0]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(tries)))
    close(second)
    assert outcomes.count(accounts.LoginError) == limits.LOGINS_AN_ADDRESS.most
    assert outcomes.count(accounts.TooManyLoginsError) == 6


def test_a_session_that_began_with_the_old_password_is_born_dead(session, monkeypatch):
    with_password(session)
    is_right = accounts._is_right

    def slowly(hashed: str, password: str) -> bool:
        # A new password is set while the old one is being verified.
        token = accounts.reset(session, ZOE, NOW)
        accounts.set_password(session, token, "un nouveau mot de passe", NOW)
        return is_right(hashed, password)

    monkeypatch.setattr(accounts, "_is_right", slowly)
    assert not alive(session, log_in(session))
