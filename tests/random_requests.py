"""Random requests, from usual requests of a teacher's browser to hostile requests.

Each request depends only on its number and :data:`SEED`, so the number of a request that failed is
enough to make this request again.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, quote_from_bytes, quote_plus

from flask import Flask

from tests import signed_in
from tests.tools import ROOT

#: Another seed gives other requests.
SEED = 13

#: Methods of HTTP, and methods that do not exist.
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get")

#: Texts that no field expects, or that have a special meaning for a program that gets them.
HOSTILE: Sequence[bytes] = [
    text.encode("utf-8", "surrogatepass")
    for text in (
        "", " ", "\0", "a\0b", "\r\n", "a\r\nSet-Cookie: a=b", "\n", "\t", "\x1b[31m", "\x7f",
        "\x85",
        "\ud800", "\udfff\ud800", "\ufffe\uffff", "\u202egnp.exe", "\u2028", "\ufeff", "\u200b",
        "e\u0301" * 40, "\U0001f3eb", "ﬁ", "İ", "ß", "٣", "²", "½", "１２",
        "-1", "0", "1e9", "1_000", "+1", " 1", "0x1", "9" * 30, "2147483648", "9" * 5000, "NaN",
        "inf",
        "2021-02-30", "2021-2-3", "0001-01-01", "9999-12-31", "10000-01-01", "2021-W01", "20210101",
        "2021-01-01T00:00:00", "24:00", "14:60", "0000", "2020-2022", "9998-9999", "0000-0001",
        "'", '"', "\\", "%", "%s", "%(a)s", "%00", "%zz", "{}", "{0.__class__}", "{{ 7*7 }}",
        "${7*7}",
        "' OR 1=1 --", "'; DROP TABLE event; --", "<script>alert(1)</script>", "]]>", "&amp;",
        "<!--",
        "../" * 9 + "etc/passwd", "..\\..\\", "/", "//", "//x.example", "/\\x.example",
        "\\/x.example",
        "/redaction/", "/redaction//x.example", "/redaction/../../", "/redaction/\r\nA: b",
        "/redaction/?a=\ud800", "/redaction/lettres/%zz", "javascript:alert(1)", "data:,a",
        "http://[", "http://[::1", "http://a:b", "http://a:99999/", "http://\0/", "//[", "http:///",
        "http://127.0.0.1:1/", "mailto:a", "a@b", "@", "a@" + "b." * 200 + "example",
        '"a b"@x.example',
        "[" * 3000, '{"a":' * 500, "null", "true", "[]", '[["a"]]', '[["a","b"]]', '{"a": 1}',
        "a" * 3000, "é" * 2000, "a " * 1500, "(" * 500, "," * 2000, "a," * 1000, "*", "?", "#", ";",
    )
] + [b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\x80" * 50, b"\xf4\x90\x80\x80"]  # fmt: skip

#: Texts that some page of the site understands.
KNOWN: Sequence[str] = (
    "lille", "lyon", "guadeloupe", "corse", "mayotte", "59", "2A", "974", "0590001A", "Lille",
    "lile",
    "cm1", "cycle-3", "premier-degre", "college", "terminale", "concours", "atelier", "national",
    "2021-01-04", "2021-02-11", "2020-2021", "2021-01", "2020-09", "2021", "02", "1", "2", "3",
    "10",
    "a3", "json", "xml", "csv", "oui", "non", "on", "tout", "choix", "apprendre", "robot classe",
    "ma-classe-a-du-talent-2020-2021", "roboteam-2020-2021", "geodeclic-2020-2021",
    "lille-2020-2021", "lyon-2020-2021", "lille-2020-2021/deadline", "academie-de-lille", "toutes",
    "departement-59", "academie-de-besancon", "app.css", "app.js", "favicon.svg", "ics", "atom",
    "annule", "archive", "complet", "retabli", "publier", "proposer", "apercu", "deadline",
    "session",
    "inscrits", "envoyee", "pas-cette-annee", "l-an-prochain", "prevenir", "ne-plus-prevenir",
    "effacer", "pause", "reprise", "class_weeks:3", "last_class_day", "ecole", "lycee", "national/",
    "professeur@ecole.example", "http://127.0.0.1:1/agenda.ics", "/redaction/lettres/", "123456",
)  # fmt: skip

_HEADERS: dict[str, Sequence[str]] = {
    "Accept": ("*/*", "text/html", "text/calendar;q=0", "a", ";;;", "*/*;q=nan", "a/b;q=1e999",
    ","),
    "Accept-Encoding": ("gzip", "gzip;q=0", "identity;q=0", "*;q=0", "br", "gzip;q=x",
    "gzip, gzip"),
    "Accept-Language": ("fr", "en;q=0.5", "*", "x" * 200, ";q="),
    "Cache-Control": ("no-cache", "max-age=-1", "only-if-cached", "="),
    "Content-Encoding": ("gzip", "deflate", "br", "identity", "a"),
    "Content-Type": (
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=a\\b",
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b",
        'multipart/form-data; boundary="' + "b" * 300 + '"', "multipart/mixed; boundary=b",
        "application/json", "text/plain; charset=\xe9", "text/", "/", ";", "a/b/c", "*/*",
    ),
    "Content-Range": ("bytes 0-1/2", "a"),
    "Date": ("Mon, 04 Jan 2021 09:00:00 GMT", "a"),
    "DNT": ("1",),
    "Expect": ("100-continue", "a"),
    "Forwarded": ("for=1.2.3.4;host=x.example;proto=https", "for=[", "="),
    "From": ("a@b",),
    "If-Match": ("*", '"a"', 'W/"', '"'),
    "If-None-Match": ("*", '"a"', 'W/"a", "b"', 'W/"', '"', ",,,", "a" * 2000, '"\xe9"'),
    "If-Modified-Since": (
        "Mon, 04 Jan 2100 09:00:00 GMT", "Mon, 04 Jan 0000 09:00:00 GMT", "0", "-1", "a",
        "Mon, 32 Jan 2021 25:61:61 +9999", "Mon, 04 Jan 99999999999 09:00:00 GMT", "Jan",
        "Mon, 04 Jan 2021 09:00:00 -9999",
    ),
    "If-Range": ('"a"', "Mon, 04 Jan 2021 09:00:00 GMT", "Mon, 04 Jan 2021 09:00:00 +9999", "a"),
    "If-Unmodified-Since": ("Mon, 04 Jan 2021 09:00:00 GMT", "a"),
    "Max-Forwards": ("0", "a"),
    "Origin": (
        "null", "http://127.0.0.1", "https://x.example", "http://[", "http://[::1]:a", "//", "",
        "a b",
        "http://127.0.0.1:99999", "http://\xe9", "http://[v1.a]",
    ),
    "Range": ("bytes=0-", "bytes=0-0,-1", "bytes=-", "bytes=9-1", "bytes=" + "0-," * 500, "a=b",
    "bytes"),
    "Referer": ("http://[", "https://x.example/", "/", "", "http://127.0.0.1/redaction/", "\xff"),
    "Sec-Fetch-Site": ("same-origin", "cross-site", "none", "a", ""),
    "Sec-Fetch-Mode": ("navigate", "cors", "a"),
    "Sec-Fetch-Dest": ("document", "iframe", "a"),
    "TE": ("trailers", "a;q=x"),
    "Upgrade": ("h2c", "websocket", "a"),
    "User-Agent": ("", "Mozilla/5.0", "\xe9" * 50, "a" * 4000),
    "Via": ("1.1 a", ","),
    "X-Forwarded-For": ("1.2.3.4, 5.6.7.8", "::1", "a", "", "1.2.3.4:80", "[::1]:80",
    "fe80::1%eth0", ",,"),
    "X-Forwarded-Host": ("127.0.0.1", "x.example", "127.0.0.1, x.example", "[", "a b", "", "a:b:c"),
    "X-Forwarded-Port": ("443", "a", "99999"),
    "X-Forwarded-Prefix": ("/a", "//x.example", "\\"),
    "X-Forwarded-Proto": ("https", "http", "ftp", "javascript", "a b", "", "https, http"),
    "X-HTTP-Method-Override": ("DELETE",),
    "X-Original-URL": ("/redaction/",),
    "X-Requested-With": ("XMLHttpRequest",),
}  # fmt: skip
_HOSTS = (
    "", "x.example", "127.0.0.1:1", "127.0.0.1:99999", "127.0.0.1:", "[::1]", "[::1", "[", "a b",
    "a/b",
    "localhost.", "LOCALHOST", "127.0.0.1@x.example", "x.example:80:80", "\xe9.example", "." * 300,
    "127.0.0.1,x.example", "xn--", "%00", "127.1", "0", ":",
)  # fmt: skip
_COOKIES = (
    "redaction=",
    "redaction=a.b.c",
    "=",
    ";",
    "redaction",
    "a=\xe9",
    'redaction="\\',
    "redaction=eyJ9.a.b",
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is sent.

    :param number: the number from which the request was drawn.
    :param target: path and query, percent-encoded or not.
    """

    number: int
    method: str
    target: bytes
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def __str__(self) -> str:
        """Return a short description, with every value quoted and shortened."""
        headers = "\n".join(f"  {name}: {value[:300]!r}" for name, value in self.headers)
        return (
            f"request {self.number} (seed {SEED}): {self.method} {self.target[:1000]!r}\n"
            f"{headers}\n  {len(self.body)} bytes: {self.body[:1000]!r}"
        )


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the site: its address, and its fields as a browser would send them."""

    action: str
    fields: tuple[tuple[str, str], ...]
    multipart: bool


class Forms(HTMLParser):
    """Collects the forms of a page that use POST."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: tuple[str, bool] | None = None
        self._text: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._open, self._fields = (given["action"], "enctype" in given), []
        elif tag in ("input", "button") and given.get("name"):
            self._add(given["name"], given.get("value", "on"))
        elif tag in ("textarea", "select") and given.get("name"):
            self._text, self._chosen = given["name"], ""
        elif tag == "option" and self._text and ("selected" in given or not self._chosen):
            self._chosen = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._text and self.lasttag == "textarea":
            self._chosen += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select") and self._text:
            self._add(self._text, self._chosen)
            self._text = None
        elif tag == "form" and self._open:
            self.found.append(Form(self._open[0], tuple(self._fields), self._open[1]))
            self._open = None

    def _add(self, name: str, value: str) -> None:
        if self._open:
            self._fields.append((name, value))


