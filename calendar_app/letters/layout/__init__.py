"""The layout of a letter's text: its lines, blocks and sections, and its clauses.

``blocks`` cuts a text into headings, paragraphs, list items and rows.
"""
