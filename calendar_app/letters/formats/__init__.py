"""The text of a letter, whatever file it came in."""
