"""The grammar of French dates: the date phrases of a text, and the years of those without one.

Read first: ``french_dates`` (the phrases), then ``date_tokens`` (its tokens) and ``years`` (from a
phrase to days). Whether a phrase announces anything is decided in ``letters.reading``.
"""
