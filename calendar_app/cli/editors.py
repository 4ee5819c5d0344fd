"""The commands about editors' accounts. They ask for no password: a single-use link sets it."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask import Flask

from calendar_app.app import letterhead, settings_of, store_session
from calendar_app.cli.base import entered, ready_application, store_as_it_is
from calendar_app.cli.group import cli
from calendar_app.editing import accounts
from calendar_app.editing.password_links import PASSWORD_LINK_LIFE
from calendar_app.editing.rules.roles import EditorRole

MAIL = click.option("--mail", is_flag=True, help="Envoie le lien par courriel, sans l'écrire ici.")
ADDRESS = click.argument("address", metavar="ADRESSE")


@cli.group("editors")
def editors_group() -> None:
    """Gère les comptes de la rédaction."""


@editors_group.command("add")
@click.option(
    "--role",
    type=click.Choice([role.value for role in EditorRole]),
    required=True,
    help="redacteur prépare, responsable publie, administrateur agit partout.",
)
@click.option("--academy", "academies", multiple=True, help="Par exemple lille ; répétable.")
@click.option(
    "--department",
    "departments",
    multiple=True,
    help="Par exemple 59 : ce département seulement, et non toute son académie ; répétable.",
)
@MAIL
@ADDRESS
@click.argument("name", metavar="NOM")
def editors_add(
    role: str,
    academies: tuple[str, ...],
    departments: tuple[str, ...],
    mail: bool,
    address: str,
    name: str,
) -> None:
    """Ajoute un compte, ou change le nom, le rôle et l'académie d'un compte qui existe.

    Un compte désactivé est rétabli. Écrit le lien qui permet de choisir le mot de passe, s'il n'y
    en a pas encore ; avec --mail, l'envoie à la personne.
    """
    with ready_application() as app:
        session = store_session(app)
        scope = accounts.read_scope(session, academies, departments)
        given = EditorRole(role)
        token = accounts.add(session, address, name, given, scope, datetime.now(UTC))
        click.echo(f"Le compte de {address} est enregistré : {given.words}.")
        if token and mail:
            _mail_link(app, address)
        elif token:
            _show_link(app, token)


@editors_group.command("list")
def editors_list() -> None:
    """Montre tous les comptes."""
    with store_as_it_is() as session:
        found = accounts.everybody(session)
    for editor in found:
        state = (
            "désactivé" if editor.disabled else "" if editor.has_password else "sans mot de passe"
        )
        cells = (editor.address, editor.name, editor.role.words, editor.where, state)
        click.echo("  ".join(filter(None, cells)))
    if not found:
        click.echo("Aucun compte. « calendar-app editors add --help » dit comment en ajouter.")


@editors_group.command("disable")
@ADDRESS
def editors_disable(address: str) -> None:
    """Désactive un compte : ses connexions se ferment aussitôt, ce qu'il a fait reste."""
    with store_as_it_is() as session:
        accounts.disable(session, address, datetime.now(UTC))
    click.echo(f"{address} : désactivé.")


@editors_group.command("reset")
@MAIL
@ADDRESS
def editors_reset(mail: bool, address: str) -> None:
    """Écrit, ou envoie avec --mail, un lien qui permet de choisir un autre mot de passe.

    L'ancien mot de passe marche tant que le lien n'a pas servi.
    """
    with entered() as app:
        if mail:
            _mail_link(app, address)
        else:
            _show_link(app, accounts.reset(store_session(app), address, datetime.now(UTC)))


def _show_link(app: Flask, token: str) -> None:
    days = PASSWORD_LINK_LIFE.days
    click.echo(f"Lien à transmettre à cette personne seule, valable {days} jours et une fois :")
    click.echo(letterhead(app).links.password(token))


def _mail_link(app: Flask, address: str) -> None:
    accounts.mail_link(store_session(app), address, letterhead(app).links, datetime.now(UTC))
    days = PASSWORD_LINK_LIFE.days
    click.echo(f"Un lien valable {days} jours et une fois part par courriel à {address}.")
    if not settings_of(app).sending:
        click.echo("L'envoi est suspendu (CALENDAR_SENDING=off) : le courriel attend.")