def known_names() -> list[str]:
    """Return every name that a template writes into a form or a view reads."""
    written = re.compile(r"""\bname="([a-z_]+)\"""")
    read = re.compile(r"""(?:args|form|values|files)\.(?:get|getlist)\(\s*"([a-z_]+)\"""")
    found: set[str] = set()
    for pattern, paths in (
        (written, (ROOT / "templates").rglob("*.html")),
        (read, (ROOT / "calendar_app" / "web").rglob("*.py")),
    ):
        for path in paths:
            found |= set(pattern.findall(Path(path).read_text(encoding="utf-8")))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of a site that random requests are made of.

    :param app: an application with the key and the store of the site that gets the requests.
    :param cookies: session cookies of editors, and of a visitor who is not an editor.
    :param tokens: valid and invalid personal tokens.
    :param forms: the forms of the pages of the site.
    """

    app: Flask
    cookies: Sequence[str]
    tokens: Sequence[str]
    forms: Sequence[Form]


class Draw:
    """Draws random requests for one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rules = sorted(site.app.url_map.iter_rules(), key=str)
        self._names = known_names()

    def many(self, first: int, count: int) -> Iterator[Request]:
        """Return the *count* requests whose numbers start at *first*."""
        return map(self.request, range(first, first + count))

    def request(self, number: int) -> Request:
        """Return the request that has this number."""
        self._random = random.Random(f"{SEED}/{number}")
        kind = self._random.choices(("page", "form", "anything"), (50, 35, 15))[0]
        headers = {"Host": "127.0.0.1"}
        if kind == "page":
            rule = self._random.choice(self._rules)
            own = [method for method in METHODS[:2] if method in (rule.methods or ())]
            method = self._random.choice(own if self._chance(85) else METHODS)
            target, body = self._path(rule.rule) + self._query(), b""
            if method not in ("GET", "HEAD"):
                headers["Content-Type"], body = self._form_body(self._pairs())
        elif kind == "form":
            method = "POST"
            form = self._random.choice(self._site.forms)
            target = quote(form.action, safe="/%?=&").encode() + self._query(10)
            headers["Content-Type"], body = self._form_body(self._filled(form), form.multipart)
        else:
            method = self._random.choice(METHODS)
            rule = self._random.choice(self._rules)
            target, body = self._path(rule.rule) + self._query(), self._nonsense()
            headers["Content-Type"] = self._random.choice(_HEADERS["Content-Type"])
        if body or self._chance(10):
            headers["Content-Length"] = str(len(body))
        headers["Cookie"] = self._random.choice(self._site.cookies)
        # Each request comes from another network; the rate limits of one network would refuse most.
        headers["X-Forwarded-For"] = ".".join(str(self._random.randrange(256)) for _ in "1234")
        self._make_odd(headers)
        return Request(number, method, target, tuple(headers.items()), body)

    def _chance(self, percent: float) -> bool:
        return self._random.random() * 100 < percent

    def _value(self) -> bytes:
        """Return a random value for a parameter or a field."""
        drawn = self._random.random()
        if drawn < 0.5:
            return self._random.choice(KNOWN).encode()
        if drawn < 0.85:
            return self._random.choice(HOSTILE)
        if drawn < 0.95:
            return self._random.choice(KNOWN).encode() + self._random.choice(HOSTILE)
        return self._random.randbytes(self._random.randrange(60))

    def _pairs(self) -> list[tuple[str, bytes]]:
        count = self._random.choices((0, 1, 2, 5, 20), (20, 35, 25, 15, 5))[0]
        pairs = [(self._random.choice(self._names), self._value()) for _ in range(count)]
        if pairs and self._chance(5):
            pairs += [self._random.choice(pairs)] * self._random.choice((2, 30, 300))
        if self._chance(3):
            pairs.append((self._random.choice(KNOWN), self._value()))
        return pairs

    def _query(self, percent: float = 80) -> bytes:
        if not self._chance(percent):
            return b""
        if self._chance(3):
            return b"?" + self._random.choice(
                (
                    b"&" * 3000,
                    b"=" * 200,
                    b"%",
                    b"a=%",
                    b"?" * 50,
                    b"q=" + b"a" * 7000,
                    b";",
                    b"=&=",
                )
            )
        return b"?" + _encoded(self._pairs())

    def _path(self, rule: str) -> bytes:
        path = re.sub(r"<[^>]*>", lambda found: self._part(found[0]), rule).encode()
        if self._chance(4):
            noise = quote_from_bytes(self._random.choice(HOSTILE)).encode()
            at = self._random.randrange(len(path) + 1)
            path = path[:at] + noise + path[at:]
        if self._chance(2):
            path = self._random.choice((path.upper(), path + b"/", path.rstrip(b"/"), b"/" + path))
        return path[:6000] if path.startswith(b"/") else b"/" + path[:6000]

    def _part(self, variable: str) -> str:
        """Return a random value for a variable part of a URL rule, such as « <int:year> »."""
        if "token" in variable and self._chance(80):
            return self._random.choice(self._site.tokens)
        if "int" in variable and self._chance(90):
            return self._random.choice(("1", "2", "3", "4", "5", "9", "02", "2021", "2020", "12"))
        if "label" in variable and self._chance(60):
            return self._random.choice(("2020-2021", "2025-2026", "2020"))
        if "any(" in variable and self._chance(90):
            return self._random.choice(("ics", "atom", "json"))
        value = self._random.choice(KNOWN).encode() if self._chance(75) else self._value()
        return quote_from_bytes(value[:2000], safe="/" if self._chance(10) else "")

    def _filled(self, form: Form) -> list[tuple[str, bytes]]:
        """Return the fields of a form; some are kept, some are changed and some are left out."""
        token = signed_in.token(self._site.app, form.action.partition("?")[0])
        keep = self._random.choice((100, 90, 60))
        pairs = [
            (name, value.encode() if self._chance(keep) else self._value())
            for name, value in form.fields
            if name != "jeton" and self._chance(97) and (name != "site_web" or self._chance(2))
        ]
        if self._chance(30):
            pairs += self._pairs()
        if self._chance(95):
            pairs.append(("jeton", token.encode() if self._chance(95) else self._value()))
        return pairs

    def _form_body(
        self, pairs: list[tuple[str, bytes]], multipart: bool = False
    ) -> tuple[str, bytes]:
        """Return (content type, body) with these fields."""
        if multipart or self._chance(10):
            return "multipart/form-data; boundary=b", self._multipart(pairs)
        return "application/x-www-form-urlencoded", _encoded(pairs)

    def _multipart(self, pairs: list[tuple[str, bytes]]) -> bytes:
        parts = []
        for name, value in pairs:
            head = f'Content-Disposition: form-data; name="{name}"'
            if name == "fichier":
                # Each letter starts a process to read it, so letters are rare here.
                value = value if self._chance(10) else b""
                head += '; filename="' + self._random.choice(("a.txt", "a.pdf", "../a", "")) + '"'
            if self._chance(3):
                head += "\r\nContent-Type: " + self._random.choice(_HEADERS["Content-Type"])
            if self._chance(2):
                head += self._random.choice(
                    ("\r\nContent-Transfer-Encoding: base64", "\r\n: a", "\r")
                )
            parts.append(b"--b\r\n" + head.encode("latin-1") + b"\r\n\r\n" + value + b"\r\n")
        whole = b"".join(parts) + b"--b--\r\n"
        return whole[: self._random.randrange(len(whole))] if self._chance(3) else whole

    def _nonsense(self) -> bytes:
        pairs = self._pairs()
        made = self._random.randrange(8)
        if made == 0:
            return _encoded(pairs)
        if made == 1:
            return self._multipart(pairs)
        if made == 2:
            return json.dumps({name: value.decode("latin-1") for name, value in pairs}).encode()
        if made == 3:
            return zlib.compress(_encoded(pairs))
        if made == 4:
            return self._random.randbytes(self._random.randrange(2000))
        if made == 5:
            return b"&" * self._random.choice((10, 500, 2000, 70_000))
        if made == 6:
            return b"--b\r\n" * self._random.choice((1, 2000)) + b"--b--"
        return b""

    def _make_odd(self, headers: dict[str, str]) -> None:
        for name, values in _HEADERS.items():
            if self._chance(4 if name != "Content-Type" else 2):
                headers[name] = self._random.choice(values)
        if self._chance(4):
            headers["Host"] = self._random.choice(_HOSTS)
        if self._chance(4):
            headers["Cookie"] = self._random.choice(_COOKIES)
        if self._chance(2):
            headers["Content-Length"] = self._random.choice(
                ("-1", "a", "", "1e3", "0", "9" * 30, "+3", "5")
            )
        if self._chance(1):
            headers["X-" + "a" * self._random.randrange(1, 50)] = "b" * self._random.randrange(4000)


