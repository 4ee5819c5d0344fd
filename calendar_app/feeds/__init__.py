"""Nouns going out: the same input gives the same bytes."""
