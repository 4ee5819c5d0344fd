"""Reading the words around a date: whether it announces anything, its title, place and audience.

Read first: ``letter`` (the steps), then ``blocks`` and ``surroundings`` (where a date stands),
``contexts`` (what the words around it mean) and ``titles``. The date phrases themselves are found
in ``letters.grammar``.
"""
