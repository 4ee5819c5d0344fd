"""Read ``data/events.yaml``, the reviewed record of the calendar, and describe it as a JSON schema.

A file is read in three steps, so that all its problems are reported at once:

1. ``yaml_tree``: from YAML to plain texts, with the line of each text;
2. ``catalogue.entries`` with ``events_fields`` (pydantic): from texts to days, hours and values of
   closed lists; ``events_french`` translates the errors;
3. ``events_checks``: the rules between entries, on the values that are right so far.

``events_writer`` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from pydantic import ValidationError

from calendar_app.catalogue.file_entries import EventsFile
from calendar_app.catalogue.files.events_checks import check_events, without
from calendar_app.catalogue.files.events_french import note_errors
from calendar_app.catalogue.files.problems import Problem, Problems
from calendar_app.catalogue.files.yaml_tree import Tree, UnreadableError, read_tree
from calendar_app.school.academies import NATIONAL, Academies
from calendar_app.words.errors import CalendarError


class EventsFileError(CalendarError):
    """A file of events was refused. No part of it may be used.

    :param problems: all problems, in the order of the file.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def read_events(
    data: bytes,
    name: str,
    academies: Academies,
    themes: Mapping[str, str],
    progress: Callable[[int, int], None] | None = None,
    known_ids: Collection[str] = (),
) -> EventsFile:
    """Return the checked content of a file of events.

    :param data: the bytes of the file, UTF-8, at most 1 MiB.
    :param name: the name of the file in messages (« data/events.yaml »).
    :param themes: the closed list, slug → name.
    :param progress: called with the characters read so far and their total.
    :param known_ids: the ids of events of the store, which ``part_of`` may name too.
    :raises EventsFileError: with every problem of the file.
    """
    problems = Problems(name)
    try:
        tree = read_tree(data, problems, progress)
    except UnreadableError:
        raise EventsFileError(problems.sorted()) from None
    file = None
    wrong_paths = list(problems.lost)
    try:
        file = EventsFile.model_validate(tree.value)
    except ValidationError as error:
        wrong_paths += note_errors(error, tree, problems)
    left = Tree(without(tree.value, wrong_paths), tree.lines) if wrong_paths else tree
    check_events(left, problems, academies, themes, known_ids)
    if problems or file is None:
        raise EventsFileError(problems.sorted())
    return file


def json_schema() -> str:
    """Return the JSON schema of a file of events, which text editors use for their help.

    ``data/events.schema.json`` in the repository is this text; the first line of ``events.yaml``
    names it.
    """
    schema = EventsFile.model_json_schema()
    # pydantic adds English titles (the names) and English descriptions (the docstrings): they are
    # removed, so that people see only the French descriptions of the fields. The defaults are
    # removed because they mean « non précisé ».
    for definition in [schema, *schema["$defs"].values()]:
        definition.pop("description", None)
        for field in [definition, *definition.get("properties", {}).values()]:
            field.pop("title", None)
            field.pop("default", None)
    scope = schema["$defs"]["ScopeEntry"]
    del scope["properties"]["national"]
    schema["$defs"]["ScopeEntry"] = {"anyOf": [{"const": NATIONAL}, scope | {"minProperties": 1}]}
    schema["description"] = "Les événements du calendrier (data/events.yaml)."
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(draft | schema, ensure_ascii=False, indent=2) + "\n"
