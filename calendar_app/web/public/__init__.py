"""The pages and feeds that everybody may open.

Read first: ``calendar_views`` (the pages of the calendar) and ``feed_views``. The modules without
« views » in their name prepare what a page shows, or read a form. The words of dates and the
formats of feeds are in ``feeds``.
"""
