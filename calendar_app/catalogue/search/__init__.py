"""The search « Rechercher »: the typed text, its meaning, and the SQL conditions that find events.

Read first: ``reading.py`` (from a text to a query); ``vocabulary.py`` and ``spellings.py`` list the
words that a query understands, ``queries.py`` finds the events. The words and links of the result
on screen are in ``web.public.searching``.
"""
