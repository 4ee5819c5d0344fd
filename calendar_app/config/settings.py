"""The settings of an installation, and where its folders are.

pydantic-settings reads the variables; the sentences about those that are wrong are ours, since an
operator reads them: French, all at once, each with what the value must be.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasGenerator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from calendar_app.config.environment import (
    DOMAIN,
    MAIL,
    Network,
    SettingsError,
    database_url,
    host_of,
    mail_or_web_page,
    mailbox_url,
    matching,
    networks,
    number,
    one_of,
    reachable,
    sender,
    short_line,
    site_url,
    smtp_url,
    web_page,
    web_page_or_nothing,
)
from calendar_app.config.secret_files import read_files
from calendar_app.words.text import nearest

#: What follows « @ » in every UID. RFC 7986 (section 5.3) wants it to be unique, not to be a host
#: that exists, and it must never follow the site's address: a calendar that meets a new UID shows
#: the date a second time. Nobody can ever own a name under « .example » (RFC 2606).
UID_DOMAIN = "calendrier-des-classes.example"

#: The ministry's school calendar as a CSV file: the data set fr-en-calendrier-scolaire (Licence
#: Ouverte), through the export of its open data site (Opendatasoft, Explore API 2.1).
HOLIDAYS_URL = (
    "https://data.education.gouv.fr/api/explore/v2.1/catalog/datasets/fr-en-calendrier-scolaire"
    "/exports/csv?lang=fr&timezone=Europe%2FParis&use_labels=true&delimiter=%3B"
)

_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_LOOPBACK_NETWORKS: tuple[Network, ...] = (
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv6Network("::1/128"),
)
_KEY_LENGTH = 32
_KEY_FILE = "secret_key"
_PREFIX = "CALENDAR_"


@dataclass(frozen=True, slots=True)
class Variable:
    """What an operator is told about a variable whose value is missing or wrong.

    :param expected: French: what the value must be, with an example.
    :param required: whether production does not start without it.
    :param secret: whether the value must not be written in the message.
    :param may_be_empty: whether an empty variable is a value of its own. Any other empty variable
        is one that is not set.
    """

    expected: str
    required: bool = False
    secret: bool = False
    may_be_empty: bool = False


def _read(parse: Callable[[str], Any]) -> BeforeValidator:
    """Read the text of a variable with *parse*; a value that is no text was read already."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _read_database_url(value: Any, info: ValidationInfo) -> Any:
    """Read the address of the store; without one, a file in the instance folder."""
    folder = info.data.get("instance", Path("instance").absolute())
    return database_url(value, folder) if value else f"sqlite:///{folder / 'calendar.sqlite3'}"


def _read_smtp_url(value: Any, info: ValidationInfo) -> Any:
    production = info.data.get("env") == "production"
    return smtp_url(value, production=production) if isinstance(value, str) else value


