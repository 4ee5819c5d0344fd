"""The open data: the public calendar for programs, under ``/api/v1/``.

Read first: ``nouns`` (what is said of each noun), then ``views``.
"""
