"""What each address of the open data takes and answers, as its view declares it; and the whole as
an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic.json_schema import models_json_schema

from calendar_app.catalogue import filters
from calendar_app.feeds.options import MONTH
from calendar_app.web.api.nouns import LICENCE, LICENCE_ADDRESS, LICENCE_SPDX, Noun, Problem
from calendar_app.web.policies import View
from calendar_app.words.vocabulary import EventType

#: The version of the description. The first number is that of the addresses.
VERSION = "1.0.0"
JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query of an address.

    :param words: what it is, in French.
    :param schema: the JSON schema of its value.
    :param place: « query » or « path ».
    """

    name: str
    words: str
    schema: dict[str, Any]
    place: str = "query"

    def described(self) -> dict[str, Any]:
        """Return it as a Parameter Object of OpenAPI."""
        return {
            "name": self.name,
            "in": self.place,
            "required": self.place == "path",
            "description": self.words,
            "schema": self.schema,
        }


@dataclass(frozen=True, slots=True)
class Operation:
    """A GET of the open data.

    :param words: what it gives, in French.
    :param answer: the model of the answer; None when the answer is no JSON.
    :param content_type: without its charset.
    :param statuses: the errors that its parameters may cause.
    """

    words: str
    answer: type[Noun] | None
    parameters: tuple[Parameter, ...] = ()
    content_type: str = JSON
    statuses: tuple[HTTPStatus, ...] = ()


def told(
    words: str,
    answer: type[Noun] | None,
    *parameters: Parameter,
    content_type: str = JSON,
    statuses: tuple[HTTPStatus, ...] = (HTTPStatus.NOT_FOUND,),
) -> Callable[[View], View]:
    """Declare what a view takes and answers (a decorator); see :class:`Operation`."""
    operation = Operation(words, answer, parameters, content_type, statuses if parameters else ())

    def declare(view: View) -> View:
        view.operation = operation  # type: ignore[attr-defined]
        return view

    return declare


def _repeated(words: str, example: str, **schema: Any) -> tuple[str, dict[str, Any]]:
    items = {"type": "string", "examples": [example], **schema}
    return f"{words} Répété : l'un ou l'autre.", {"type": "array", "items": items}


_FILTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "academie": _repeated(
        "Une académie : avec les dates nationales, et celles de sa région et de ses départements.",
        "lille",
    ),
    "departement": _repeated("Un département : avec les dates nationales.", "59"),
    "niveau": _repeated(
        "Une classe, un cycle ou un degré : « cm2 », « cycle-3 », « premier-degre ».", "cm2"
    ),
    "theme": _repeated("Un thème.", "numerique"),
    "type": _repeated(f"La nature : {', '.join(EventType)}.", EventType.CONTEST.value),
    "journees": (
        "« 0 » : sans les journées qui reviennent par une règle.",
        {"type": "string", "enum": ["0", "1"]},
    ),
    "evenements": (
        "Des identifiants d'événements, séparés par des virgules : ils sont donnés quoi que disent "
        "les autres filtres.",
        {"type": "string"},
    ),
    "q": ("Des mots, comme on les tape dans « Rechercher ».", {"type": "string"}),
}

#: The filters of every page and feed. (Read by ``catalogue.filters``.)
FILTERS = tuple(Parameter(name, *_FILTERS[name]) for name in filters.PARAMETERS)
#: As in a feed. (Read by ``feeds.options``.)
SINCE = Parameter(
    "depuis",
    "Un mois, comme « 2026-09 » : les dates à partir de ce mois, et les seuls événements qui en "
    "ont. Sans lui, toutes les années.",
    {"type": "string", "pattern": f"^{MONTH.pattern}$"},
)
MOST = 100
COUNT = Parameter(
    "nombre",
    "Combien au plus par réponse.",
    {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST},
)
AFTER = Parameter(
    "apres",
    "Où reprendre : vient de l'adresse « next » de la réponse précédente.",
    {"type": "string", "pattern": "^[0-9a-z-]{1,200}$"},
)


def operations(app: Flask, blueprint: str) -> dict[str, Operation]:
    """Return path, as OpenAPI writes it → what the view of a blueprint declares.

    :raises AttributeError: when a view declares nothing.
    """
    found = {}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.startswith(f"{blueprint}."):
            view: Any = app.view_functions[rule.endpoint]
            found[rule.rule.replace("<", "{").replace(">", "}")] = view.operation
    return found


def document(found: dict[str, Operation], site_name: str, public_url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of some operations.

    :param found: path → operation.
    :param public_url: the address of the site, without a slash at its end.
    """
    answers = [one.answer for one in found.values() if one.answer]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{site_name} : données ouvertes",
            "version": VERSION,
            "description": "Les dates du calendrier, pour des programmes. Une demande ne change "
            "rien, et n'a besoin d'aucun compte. Un paramètre inconnu est ignoré ; une valeur "
            "inconnue est refusée (404), avec la valeur la plus proche.",
            "license": {"name": LICENCE, "identifier": LICENCE_SPDX},
        },
        "externalDocs": {"description": f"Texte de la {LICENCE}", "url": LICENCE_ADDRESS},
        "servers": [{"url": public_url}],
        "paths": {path: {"get": _described(path, one)} for path, one in found.items()},
        "components": {"schemas": _schemas([*answers, Problem])},
    }


def _described(path: str, operation: Operation) -> dict[str, Any]:
    plain = {"type": "object" if operation.content_type == JSON else "string"}
    schema = _reference(operation.answer) if operation.answer else plain
    named = path.rpartition("/v1/")[2].replace("{", "").replace("}", "")
    errors = (*operation.statuses, HTTPStatus.SERVICE_UNAVAILABLE)
    return {
        "operationId": named.replace("/", "-").replace(".", "-") or "page",
        "summary": operation.words,
        "parameters": [parameter.described() for parameter in operation.parameters],
        "responses": {
            "200": {
                "description": operation.words,
                "headers": {"ETag": _header("De quelle version est la réponse.")},
                "content": {operation.content_type: {"schema": schema}},
            },
            "304": {"description": "La version que « If-None-Match » nomme est toujours la bonne."},
            **{str(status.value): _problem() for status in errors},
            "default": _problem(),
        },
    }


def _problem() -> dict[str, Any]:
    return {
        "description": "Ce qui ne va pas, et que faire.",
        "content": {PROBLEM: {"schema": _reference(Problem)}},
    }


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


def _reference(noun: type[Noun]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{noun.__name__}"}


def _schemas(nouns: Iterable[type[Noun]]) -> dict[str, Any]:
    """Return the JSON schemas of models, and of those in them, by name."""
    _, found = models_json_schema(
        [(noun, "serialization") for noun in nouns], ref_template="#/components/schemas/{model}"
    )
    for schema in found["$defs"].values():
        if "enum" in schema:
            del schema["description"]  # that of the class, for those who read the code
    return {name: _without_titles(schema) for name, schema in found["$defs"].items()}


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that pydantic makes of names. (A property may be called
    « title »: its value is no text.)"""
    if isinstance(schema, list):
        return [_without_titles(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_titles(one)
        for name, one in schema.items()
        if name != "title" or not isinstance(one, str)
    }
