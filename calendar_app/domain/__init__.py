"""Dates, school years, académies and class days: pure functions and frozen values.

Nothing here knows Flask, SQLAlchemy, a clock or a file.
"""
