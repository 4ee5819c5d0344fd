"""Cleaning, folding and comparing text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.words.text import clean, clean_line, fold, nearest, shortened, slugify
from tests.tools import scaled

#: Any characters; characters with a special meaning for programs are more frequent.
ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Mn")),
        st.sampled_from("👩🏫❤\ufe0f\u200d\u200d\u202e\u0301e=<"),
    ),
    max_size=200,
)
#: The bidirectional classes of direction marks (Unicode, UAX 9).
MARKS_OF_DIRECTION = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN")
#: Visible characters of category Cf: signs over Arabic numbers, joiners of hieroglyphs.
ARABIC_AND_EGYPTIAN = {
    *map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)),
    *map(chr, range(0x13430, 0x13440)),
}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("un\r\ndeux\rtrois\nquatre", "un\ndeux\ntrois\nquatre"),
        ("une\ttabulation reste", "une\ttabulation reste"),
        ("NUL\x00, cloche\x07, DEL\x7f, C1\x9f", "NUL, cloche, DEL, C1"),
        ("un\x85deux\u2028trois\u2029quatre\x0bcinq\x0csix", "un\ndeux\ntrois\nquatre\ncinq\nsix"),
        ("\ufeffune marque d'ordre des octets", "une marque d'ordre des octets"),
        ("\u202egnp.exe\u202c, \u2066a\u2069, \u061cb, \u200fc", "gnp.exe, a, b, c"),
        ("con\u00adcours \u200bcaché\u2060 \U000e0041\ufe00\u3164", "concours caché "),
        ("moitié \ud800, \ufffe et \U0001ffff", "moitié ,  et "),
        ("un\u200dmot, 👩\u200d🏫 et ❤\ufe0f\u200d🔥", "unmot, 👩\u200d🏫 et ❤\ufe0f\u200d🔥"),
        ("e\u0301cole", "école"),
        ("« Ça va ? » 😀", "« Ça va ? » 😀"),
    ],
)
def test_line_ends_become_lf_and_what_nobody_sees_goes(text, cleaned):
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  un\n deux\t\ttrois  ", "un deux trois"),
        ("14\u00a0h\u00a030", "14\u00a0h\u00a030"),
        ("\r\n", ""),
    ],
)
def test_a_line_is_one_line_with_single_spaces_and_keeps_its_no_break_spaces(text, line):
    assert clean_line(text) == line


@settings(max_examples=scaled(2000))
@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_line(clean(text)) == clean_line(text)


@settings(max_examples=scaled(2000))
@given(ANY_TEXT)
def test_what_is_cleaned_is_seen_as_it_is_stored(text):
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    cleaned.encode()  # raises an error on a lone surrogate
    joiner = "\u200d"  # stays only within an emoji
    for sign in cleaned.replace("\n", "").replace("\t", "").replace(joiner, ""):
        assert unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp"), ascii(sign)
        assert unicodedata.category(sign) != "Cf" or sign in ARABIC_AND_EGYPTIAN, ascii(sign)
        assert unicodedata.bidirectional(sign) not in MARKS_OF_DIRECTION, ascii(sign)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Égalité FILLES-garçons", "egalite filles-garcons"),
        ("Œuvre, ex æquo", "oeuvre, ex aequo"),
        ("L’Apprendre", "l'apprendre"),
        ("1\u02b3\u1d49 année, 6\u1d49", "1re annee, 6e"),
        ("narrow\u202fspace", "narrow space"),
    ],
)
def test_folding_forgets_accents_ligatures_and_case(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("La Réunion", "la-reunion"),
        ("Provence-Alpes-Côte d'Azur", "provence-alpes-cote-d-azur"),
        ("  #Géodéclic !  ", "geodeclic"),
        ("😀", ""),
    ],
)
def test_a_slug_is_lower_case_ascii_words_and_hyphens(text, slug):
    assert slugify(text) == slug


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        ("robotic", "robotique"),
        ("Mathématique", "mathematiques"),
        ("cuisine", None),
        ("", None),
    ],
)
def test_nearest_is_the_closest_choice_or_none(value, choice):
    assert nearest(value, ["robotique", "mathematiques", "musique"]) == choice


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("Les rencontres", 14, "Les rencontres"),
        ("Les rencontres", 13, "Les…"),
        ("Les rencontres", 4, "Les…"),
        ("Le prix, et", 10, "Le prix…"),
        ("anticonstitutionnel", 6, "antic…"),
    ],
)
def test_a_long_text_is_cut_after_a_whole_word(text, length, short):
    assert shortened(text, length) == short


@pytest.mark.long
def test_accents_stand_in_their_letters():
    assert clean("e\u0301te\u0301") == "\u00e9t\u00e9"
    # Also when a control character stands between letter and accent.
    assert clean("e\x00\u0301") == "\u00e9"
