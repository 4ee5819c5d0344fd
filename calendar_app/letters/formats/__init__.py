"""The text of a letter of any format, as light Markdown.

Read first: ``text`` (from bytes to text) and ``letter_text`` (the value that it returns). The
dates in the text are found in ``letters.grammar``.
"""
