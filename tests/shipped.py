"""The reference files that come with the program, read once for all tests of a process: read where
they were needed, they took a third of the time in which the tests are found."""

from __future__ import annotations

from calendar_app.catalogue.files.holidays_file import read_holidays_yaml
from calendar_app.config.settings import data_folder
from calendar_app.letters import knowledge_of_files
from calendar_app.school.school_calendars import mainland_calendars

#: What a reader of letters knows: the académies, the towns and the themes.
KNOWLEDGE = knowledge_of_files(data_folder())
ACADEMIES, TOWNS, THEMES = KNOWLEDGE.academies, KNOWLEDGE.towns, KNOWLEDGE.themes

#: The calendars of ``data/school_holidays.yaml``.
HOLIDAYS = read_holidays_yaml((data_folder() / "school_holidays.yaml").read_text(encoding="utf-8"))
#: All calendars of a new store, by slug: zones A, B and C too.
CALENDARS = mainland_calendars() | {calendar.slug: calendar for calendar in HOLIDAYS}
