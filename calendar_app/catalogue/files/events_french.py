"""Translate the errors that pydantic finds in a file of events into French, each with its line."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.files.events_fields import WRONG
from calendar_app.catalogue.files.problems import Path, Problems, line_of, not_in_list, shown
from calendar_app.catalogue.files.yaml_tree import Tree

_TEXT = "il faut ici un texte"
_KEYS = "il faut ici des clés avec leurs valeurs"

# pydantic's error types (docs.pydantic.dev, « Validation Errors ») → French sentences.
_SENTENCES = {
    "string_type": _TEXT,
    "string_unicode": "la moitié d'un caractère",
    "string_too_short": "ce texte est vide",
    "string_too_long": "ce texte est trop long : {max_length} caractères au plus",
    "tuple_type": "il faut ici une liste, par exemple [{value}]",
    "too_short": "il faut au moins une valeur",
    "dict_type": _KEYS,
    "model_type": _KEYS,
    "model_attributes_type": _KEYS,
    "greater_than_equal": "il faut au moins {ge}",
    "bool_type": "écrivez true (oui) ou false (non)",
    "bool_parsing": "écrivez true (oui) ou false (non)",
    "int_type": "il faut ici un nombre entier",
    "date_type": "il faut ici un jour, par exemple 2021-02-11",
    "time_type": "il faut ici une heure, par exemple 09:00",
    "datetime_type": "il faut ici un instant, par exemple 2021-01-05T10:00:00+00:00",
}
_ANY_OTHER = "cette valeur n'est pas acceptée"

# The error type for the default of « key », which needs « kind ». The wrong « kind » has its own
# error, so this error is left out.
_ECHO = "default_factory_not_called"


def note_errors(error: ValidationError, tree: Tree, problems: Problems) -> list[Path]:
    """Add each error of *error* to *problems*, and return the paths of all wrong values.

    A value whose YAML was refused (``problems.lost``) gets no second message.
    """
    errors = error.errors(include_url=False)
    wrong_paths: list[Path] = [_path(found["loc"]) for found in errors]
    around_them = {path[:-1] for path in wrong_paths}
    for found, path in zip(errors, wrong_paths, strict=True):
        if found["type"] == _ECHO or path in problems.lost:
            continue
        if found["type"] == "too_short" and path in around_them:
            continue  # pydantic does not count the wrong values of this list
        # An error about a key that is missing is reported at the entry that should have it.
        place = path[:-1] if found["type"] == WRONG and path not in tree.lines else path
        problems.add(line_of(tree.lines, place), place, _sentence(dict(found), path))
    return wrong_paths


def _path(loc: Path) -> Path:
    return tuple(step for step in loc if step != "[key]")


def _sentence(found: dict[str, Any], path: Path) -> str:
    kind, context, value = found["type"], found.get("ctx", {}), found.get("input")
    if kind == WRONG:
        return str(context["message"])
    if kind == "missing":
        return "cette clé est obligatoire, et elle manque"
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), path[:-1])
    if kind == "enum":
        return not_in_list("la valeur", str(value), re.findall("'([^']*)'", context["expected"]))
    if kind == "tuple_type" and not isinstance(value, str):
        return "il faut ici une liste"
    return _SENTENCES.get(kind, _ANY_OTHER).format(**{"value": value, **context})


def _unknown_key(key: str, parent: Path) -> str:
    keys = list(_model_at(parent).model_fields)
    # There are few keys, so a similar key is meant, even from a French word (« lien » for link).
    close = next(iter(get_close_matches(key[:60], keys, 1, 0.75)), None)
    hint = f"vouliez-vous dire « {close} » ?" if close else f"les clés sont : {', '.join(keys)}"
    return f"la clé {shown(key)} est inconnue ; {hint}"


def _model_at(path: Path) -> type[BaseModel]:
    """Return the model of the entry at *path* of a file of events."""
    model: type[BaseModel] = EventsFile
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model), None)
