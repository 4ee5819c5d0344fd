"""Signing up for reminders, and the pages behind a personal link.

Read first: ``subscription_views`` (for everybody), then ``personal_views`` (with a personal link).
The transactions are in ``reminders.subscriptions`` and ``reminders.follows``, the forms in
``web.forms``.
"""
