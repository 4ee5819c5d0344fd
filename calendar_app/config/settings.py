"""The settings of an installation, and where its folders are."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from pathlib import Path

from calendar_app.config.environment import (
    DOMAIN,
    MAIL,
    Network,
    Reader,
    SettingsError,
    contact,
    database_url,
    host_of,
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
)

#: What follows « @ » in every UID. RFC 7986 (section 5.3) wants it to be unique, not to be a host
#: that exists, and it must never follow the site's address: a calendar that meets a new UID shows
#: the date a second time. Nobody can ever own a name under « .example » (RFC 2606).
UID_DOMAIN = "calendrier-des-classes.example"

_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_LOOPBACK_NETWORKS: tuple[Network, ...] = (
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv6Network("::1/128"),
)
_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this installation runs. :meth:`from_environment` makes it.

    Settings end up in logs, so what may hold a password is not in ``repr``.

    :param env: ``development`` or ``production``.
    :param instance: absolute folder of what is this installation's own: store, key, outbox.
    :param database_url: for SQLAlchemy: ``sqlite:///`` and an absolute path, or
        ``postgresql+psycopg://…``.
    :param public_url: where people find the site: ``scheme://host[:port]``, no slash at the end.
    :param uid_domain: see :data:`UID_DOMAIN`.
    :param smtp_url: ``smtp://…`` or ``smtps://…``. Before production also ``console:``, and
        ``file:`` or None, which write mails as files under *instance*.
    :param smtp_rate: mails a second, at most.
    :param mail_from: whom every mail comes from.
    :param unsubscribe_mailbox: the address that people unsubscribe at, if there is one.
    :param sending: False holds every mail back.
    :param trusted_proxies: how many proxies stand before the server, for werkzeug's ``ProxyFix``.
        With one too many, a visitor chooses the address that we take for theirs.
    :param metrics_networks: from where ``/metrics`` may be read.
    :param organisation: who publishes the site, with address and telephone, for the legal notice
        (None: not said).
    :param publisher: director of publication, a person, for the same (None: not said).
    :param mail_relay: who carries the mails for us, and in which country (None: not said).
    :param hosting: who hosts the site, with address and telephone, for the same (None: not said).
    :param controller: who answers for personal data (None: not said).
    :param dpo: data protection officer (None: not said).
    :param contact: e-mail or web address that people write to (None: not said).
    :param accessibility_plan: web page of the plan that the law asks for (None: not said).
    :param port: where ``calendar-app serve`` listens.
    """

    env: str
    instance: Path
    database_url: str = field(repr=False)
    public_url: str
    uid_domain: str
    secret_key: str = field(repr=False)
    smtp_url: str | None = field(repr=False)
    smtp_rate: float
    mail_from: Address
    unsubscribe_mailbox: str | None
    sending: bool
    trusted_proxies: int
    metrics_networks: tuple[Network, ...]
    site_name: str
    organisation: str | None
    publisher: str | None
    mail_relay: str | None
    hosting: str | None
    controller: str | None
    dpo: str | None
    contact: str | None
    accessibility_plan: str | None
    port: int

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def trusted_hosts(self) -> tuple[str, ...]:
        """The names a request's Host may have, without port; an IPv6 address in brackets."""
        public = host_of(self.public_url)
        if self.production:
            return (public,)
        return tuple(dict.fromkeys((*_LOOPBACK_HOSTS, public)))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], instance: Path | None = None) -> Settings:
        """Read the settings; with no variable at all they suit one's own machine.

        Makes the instance folder where it is missing, and a key in it where none is given.

        :param environ: usually ``os.environ``. An empty variable is one that is not set.
        :param instance: the instance folder; by default ``CALENDAR_INSTANCE``, else ``instance``
            in the current folder.
        :raises SettingsError: a sentence for each variable that is wrong, that production misses,
            or that begins with ``CALENDAR_`` without being a setting.
        """
        read = Reader(environ)
        env = read(
            "CALENDAR_ENV",
            one_of("development", "production"),
            "development",
            "« development » ou « production »",
        )
        production = env == "production"
        folder = read("CALENDAR_INSTANCE", Path, Path("instance"), "le chemin d'un dossier")
        folder = (instance or folder).absolute()
        port = read(
            "PORT", number(int, 1, 65535), 8000, "un nombre entier de 1 à 65535, par exemple 8000"
        )
        public_url = read(
            "CALENDAR_PUBLIC_URL",
            site_url,
            f"http://127.0.0.1:{port}",
            "l'adresse du site sans chemin, par exemple https://calendrier.ac-exemple.fr",
            required=production,
        )
        site_name = read(
            "CALENDAR_SITE_NAME",
            short_line,
            "Calendrier des classes",
            "un nom de 200 signes au plus",
        )
        settings = cls(
            env=env,
            instance=folder,
            database_url=read(
                "CALENDAR_DATABASE_URL",
                database_url(folder),
                f"sqlite:///{folder / 'calendar.sqlite3'}",
                "sqlite:///chemin/du/fichier ou postgresql://utilisateur:mot-de-passe@serveur/base",
                secret=True,
            ),
            public_url=public_url,
            uid_domain=read(
                "CALENDAR_UID_DOMAIN",
                matching(DOMAIN),
                UID_DOMAIN,
                f"un nom de domaine qui ne changera jamais, par exemple {UID_DOMAIN}",
            ),
            secret_key=read(
                "CALENDAR_SECRET_KEY",
                matching(re.compile(rf".{{{_KEY_LENGTH},}}")),
                "",
                f"au moins {_KEY_LENGTH} signes tirés au hasard, par exemple ce qu'écrit : "
                'python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
                required=production,
                secret=True,
            ),
            smtp_url=read(
                "CALENDAR_SMTP_URL",
                smtp_url(production),
                None,
                "l'adresse d'un serveur, par exemple smtp://utilisateur:mot-de-passe@serveur:587"
                + ("" if production else ", ou « console: » ou « file: »"),
                required=production,
                secret=True,
            ),
            smtp_rate=read(
                "CALENDAR_SMTP_RATE",
                number(float, 0.01, 1000),
                5.0,
                "le nombre de courriels par seconde, de 0.01 à 1000, par exemple 5",
            ),
            mail_from=read(
                "CALENDAR_MAIL_FROM",
                sender,
                Address(site_name, "ne-pas-repondre", host_of(public_url)),
                "une adresse, par exemple Calendrier <calendrier@ac-exemple.fr>",
            ),
            unsubscribe_mailbox=read(
                "CALENDAR_UNSUBSCRIBE_MAILBOX",
                matching(MAIL),
                None,
                "une adresse, par exemple desabonnement@ac-exemple.fr",
            ),
            sending=read("CALENDAR_SENDING", one_of("on", "off"), "on", "« on » ou « off »")
            == "on",
            trusted_proxies=read(
                "CALENDAR_TRUSTED_PROXIES",
                number(int, 0, 9),
                0,
                "le nombre de serveurs mandataires placés devant l'application, de 0 à 9",
            ),
            metrics_networks=read(
                "CALENDAR_METRICS_NETWORKS",
                networks,
                _LOOPBACK_NETWORKS,
                "des réseaux séparés par des virgules, par exemple 127.0.0.0/8, 10.1.0.0/16",
            ),
            site_name=site_name,
            organisation=read(
                "CALENDAR_ORGANISATION",
                reachable,
                None,
                "le nom, l'adresse et le téléphone de l'éditeur du site (200 signes au plus), par "
                "exemple Rectorat d'Exemple, 1 rue de l'Essai, 75000 Paris, 01 00 00 00 00",
                required=production,
            ),
            publisher=read(
                "CALENDAR_PUBLISHER",
                short_line,
                None,
                "le nom du directeur ou de la directrice de la publication (200 signes au plus)",
                required=production,
            ),
            mail_relay=read(
                "CALENDAR_MAIL_RELAY",
                short_line,
                None,
                "le nom et le pays de qui achemine les courriels (200 signes au plus), par exemple "
                "Postier d'Exemple, France",
                required=production,
            ),
            hosting=read(
                "CALENDAR_HOSTING",
                reachable,
                None,
                "le nom, l'adresse, le pays et le téléphone de l'hébergeur (200 signes au plus), "
                "par exemple Hébergeur d'Exemple, 1 rue de l'Essai, 75000 Paris, France, "
                "01 00 00 00 00",
                required=production,
            ),
            controller=read(
                "CALENDAR_CONTROLLER",
                short_line,
                None,
                "le nom et l'adresse du responsable du traitement des données (200 signes au plus)",
                required=production,
            ),
            dpo=read(
                "CALENDAR_DPO",
                short_line,
                None,
                "de quoi joindre le délégué à la protection des données (200 signes au plus)",
                required=production,
            ),
            contact=read(
                "CALENDAR_CONTACT",
                contact,
                None,
                "une adresse de courriel ou de page web, par exemple contact@ac-exemple.fr",
                required=production,
            ),
            accessibility_plan=read(
                "CALENDAR_ACCESSIBILITY_PLAN",
                web_page,
                None,
                "l'adresse web du schéma pluriannuel de mise en accessibilité, par exemple "
                "https://ac-exemple.fr/accessibilite",
            ),
            port=port,
        )
        read.finish()
        try:
            # Other accounts of the machine have no business with subscribers' addresses.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return settings if settings.secret_key else replace(settings, secret_key=_key(folder))
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


def _key(folder: Path) -> str:
    """Return the key kept in *folder*; the first call makes it.

    :raises SettingsError: when what is kept is no key.
    """
    path = folder / "secret_key"
    if not path.exists():
        # Written aside, then linked: two processes that start together end with the same key, and
        # neither reads half of it. (A rename would replace the key that the other already uses.)
        draft = folder / f"secret_key.{secrets.token_hex(8)}"
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
