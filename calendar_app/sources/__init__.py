"""Outside formats coming in, as plain values.

Nothing here writes to the store or renders a page: a source gives values or refuses with reasons.
"""
