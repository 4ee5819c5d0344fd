"""Classes, and the cycles and degrés that stand for several of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.school.levels import CLASSES, GROUPS, collapse, expand, has_ecole, name
from calendar_app.words.errors import UnknownValueError
from tests.tools import scaled


def test_6e_is_in_cycle_3_and_in_the_second_degre_so_cycle_3_is_not_the_premier_degre():
    assert expand(["cycle-3"]) == {"cm1", "cm2", "6e"}
    assert "6e" in expand(["second-degre"])
    assert "6e" not in expand(["premier-degre"])


def test_ulis_and_upe2a_are_in_both_degres_and_every_class_is_in_one():
    premier, second = expand(["premier-degre"]), expand(["second-degre"])
    assert premier & second == {"ulis", "upe2a"}
    assert premier | second == set(CLASSES)


def test_an_unknown_class_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownValueError) as refused:
        expand(["ce2", "cm3"])
    assert str(refused.value) == (
        "Nous ne connaissons pas la classe ou le cycle « cm3 ». Vouliez-vous dire « cm2 » ?"
    )


@pytest.mark.parametrize(
    ("classes", "shortest"),
    [
        (["cm1", "cm2", "6e"], ("cycle-3",)),
        (["cm1", "cm2"], ("cm1", "cm2")),
        (["cp", "ce1", "ce2", "cm1"], ("cycle-2", "cm1")),
        (list(CLASSES), ("premier-degre", "second-degre")),
        (["6e", "5e", "4e", "3e", "segpa", "ulis", "upe2a", "2de"], ("college", "2de")),
        (["5e", "4e", "3e"], ("cycle-4",)),
        (["6e", "terminale", "cp"], ("cp", "6e", "terminale")),
        ([], ()),
    ],
)
def test_classes_are_said_with_the_fewest_words_in_school_order(classes, shortest):
    assert collapse(classes) == shortest


@settings(max_examples=scaled(2000))
@given(st.sets(st.sampled_from([*CLASSES, *GROUPS])))
def test_collapsing_and_expanding_gives_the_same_classes(slugs):
    classes = expand(slugs)
    assert expand(collapse(classes)) == classes
    assert len(collapse(classes)) <= len(classes)


def test_each_slug_has_its_name_on_screen():
    assert [name(slug) for slug in ("cycle-3", "premier-degre", "cm2", "6e", "bac-pro")] == [
        "cycle 3",
        "premier degré",
        "CM2",
        "6e",
        "bac pro",
    ]


@pytest.mark.parametrize(
    ("classes", "may_be_an_ecole"),
    [
        (["cm2", "6e"], True),
        (["6e", "5e"], False),
        (["ulis"], True),
        ([], True),  # unknown classes may be of an école, which has no class on Wednesdays
    ],
)
def test_a_wednesday_is_promised_only_where_no_ecole_can_be(classes, may_be_an_ecole):
    assert has_ecole(classes) is may_be_an_ecole
