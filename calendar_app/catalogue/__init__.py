"""The catalogue: series, events and their milestones, and the filters and searches that find them.

Read first: ``models/events.py`` (the rows of the store), ``queries.py`` (the named read queries),
``entries.py`` and ``entry_rows.py`` (an event as ``events.yaml`` holds it, to and from its rows).
``filters.py`` and ``search/`` say which events are asked for, ``files/`` reads and writes files,
``import_export.py``, ``references.py`` and ``setup.py`` fill the store. Drafts, the journal and the
rights of editors are not here (``editing``), nor are the formats and words of feeds (``feeds``).

An event exists in seven shapes:

* ``Event`` (``models.events``), with its ``Milestone`` rows: a row of the store. Pages, feeds and
  reminders read it. Only this shape holds what the store adds: UIDs, past dates, the search text.
* ``EventEntry`` (``entries``): a frozen, checked entry of ``events.yaml``. Files and editors pass
  through it, so that the rules of an event stand in one place.
* ``Written`` (``facts``): an entry as texts, lists and dicts, not checked. It is needed where an
  event may be incomplete or wrong: what a form, a draft or a merge gives.
* ``Facts`` (``versions``): the same texts, flat: each part under its name, each milestone one part
  under its key. Two versions are compared and merged part by part in this shape; the journal and
  the drafts that editors prepare store it.
* ``EventForm`` (``web.editing.event_form``): what an editor typed, kept as it was typed, with the
  problems of each field, so that the form can be shown again.
* ``KnownEvent`` (``editing.rules.known_events``): the few values that the dated items of a letter
  are compared with. The comparison is a pure rule, so it must not touch the store.

The functions that turn one shape into another:

* file → ``EventEntry``: ``files.events_file.read_events``; back:
  ``files.events_writer.write_events``.
* ``EventEntry`` → ``Event``: ``entry_rows.apply_entry``; back: ``entry_rows.event_entry``.
* ``EventEntry`` → ``Written``: ``facts.written`` (``editing.events.written_entry`` also sorts the
  dates and names each key); back: ``facts.read_entry``, for editors through
  ``editing.events.check_entry``.
* ``EventEntry`` → ``Facts``: ``facts.facts_of``. ``Facts`` → ``Written``: ``facts.written_from``.
* request → ``EventForm``: ``EventForm.posted``. ``EventForm`` → ``Written``: ``EventForm.read``;
  back: ``EventForm.of_entry``.
* draft → ``Written``: ``editing.draft_entries.written_draft``.
* ``Event`` → ``KnownEvent``: ``editing.drafts.known_event``. It is not turned back.
"""
