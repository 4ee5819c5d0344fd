"""Web addresses in the form that programs accept (RFC 3986)."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendar_app.words.links import is_link, uri
from tests.tools import scaled

_PCT = "%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_PCT})"
#: The grammar of RFC 3986, appendix A, for http(s) addresses with a host.
RFC_3986 = re.compile(
    rf"https?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_PCT})*@)?"
    rf"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|{_PCT})*)(?::[0-9]*)?"
    rf"(?:/{_PCHAR}*)*(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("link", "written"),
    [
        ("https://a.example/b/?c=d;e,f#g", "https://a.example/b/?c=d;e,f#g"),
        ("https://École.example/", "https://xn--cole-9oa.example/"),
        ("https://xn--cole-9oa.example/", "https://xn--cole-9oa.example/"),
        ("https://a.example/été?q=ça#là", "https://a.example/%C3%A9t%C3%A9?q=%C3%A7a#l%C3%A0"),
        ("https://a.example/%C3%A9t%C3%A9", "https://a.example/%C3%A9t%C3%A9"),
        ("https://a.example/100%/[x]{y}|z", "https://a.example/100%25/%5Bx%5D%7By%7D%7Cz"),
        ("https://a.example/a#b#c", "https://a.example/a#b%23c"),
        ("http://[::1]:5000/é", "http://[::1]:5000/%C3%A9"),
        ("https://é@a.example:8443/", "https://%C3%A9@a.example:8443/"),
        # A combining accent is not composed: the server may have another file under that name.
        ("https://a.example/e\u0301", "https://a.example/e%CC%81"),
        (f"https://{'é' * 70}.example/", f"https://{'%C3%A9' * 70}.example/"),
    ],
)
def test_an_address_is_written_in_plain_ascii(link, written):
    assert uri(link) == written
    assert RFC_3986.fullmatch(written)


@settings(max_examples=scaled(5_000), deadline=None)
@given(
    host=st.text("abcé.-_ßœ☃。:@[]%1", min_size=1, max_size=12),
    rest=st.lists(
        st.sampled_from(["/", "?", "#", "%", "%C3%A9", "é", "[", "]", "{", "|", "^", "`", "€", ":"])
        | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5)
    ).map("".join),
)
def test_whatever_counts_as_a_link_is_written_as_rfc_3986_wants_it(host, rest):
    link = f"https://{host}/{rest}"
    if not is_link(link):
        return
    written = uri(link)
    assert RFC_3986.fullmatch(written), (link, written)
    assert uri(written) == written
    # The decoded address is the same, so the server gets the same request.
    for part in ("path", "query", "fragment"):
        before, after = (getattr(urlsplit(address), part) for address in (link, written))
        assert unquote(after) == unquote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", before))
