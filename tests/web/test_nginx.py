"""What ``deploy/nginx.conf`` passes to the application, logs, and answers by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.servers import Answer, exchange, nginx, request
from tests.tools import free_port

TOKEN = "DNJziSqJSxOyFzGRCqP31g.GzlwhYRuSYCXAsTQaVuAZksim-0"
PERSONAL = (
    f"/abonnement/lien/{TOKEN}/",
    f"/abonnement/lien/{TOKEN}/evenements/roboteam-2020-2021/",
    f"/abonnement/adresse/{TOKEN}/",
    f"/redaction/mot-de-passe/{TOKEN}/",
    f"/redaction/?suite={TOKEN}",
    f"/flux/perso/{TOKEN}/mon-agenda.ics",
    f"/flux/perso/{TOKEN}/",
    f"/flux//perso//{TOKEN}/mon-agenda.ics",
    f"/flux/Perso/{TOKEN}/mon-agenda.ics",
    f"/flux/perso{TOKEN}/mon-agenda.ics",
    f"/flux/{TOKEN}/mon-agenda.ics",
    f"/flux/{TOKEN}.ics",
    f"/Abonnement/lien/{TOKEN}/",
    f"/abonement/lien/{TOKEN}/",
    f"//abonnement//lien//{TOKEN}/",
    f"/%61bonnement/lien/{TOKEN}/",
    f"/flux/../abonnement/lien/{TOKEN}/",
    f"/flux/%2e%2e/abonnement/lien/{TOKEN}/",
    f"/agenda/?q={TOKEN}",
    f"/{TOKEN}",
)


@pytest.fixture
def application() -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A server in place of the application: its port, and the headers that reached it."""
    heard: list[dict[str, str]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port, heard
        server.shutdown()
        thread.join()


def get(port: int, path: str, **headers: str) -> Answer:
    return exchange(port, request("GET", path, port, headers))


def logs(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.log"))


def test_the_application_hears_of_the_visitor_and_of_nothing_that_they_claim(application, tmp_path):
    behind, heard = application
    claimed = {
        "X_Forwarded_For": "1.2.3.4",
        "X_Forwarded_Host": "x.example",
        "X_Forwarded_Proto": "https",
    }
    with nginx(tmp_path, behind) as port:
        assert get(port, "/agenda/", **claimed).status == 204
    assert {name: value for name, value in heard[0].items() if name.startswith("x-")} == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": f"127.0.0.1:{port}",
        "x-forwarded-proto": "http",
    }
    assert heard[0]["host"] == f"127.0.0.1:{port}"


@pytest.mark.parametrize("away", [False, True])
def test_no_personal_path_is_written_down(application, tmp_path, away):
    """Also when the application is away: nginx then logs an error with the path of each request."""
    behind = free_port() if away else application[0]
    with nginx(tmp_path, behind) as port:
        for path in PERSONAL:
            get(port, path, Referer=f"http://127.0.0.1:{port}/abonnement/lien/{TOKEN}/")
        exchange(port, request("POST", PERSONAL[0], port, {}, b"a" * 300_000))
        get(port, f"{PERSONAL[0]}{'a' * 50_000}")
        get(port, "/flux/national.ics")
    written = logs(tmp_path)
    assert TOKEN not in written
    assert "/abonnement/" not in written
    assert "/perso" not in written
    assert "127.0.0.1" not in written.replace(f"127.0.0.1:{behind}", "")
    assert f" GET /flux/national.ics {503 if away else 204} " in written


def test_the_measures_do_not_pass(application, tmp_path):
    behind, heard = application
    with nginx(tmp_path, behind) as port:
        for path in ("/metrics", "//metrics", "/%6detrics", "/agenda/../metrics", "/metrics?a=b"):
            assert get(port, path).status == 404
    assert heard == []


def test_what_nginx_answers_itself_is_french_and_says_when_to_come_again(tmp_path):
    with nginx(tmp_path, free_port()) as port:
        away = get(port, "/flux/national.ics")
        long = exchange(port, request("POST", "/proposer/", port, {}, b"a" * 300_000))
        refused = get(port, "/", Cookie="a" * 50_000)
    assert (away.status, away.headers["retry-after"]) == (503, "120")
    assert "les agendas abonnés gardent leurs dates" in away.body.decode()
    assert (long.status, "Envoi trop long." in long.body.decode()) == (413, True)
    assert (refused.status, "Demande refusée." in refused.body.decode()) == (400, True)
    for answer in (away, long, refused):
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
