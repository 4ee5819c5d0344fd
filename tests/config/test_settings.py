"""The program starts without any variable, and names all wrong variables in one refusal."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from calendar_app.config.environment import SettingsError
from calendar_app.config.settings import (
    HOLIDAYS_URL,
    UID_DOMAIN,
    Settings,
    data_folder,
    templates_folder,
)

KEY = "k" * 32

PRODUCTION = {
    "CALENDAR_ENV": "production",
    "CALENDAR_PUBLIC_URL": "https://calendrier.ac-exemple.fr",
    "CALENDAR_SECRET_KEY": KEY,
    "CALENDAR_SMTP_URL": "smtps://facteur:motdepasse@courriel.ac-exemple.fr",
    "CALENDAR_ORGANISATION": "Rectorat d'Exemple, 1 rue de l'Essai, 75000 Paris, 01 00 00 00 00",
    "CALENDAR_MAIL_RELAY": "Postier d'Exemple, France",
    "CALENDAR_PUBLISHER": "Camille Martin",
    "CALENDAR_HOSTING": "Hébergeur d'Exemple, 1 rue de l'Essai, 75000 Paris, 01 00 00 00 00",
    "CALENDAR_CONTROLLER": "Rectorat d'Exemple",
    "CALENDAR_DPO": "dpd@ac-exemple.fr",
    "CALENDAR_CONTACT": "contact@ac-exemple.fr",
}


@pytest.fixture
def read(tmp_path):
    """Read settings from keyword arguments (``PUBLIC_URL="…"`` is ``CALENDAR_PUBLIC_URL``)."""

    def read(**variables: str) -> Settings:
        return Settings.from_environment(
            {f"CALENDAR_{name}": value for name, value in variables.items()}, tmp_path / "instance"
        )

    return read


def refusal(environ: dict[str, str], instance: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ, instance)
    return str(caught.value).splitlines()


def test_without_any_variable_it_suits_ones_own_machine(tmp_path):
    settings = Settings.from_environment({}, tmp_path)
    assert settings == Settings(
        env="development",
        instance=tmp_path,
        database_url=f"sqlite:///{tmp_path}/calendar.sqlite3",
        public_url="http://127.0.0.1:8000",
        uid_domain=UID_DOMAIN,
        secret_key=(tmp_path / "secret_key").read_text(),
        smtp_url=None,
        smtp_rate=5.0,
        mail_from=settings.mail_from,
        unsubscribe_mailbox=None,
        sending=True,
        letters_mailbox=None,
        holidays_url=HOLIDAYS_URL,
        trusted_proxies=0,
        style_page=False,
        metrics_networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")),
        site_name="Calendrier des classes",
        organisation=None,
        publisher=None,
        mail_relay=None,
        hosting=None,
        controller=None,
        dpo=None,
        contact=None,
        accessibility_plan=None,
        port=8000,
    )
    assert str(settings.mail_from) == "Calendrier des classes <ne-pas-repondre@127.0.0.1>"
    assert settings.trusted_hosts == ("127.0.0.1", "localhost", "[::1]")
    assert not settings.production


def test_an_empty_variable_is_one_that_is_not_set(tmp_path):
    empty = {"CALENDAR_SMTP_URL": "", "CALENDAR_PUBLIC_URL": " ", "PORT": ""}
    assert Settings.from_environment(empty, tmp_path) == Settings.from_environment({}, tmp_path)


def test_the_holidays_are_not_fetched_when_the_variable_is_empty(tmp_path):
    assert Settings.from_environment({}, tmp_path).holidays_url == HOLIDAYS_URL
    for empty in ("", " "):
        read = Settings.from_environment({"CALENDAR_HOLIDAYS_URL": empty}, tmp_path)
        assert read.holidays_url is None
    assert refusal({"CALENDAR_HOLIDAYS_URL": "non"}, tmp_path) == [
        "CALENDAR_HOLIDAYS_URL vaut « non » : il faut l'adresse web du calendrier scolaire en CSV, "
        "ou rien pour ne pas le chercher."
    ]


def test_the_instance_folder_is_the_variables_or_instance_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({}).instance == tmp_path / "instance"
    elsewhere = Settings.from_environment({"CALENDAR_INSTANCE": "ailleurs"})
    assert elsewhere.instance == tmp_path / "ailleurs"
    assert (tmp_path / "ailleurs" / "secret_key").exists()


@pytest.mark.parametrize(
    ("name", "written", "field", "value"),
    [
        ("PUBLIC_URL", "https://École.fr/", "public_url", "https://xn--cole-9oa.fr"),
        ("PUBLIC_URL", "http://[2001:DB8::1]:8000", "public_url", "http://[2001:db8::1]:8000"),
        ("DATABASE_URL", "postgres://u:p@h/b", "database_url", "postgresql+psycopg://u:p@h/b"),
        ("DATABASE_URL", "postgresql:///b", "database_url", "postgresql+psycopg:///b"),
        ("DATABASE_URL", "sqlite:////srv/é b.db", "database_url", "sqlite:////srv/é b.db"),
        ("SMTP_URL", "smtp://u:p%40ss@h:587", "smtp_url", "smtp://u:p%40ss@h:587"),
        ("SMTP_URL", "Console:", "smtp_url", "console:"),
        ("SMTP_URL", "file:", "smtp_url", "file:"),
        *(
            ("LETTERS_MAILBOX", url, "letters_mailbox", url)
            for url in ("imaps://u:p%40ss@h/INBOX", "imap://u:p@127.0.0.1:1143/Lettres")
        ),
        ("SMTP_RATE", "0.5", "smtp_rate", 0.5),
        ("SENDING", "OFF", "sending", False),
        ("STYLE_PAGE", "on", "style_page", True),
        ("TRUSTED_PROXIES", "2", "trusted_proxies", 2),
        ("METRICS_NETWORKS", "10.1.2.3", "metrics_networks", (ipaddress.ip_network("10.1.2.3"),)),
        ("SITE_NAME", "Les dates,\nenfin", "site_name", "Les dates, enfin"),
        ("CONTACT", "https://ac-exemple.fr/contact", "contact", "https://ac-exemple.fr/contact"),
        ("ORGANISATION", "Ici, +262 692 00 00 00", "organisation", "Ici, +262 692 00 00 00"),
        ("UID_DOMAIN", "dates.ac-exemple.fr", "uid_domain", "dates.ac-exemple.fr"),
    ],
)
def test_a_value_is_read_as(read, name, written, field, value):
    assert getattr(read(**{name: written}), field) == value


def test_a_relative_store_is_in_the_instance_folder(read, tmp_path):
    assert read(DATABASE_URL="sqlite:///b.db").database_url == f"sqlite:///{tmp_path}/instance/b.db"


def test_a_sender_has_a_name_and_an_address(read):
    sender = read(MAIL_FROM="Dates, enfin <dates@ac-exemple.fr>").mail_from
    assert (sender.display_name, sender.addr_spec) == ("Dates, enfin", "dates@ac-exemple.fr")


def test_the_port_is_that_of_the_default_address(tmp_path):
    settings = Settings.from_environment({"PORT": "8123"}, tmp_path)
    assert (settings.port, settings.public_url) == (8123, "http://127.0.0.1:8123")


def test_production_trusts_its_public_name_only(tmp_path):
    production = Settings.from_environment(PRODUCTION, tmp_path)
    assert production.production
    assert production.trusted_hosts == ("calendrier.ac-exemple.fr",)
    assert str(production.mail_from).endswith("<ne-pas-repondre@calendrier.ac-exemple.fr>")
    assert not (tmp_path / "secret_key").exists()
    # In development, this host name is only one of several trusted names.
    settings = Settings.from_environment(PRODUCTION | {"CALENDAR_ENV": "development"}, tmp_path)
    assert set(settings.trusted_hosts) > {"localhost", "calendrier.ac-exemple.fr"}


@pytest.mark.parametrize("missing", sorted(PRODUCTION.keys() - {"CALENDAR_ENV"}))
def test_production_does_not_start_without(missing, tmp_path):
    environ = PRODUCTION | {missing: ""}
    [sentence] = refusal(environ, tmp_path / "instance")
    assert sentence.startswith(f"{missing} manque : avec CALENDAR_ENV=production, il faut ")
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALENDAR_ENV", "prod"),
        ("CALENDAR_PUBLIC_URL", "calendrier.ac-exemple.fr"),
        ("CALENDAR_PUBLIC_URL", "ftp://ac-exemple.fr"),
        ("CALENDAR_PUBLIC_URL", "https://ac-exemple.fr/calendrier"),
        ("CALENDAR_PUBLIC_URL", "https://moi@ac-exemple.fr"),
        ("CALENDAR_PUBLIC_URL", "https://ac-exemple.fr:70000"),
        ("CALENDAR_PUBLIC_URL", "https://ac exemple.fr"),
        ("CALENDAR_UID_DOMAIN", "https://ac-exemple.fr"),
        ("CALENDAR_SMTP_RATE", "0"),
        ("CALENDAR_SMTP_RATE", "nan"),
        ("CALENDAR_MAIL_FROM", "Calendrier"),
        ("CALENDAR_MAIL_FROM", "un@ac-exemple.fr, deux@ac-exemple.fr"),
        ("CALENDAR_UNSUBSCRIBE_MAILBOX", "Calendrier <a@ac-exemple.fr>"),
        ("CALENDAR_SENDING", "oui"),
        ("CALENDAR_TRUSTED_PROXIES", "-1"),
        ("CALENDAR_METRICS_NETWORKS", "10.1.2.3/8"),
        ("CALENDAR_SITE_NAME", "a" * 201),
        ("CALENDAR_CONTACT", "le secrétariat"),
        ("CALENDAR_ORGANISATION", "Rectorat d'Exemple, 1 rue de l'Essai, 75000 Paris"),
        ("CALENDAR_HOSTING", "Hébergeur d'Exemple, BP 12345, 75000 Paris CEDEX"),
        ("PORT", "0"),
        ("PORT", "huit mille"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name, value, tmp_path):
    [sentence] = refusal({name: value}, tmp_path)
    assert sentence.startswith(f"{name} vaut « {value} » : il faut ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALENDAR_SECRET_KEY", "motdepasse"),
        ("CALENDAR_DATABASE_URL", "mysql://u:motdepasse@h/b"),
        ("CALENDAR_DATABASE_URL", "postgresql+psycopg2://u:motdepasse@h/b"),
        ("CALENDAR_DATABASE_URL", "postgresql://u:motdepasse@h"),
        ("CALENDAR_DATABASE_URL", "motdepasse"),
        ("CALENDAR_DATABASE_URL", "sqlite://"),
        ("CALENDAR_DATABASE_URL", "sqlite:///:memory:"),
        ("CALENDAR_SMTP_URL", "https://u:motdepasse@h"),
        ("CALENDAR_SMTP_URL", "smtp://u:motdepasse@h:port"),
        ("CALENDAR_SMTP_URL", "smtp://u:12#motdepasse@h"),
        ("CALENDAR_SMTP_URL", "smtp://u:12/motdepasse@h"),
        ("CALENDAR_SMTP_URL", "console:motdepasse"),
        ("CALENDAR_LETTERS_MAILBOX", "pop://u:motdepasse@h"),
        ("CALENDAR_LETTERS_MAILBOX", "imaps://motdepasse@h"),
        ("CALENDAR_LETTERS_MAILBOX", "imap://u:motdepasse@h.example/INBOX"),
        ("CALENDAR_LETTERS_MAILBOX", "imaps://u:motdepasse@h:port/INBOX"),
        ("CALENDAR_LETTERS_MAILBOX", "imaps://u:1#motdepasse@h/INBOX"),
        ("CALENDAR_SMTP_URL", "file:/motdepasse"),
    ],
)
def test_a_wrong_secret_is_refused_and_not_said(name, value, tmp_path):
    [sentence] = refusal({name: value}, tmp_path)
    assert sentence.startswith(f"{name} ne convient pas : il faut ")
    assert "motdepasse" not in sentence


@pytest.mark.parametrize("value", ["console:", "file:"])
def test_production_sends_its_mails_through_a_server(value, tmp_path):
    [sentence] = refusal(PRODUCTION | {"CALENDAR_SMTP_URL": value}, tmp_path)
    assert sentence == (
        "CALENDAR_SMTP_URL ne convient pas : il faut l'adresse d'un serveur, par exemple"
        " smtp://utilisateur:mot-de-passe@serveur:587."
    )


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    environ = {
        "PORT": "x",
        "CALENDAR_ENV": "production",
        "CALENDAR_SENDING": "peut-être",
        "CALENDAR_PUBLC_URL": "https://ac-exemple.fr",
        "CALENDAR_TEST_CAMPAIGN": "1",
    }
    refused = [sentence.split()[0] for sentence in refusal(environ, tmp_path)]
    missing = PRODUCTION.keys() - {"CALENDAR_ENV"}
    assert sorted(refused) == sorted([*missing, "PORT", "CALENDAR_SENDING", "CALENDAR_PUBLC_URL"])


@pytest.mark.parametrize(
    "environ",
    [{"port": "9"}, {"env": "production"}, {"contact": "zzz"}, {"calendar_contact": "a@b.fr"}],
)
def test_the_name_of_a_field_is_no_variable(environ, tmp_path):
    """Many programs set « port » or « env »; ours alone set CALENDAR_…"""
    assert Settings.from_environment(environ, tmp_path) == Settings.from_environment({}, tmp_path)


def test_a_variable_that_does_not_exist_is_refused_with_the_nearest_right_one(tmp_path):
    assert refusal({"CALENDAR_SMPT_URL": "x", "CALENDAR_COULEUR": "bleu"}, tmp_path) == [
        "CALENDAR_COULEUR n'est pas un réglage : retirez cette variable.",
        "CALENDAR_SMPT_URL n'est pas un réglage : écrivez CALENDAR_SMTP_URL.",
    ]


def test_secrets_do_not_show(read):
    settings = read(
        SECRET_KEY=KEY,
        SMTP_URL="smtp://u:motdepasse@h",
        DATABASE_URL="postgresql://u:motdepasse@h/b",
    )
    assert KEY not in repr(settings)
    assert "motdepasse" not in repr(settings)


def test_the_key_is_made_once_for_its_owner_only(tmp_path):
    instance = tmp_path / "instance"
    first = Settings.from_environment({}, instance).secret_key
    assert len(first) >= 32
    assert Settings.from_environment({}, instance).secret_key == first
    assert (instance / "secret_key").stat().st_mode & 0o777 == 0o600
    assert instance.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in instance.iterdir()] == ["secret_key"]
    assert Settings.from_environment({}, tmp_path / "other").secret_key != first


def test_programs_that_start_at_once_agree_on_the_key(tmp_path):
    script = (
        "import sys; from calendar_app.config.settings import Settings; from pathlib import Path;"
        "sys.stdin.readline();"
        "print(Settings.from_environment({}, Path(sys.argv[1])).secret_key)"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "instance")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    # By now all programs have almost finished loading; each waits for a line on its input.
    with ThreadPoolExecutor(len(programs)) as pool:
        keys = set(pool.map(lambda program: program.communicate("\n", timeout=60)[0], programs))
    assert [program.returncode for program in programs] == [0] * 8
    assert len(keys) == 1


def test_a_damaged_key_is_not_used(tmp_path):
    (tmp_path / "secret_key").write_text("")
    [sentence] = refusal({}, tmp_path)
    assert sentence.startswith("CALENDAR_SECRET_KEY : le fichier « ")


def test_an_instance_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    [sentence] = refusal({}, tmp_path / "file" / "instance")
    assert sentence.startswith("CALENDAR_INSTANCE : nous ne pouvons pas écrire dans le dossier « ")


def test_the_folders_of_a_checkout_are_beside_the_package():
    root = Path(__file__).parents[2]
    assert (data_folder(), templates_folder()) == (root / "data", root / "templates")


def test_the_environment_of_the_tests_is_not_refused(tmp_path):
    """The variables that `make test` sets must not stop the programs that the tests start."""
    environ = {name: value for name, value in os.environ.items() if "CALENDAR_TEST_" in name}
    Settings.from_environment(environ | {"CALENDAR_TEST_NO_SKIP": "1"}, tmp_path)


def test_a_secret_may_stand_in_a_file(tmp_path):
    for name in Settings.secret_variables():
        assert name in {
            *("CALENDAR_DATABASE_URL", "CALENDAR_SECRET_KEY"),
            *("CALENDAR_SMTP_URL", "CALENDAR_LETTERS_MAILBOX"),
        }
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    asked = {"CALENDAR_SECRET_KEY_FILE": str(path)}
    assert Settings.from_environment(asked, tmp_path / "instance").secret_key == KEY
    smtp = tmp_path / "smtp"
    smtp.write_text(PRODUCTION["CALENDAR_SMTP_URL"])
    environ = PRODUCTION | asked | {"CALENDAR_SMTP_URL_FILE": str(smtp)}
    environ = {n: v for n, v in environ.items() if f"{n}_FILE" not in environ}
    read = Settings.from_environment(environ, tmp_path / "instance")
    assert read == Settings.from_environment(PRODUCTION, tmp_path / "instance")


def test_a_file_of_a_secret_that_is_wrong_is_said(tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    asked = {
        "CALENDAR_SECRET_KEY": KEY,
        "CALENDAR_SECRET_KEY_FILE": str(empty),
        "CALENDAR_SMTP_URL_FILE": str(empty),
        "CALENDAR_DATABASE_URL_FILE": str(tmp_path / "none"),
        "CALENDAR_SITE_NAME_FILE": str(empty),
    }
    found = refusal(asked, tmp_path / "instance")
    assert found == [
        f"CALENDAR_DATABASE_URL_FILE : le fichier « {tmp_path / 'none'} » ne se lit pas.",
        "CALENDAR_SECRET_KEY et CALENDAR_SECRET_KEY_FILE sont donnés tous deux : gardez-en un.",
        f"CALENDAR_SMTP_URL_FILE : le fichier « {empty} » est vide.",
        "CALENDAR_SITE_NAME_FILE n'est pas un réglage : retirez cette variable.",
    ]
    # In production such a setting is not said to be missing as well.
    environ = {n: v for n, v in PRODUCTION.items() if n != "CALENDAR_SMTP_URL"}
    environ |= {"CALENDAR_SMTP_URL_FILE": str(empty)}
    assert refusal(environ, tmp_path / "instance") == [
        f"CALENDAR_SMTP_URL_FILE : le fichier « {empty} » est vide."
    ]
