"""Feeds: the dates of the catalogue as iCalendar, Atom, JSON and JSON-LD, and in French words.

Read first: ``feed.py`` (a feed as a value), ``select.py`` (which feed an address names),
``wording.py`` (the words for a date, for pages and mails too), then the writers ``ical.py`` and
``news.py``. ``cards.py`` gathers all that a page or a mail shows of one date. Equal input gives
equal bytes. HTTP, caches and ETags are not here (``web.public.feed_views``).
"""
