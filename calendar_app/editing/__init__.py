"""The editing room: accounts and rights of editors, letters, drafts, events and the journal.

Read first: ``rules.roles`` (who may do what), ``drafts`` (from a letter to drafts), ``moderation``
(decisions on drafts) and ``events`` (publishing). ``models`` holds the tables, ``rules`` the pure
rules, and ``followed`` the agendas and news feeds of other sites. The parser of letters is in
``letters``; pages and forms are in ``web.editing``.
"""