def on_the_wire(request: Request) -> bytes:
    """Return the bytes of a request whose client then closes the connection."""
    lines = [f"{request.method} ".encode() + request.target + b" HTTP/1.1"]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in request.headers]
    return b"\r\n".join((*lines, b"Connection: close", b"", request.body))


def is_well_formed(request: Request) -> bool:
    """Whether a server must pass a request to the application, and may not refuse it itself."""
    sent = dict(request.headers)
    return (
        sent.get("Content-Length", str(len(request.body))) == str(len(request.body))
        and not {"Expect", "Upgrade", "TE"} & sent.keys()
        and re.fullmatch(r"[\w.:\[\]-]+", sent["Host"], re.ASCII) is not None
        and len(request.target) < 8000
    )


def promises_more(request: Request) -> bool:
    """Whether a request announces a longer body than it sends, so that the server would wait."""
    return dict(request.headers).get("Content-Length", "0") not in ("0", str(len(request.body)))


def garbled(request: Request) -> bytes:
    """Return a malformed version of a request."""
    drawn = random.Random(f"{SEED}/garbled/{request.number}")
    whole = on_the_wire(request)
    head, _, body = whole.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    made = drawn.randrange(12)
    if made == 0:
        at = drawn.randrange(len(head))
        return (
            head[:at] + drawn.choice((b"\0", b"\n", b"\r", b"\xff", b" ")) + head[at:] + b"\r\n\r\n"
        )
    if made == 1:
        return head.replace(b"\r\n", b"\n") + b"\n\n" + body
    if made == 2:
        size = drawn.choice((b"0", b"5", b"-1", b"ffffffffffffffff", b"5;a=b", b"", b"g", b"0x5"))
        chunks = size + b"\r\nabcde\r\n" + drawn.choice((b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n", b""))
        return first + b"\r\nTransfer-Encoding: chunked\r\n" + rest + b"\r\n\r\n" + chunks
    if made == 3:
        return head + b"\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"
    if made == 4:
        return whole[: drawn.randrange(len(whole))]
    if made == 5:
        return first.replace(
            b"HTTP/1.1", drawn.choice((b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"", b"a"))
        ) + (b"\r\n" + rest + b"\r\n\r\n" + body)
    if made == 6:
        target = drawn.choice(
            (b"*", b"http://x.example/", b"a", b"//", b"http://[", b"/\xff\0", b"?", b"#")
        )
        return head.replace(request.target, target, 1) + b"\r\n\r\n" + body
    if made == 7:
        return head + b"\r\n" + b"A: b\r\n" * drawn.choice((50, 5000)) + b"\r\n" + body
    if made == 8:
        return head + b"\r\nA: " + b"b" * drawn.choice((9000, 500_000)) + b"\r\n\r\n" + body
    if made == 9:
        return drawn.randbytes(drawn.randrange(1, 2000)) + b"\r\n\r\n"
    if made == 10:
        return head + b"\r\n folded: a\r\n : b\r\n\r\n" + body
    return b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + whole


def _encoded(pairs: list[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs).encode()