def _default_url(data: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{data.get('port', 8000)}"


def _default_sender(data: dict[str, Any]) -> Address:
    host = host_of(data.get("public_url", _default_url(data)))
    return Address(data.get("site_name", ""), "ne-pas-repondre", host)


class Settings(BaseSettings):
    """How this installation runs. :meth:`from_environment` makes it; the variable of a field is
    ``CALENDAR_`` and its name in capital letters, but for ``PORT``.

    Settings end up in logs, so what may hold a password is not in ``repr``.

    :param env: ``development`` or ``production``.
    :param instance: absolute folder of what is this installation's own: store, key, outbox.
    :param port: where ``calendar-app serve`` listens.
    :param database_url: for SQLAlchemy: ``sqlite:///`` and an absolute path, or
        ``postgresql+psycopg://…``.
    :param public_url: where people find the site: ``scheme://host[:port]``, no slash at the end.
    :param uid_domain: what follows « @ » in the UID of every date. Never change it: calendars would
        show each date a second time.
    :param secret_key: signs links, cookies and codes. With another one all links in mails are void.
    :param smtp_url: ``smtp://…`` or ``smtps://…``. Before production also ``console:``, and
        ``file:``, which writes mails as files into the instance folder; so does no value.
    :param smtp_rate: mails a second, at most, for each worker.
    :param site_name: the name of the site, on its pages and in its mails.
    :param mail_from: the sender of every mail.
    :param unsubscribe_mailbox: the address at which people unsubscribe, if there is one.
    :param sending: ``on``, or ``off``, which holds every mail back.
    :param ledger: the file in which departures are noted as hashes, on another disk or machine, so
        that a restored backup mails nobody who has left since (None: they are noted nowhere).
    :param log: ``text`` or ``json``: how a line of the log is written.
    :param letters_mailbox: the mailbox of letters that the worker reads every ten minutes:
        ``imaps://user:password@host/INBOX``. None: it reads none.
    :param holidays_url: the CSV file of the ministry's school calendar that the worker fetches each
        month; None: it fetches none.
    :param trusted_proxies: how many proxies stand before the server, for werkzeug's ``ProxyFix``.
        With one too many, a visitor chooses the address that we take for theirs.
    :param style_page: ``on`` or ``off``: whether ``/style/``, the page of all parts of pages, is
        shown in production.
    :param metrics_networks: the networks from which ``/metrics`` may be read.
    :param organisation: who publishes the site, with address and telephone, for the legal notice
        (None: not said).
    :param publisher: director of publication, a person, for the legal notice (None: not said).
    :param mail_relay: who carries the mails for us, and in which country (None: not said).
    :param hosting: who hosts the site, with address and telephone, for the legal notice (None: not
        said).
    :param controller: who answers for personal data (None: not said).
    :param dpo: data protection officer (None: not said).
    :param contact: e-mail or web address to which people write (None: not said).
    :param accessibility_plan: web page of the plan that the law asks for (None: not said).
    """

    model_config = SettingsConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: _PREFIX + name.upper()),
        populate_by_name=True,
        arbitrary_types_allowed=True,
        case_sensitive=True,
        validate_default=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    env: Annotated[
        str,
        _read(one_of("development", "production")),
        Variable("« development » ou « production »"),
    ] = "development"
    instance: Annotated[
        Path,
        BeforeValidator(lambda value: Path(value).absolute()),
        Variable("le chemin d'un dossier"),
    ] = Path("instance")
    port: Annotated[
        int,
        _read(number(int, 1, 65535)),
        Variable("un nombre entier de 1 à 65535, par exemple 8000"),
    ] = Field(8000, validation_alias="PORT")
    database_url: Annotated[
        str,
        BeforeValidator(_read_database_url),
        Variable(
            "sqlite:///chemin/du/fichier ou postgresql://utilisateur:mot-de-passe@serveur/base",
            secret=True,
        ),
    ] = Field("", repr=False)
    public_url: Annotated[
        str,
        _read(site_url),
        Variable(
            "l'adresse du site sans chemin, par exemple https://calendrier.ac-exemple.fr",
            required=True,
        ),
    ] = Field(default_factory=_default_url)
    uid_domain: Annotated[
        str,
        _read(matching(DOMAIN)),
        Variable(f"un nom de domaine qui ne changera jamais, par exemple {UID_DOMAIN}"),
    ] = UID_DOMAIN
    secret_key: Annotated[
        str,
        _read(matching(re.compile(rf"(.{{{_KEY_LENGTH},}})?"))),
        Variable(
            f"au moins {_KEY_LENGTH} signes tirés au hasard, par exemple ce qu'écrit : "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
            required=True,
            secret=True,
        ),
    ] = Field("", repr=False)
    smtp_url: Annotated[
        str | None,
        BeforeValidator(_read_smtp_url),
        Variable(
            "l'adresse d'un serveur, par exemple smtp://utilisateur:mot-de-passe@serveur:587",
            required=True,
            secret=True,
        ),
    ] = Field(None, repr=False)
    smtp_rate: Annotated[
        float,
        _read(number(float, 0.01, 1000)),
        Variable("le nombre de courriels par seconde, de 0.01 à 1000, par exemple 5"),
    ] = 5.0
    site_name: Annotated[str, _read(short_line), Variable("un nom de 200 signes au plus")] = (
        "Calendrier des classes"
    )
    mail_from: Annotated[
        Address,
        _read(sender),
        Variable("une adresse, par exemple Calendrier <calendrier@ac-exemple.fr>"),
    ] = Field(default_factory=_default_sender)
    unsubscribe_mailbox: Annotated[
        str | None,
        _read(matching(MAIL)),
        Variable("une adresse, par exemple desabonnement@ac-exemple.fr"),
    ] = None
    sending: Annotated[
        bool, _read(lambda text: one_of("on", "off")(text) == "on"), Variable("« on » ou « off »")
    ] = True
    ledger: Annotated[
        Path | None,
        BeforeValidator(lambda value: Path(value).absolute() if value else None),
        Variable("le chemin d'un fichier, sur un autre disque que celui de la base"),
    ] = None
    log: Annotated[str, _read(one_of("text", "json")), Variable("« text » ou « json »")] = "text"
    letters_mailbox: Annotated[
        str | None,
        _read(mailbox_url),
        Variable(
            "l'adresse d'une boîte, par exemple imaps://utilisateur:mot-de-passe@serveur/INBOX "
            "(imap:// seulement sur cette machine ; @, : et / du nom ou du mot de passe s'écrivent "
            "%40, %3A et %2F)",
            secret=True,
        ),
    ] = Field(None, repr=False)
    holidays_url: Annotated[
        str | None,
        _read(web_page_or_nothing),
        Variable(
            "l'adresse web du calendrier scolaire en CSV, ou rien pour ne pas le chercher",
            may_be_empty=True,
        ),
    ] = HOLIDAYS_URL
    trusted_proxies: Annotated[
        int,
        _read(number(int, 0, 9)),
        Variable("le nombre de serveurs mandataires placés devant l'application, de 0 à 9"),
    ] = 0
    style_page: Annotated[
        bool, _read(lambda text: one_of("on", "off")(text) == "on"), Variable("« on » ou « off »")
    ] = False
    metrics_networks: Annotated[
        tuple[Network, ...],
        _read(networks),
        Variable("des réseaux séparés par des virgules, par exemple 127.0.0.0/8, 10.1.0.0/16"),
    ] = _LOOPBACK_NETWORKS
    organisation: Annotated[
        str | None,
        _read(reachable),
        Variable(
            "le nom, l'adresse et le téléphone de l'éditeur du site (200 signes au plus), par "
            "exemple Rectorat d'Exemple, 1 rue de l'Essai, 75000 Paris, 01 00 00 00 00",
            required=True,
        ),
    ] = None
    publisher: Annotated[
        str | None,
        _read(short_line),
        Variable(
            "le nom du directeur ou de la directrice de la publication (200 signes au plus)",
            required=True,
        ),
    ] = None
    mail_relay: Annotated[
        str | None,
        _read(short_line),
        Variable(
            "le nom et le pays de qui achemine les courriels (200 signes au plus), par exemple "
            "Postier d'Exemple, France",
            required=True,
        ),
    ] = None
    hosting: Annotated[
        str | None,
        _read(reachable),
        Variable(
            "le nom, l'adresse, le pays et le téléphone de l'hébergeur (200 signes au plus), "
            "par exemple Hébergeur d'Exemple, 1 rue de l'Essai, 75000 Paris, France, "
            "01 00 00 00 00",
            required=True,
        ),
    ] = None
    controller: Annotated[
        str | None,
        _read(short_line),
        Variable(
            "le nom et l'adresse du responsable du traitement des données (200 signes au plus)",
            required=True,
        ),
    ] = None
    dpo: Annotated[
        str | None,
        _read(short_line),
        Variable(
            "de quoi joindre le délégué à la protection des données (200 signes au plus)",
            required=True,
        ),
    ] = None
    contact: Annotated[
        str | None,
        _read(mail_or_web_page),
        Variable(
            "une adresse de courriel ou de page web, par exemple contact@ac-exemple.fr",
            required=True,
        ),
    ] = None
    accessibility_plan: Annotated[
        str | None,
        _read(web_page),
        Variable(
            "l'adresse web du schéma pluriannuel de mise en accessibilité, par exemple "
            "https://ac-exemple.fr/accessibilite"
        ),
    ] = None

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def trusted_hosts(self) -> tuple[str, ...]:
        """The names that a request's Host may have, without port; an IPv6 address in brackets."""
        public = host_of(self.public_url)
        if self.production:
            return (public,)
        return tuple(dict.fromkeys((*_LOOPBACK_HOSTS, public)))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], instance: Path | None = None) -> Settings:
        """Read the settings; with no variable at all they suit one's own machine.

        Makes the instance folder where it is missing, and a key in it where none is given.

        :param environ: usually ``os.environ``. An empty variable is one that is not set, unless
            :class:`Variable` says otherwise.
        :param instance: the instance folder; by default ``CALENDAR_INSTANCE``, else ``instance``
            in the current folder.
        :raises SettingsError: a sentence for each variable that is wrong, that production misses,
            or that begins with ``CALENDAR_`` without being a setting; or whose file cannot be read
            (``CALENDAR_SECRET_KEY_FILE``: see ``config.secret_files``).
        """
        environ, unread, silent = read_files(environ, cls.secret_variables())
        keeps = {name for name, about in cls._variables().items() if about.may_be_empty}
        given = {
            name: text
            for name, value in environ.items()
            if (text := value.strip()) or name in keeps
        }
        if instance is not None:
            given[f"{_PREFIX}INSTANCE"] = str(instance)
        # By the names of variables alone: a field's own name is no variable.
        values: dict[str, Any] = {n: given[n] for n in cls._variables() if n in given}
        settings, wrong = None, frozenset[str]()
        try:
            settings = cls(**values)
        except ValidationError as error:
            wrong = frozenset(str(problem["loc"][0]) for problem in error.errors())
        said = cls._problems({n: given.get(n, "") for n in silent} | given, wrong - silent)
        problems = [*unread, *said, *cls._unknown(environ)]
        if problems or settings is None:
            raise SettingsError("\n".join(problems or sorted(wrong)))
        return settings._in_its_folder()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what :meth:`from_environment` was given, and nothing of the process besides."""
        return (init_settings,)

    @classmethod
    def secret_variables(cls) -> tuple[str, ...]:
        """Return the variables whose value a file may hold."""
        return tuple(name for name, about in cls._variables().items() if about.secret)

    @classmethod
    def _variables(cls) -> dict[str, Variable]:
        """Return each variable, in the order of the fields."""
        return {
            str(field.validation_alias): about
            for field in cls.model_fields.values()
            for about in field.metadata
            if isinstance(about, Variable)
        }

    @classmethod
    def _problems(cls, given: Mapping[str, str], wrong: frozenset[str]) -> list[str]:
        """Say in French what is wrong with the known variables."""
        said = []
        production = given.get(f"{_PREFIX}ENV", "").lower() == "production"
        for name, about in cls._variables().items():
            if name in wrong and name in given:
                was = "ne convient pas" if about.secret else f"vaut « {given[name]} »"
                expected = about.expected
                if name == f"{_PREFIX}SMTP_URL" and not production:
                    expected += ", ou « console: » ou « file: »"
                said.append(f"{name} {was} : il faut {expected}.")
            elif production and about.required and name not in given:
                said.append(
                    f"{name} manque : avec CALENDAR_ENV=production, il faut {about.expected}."
                )
        return said

    @classmethod
    def _unknown(cls, environ: Mapping[str, str]) -> list[str]:
        """Say in French which variables are no settings, each with the nearest one that is."""
        # The prefix that all share would make any two names look alike.
        known = {name.removeprefix(_PREFIX): name for name in cls._variables()}
        said = []
        for name in sorted(environ.keys() - set(known.values())):
            if name.startswith(_PREFIX) and not name.startswith(f"{_PREFIX}TEST_"):
                near = nearest(name.removeprefix(_PREFIX), known)
                hint = f"écrivez {known[near]}" if near else "retirez cette variable"
                said.append(f"{name} n'est pas un réglage : {hint}.")
        return said

    def _in_its_folder(self) -> Settings:
        """Make the instance folder, and the key in it where none is given."""
        folder = self.instance
        try:
            # Other accounts of the machine have no business with subscribers' addresses.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self if self.secret_key else self.model_copy(update={"secret_key": _key(folder)})
        except OSError as error:
            raise SettingsError(
                f"CALENDAR_INSTANCE : nous ne pouvons pas écrire dans le dossier « {folder} »"
                f" ({error.strerror}) ; donnez un dossier où le programme a le droit d'écrire."
            ) from error


def data_folder() -> Path:
    """Return the folder of ``events.yaml`` and the other data: a checkout's or the wheel's."""
    return _beside_or_bundled("data")


def templates_folder() -> Path:
    """Return the folder of the templates: a checkout's or the wheel's."""
    return _beside_or_bundled("templates")


def _beside_or_bundled(name: str) -> Path:
    package = Path(__file__).parents[1]
    bundled = package / "_bundled" / name
    return bundled if bundled.is_dir() else package.parent / name


def take_key(settings: Settings, key: str) -> None:
    """Make *key* (of a backup) the key of an installation.

    :raises SettingsError: when its environment gives another key.
    :raises OSError: when the instance folder cannot be written.
    """
    if settings.secret_key == key:
        return
    path = settings.instance / _KEY_FILE
    if not path.exists() or path.read_text(encoding="ascii").strip() != settings.secret_key:
        raise SettingsError(
            "CALENDAR_SECRET_KEY n'est pas la clé de la sauvegarde : les liens des courriels déjà "
            "envoyés ne marcheraient plus. Donnez à CALENDAR_SECRET_KEY la clé qu'écrit "
            "« tar -xOzf SAUVEGARDE secret_key », puis recommencez."
        )
    draft = path.with_name(f"{_KEY_FILE}.{secrets.token_hex(8)}")
    with open(draft, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(key)
    draft.replace(path)


def _key(folder: Path) -> str:
    """Return the key kept in *folder*; the first call makes it.

    :raises SettingsError: when what is kept is no key.
    """
    path = folder / _KEY_FILE
    if not path.exists():
        # Written aside, then linked: two processes that start together end with the same key, and
        # neither reads half of it. (A rename would replace the key that the other already uses.)
        draft = folder / f"{_KEY_FILE}.{secrets.token_hex(8)}"
        with open(draft, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < _KEY_LENGTH:
        raise SettingsError(
            f"CALENDAR_SECRET_KEY : le fichier « {path} » ne contient pas une clé ;"
            " supprimez-le, et le programme en fera une autre."
        )
    return key
