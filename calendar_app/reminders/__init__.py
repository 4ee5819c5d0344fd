"""Reminders: subscribers, what is due to them, the outbox, and the mails.

Read ``rules/deliveries.py`` first (the states of a mail), then ``models/outbox.py`` (the steps of
sending), ``planning.py`` and ``sending.py``. Not here: the events (``catalogue``), the recipients
of mails to non-subscribers (``editing.other_mails``), the pages (``web/subscription``), and the
schedule (``worker.py``).
"""
