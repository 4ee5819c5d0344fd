"""French words, cleaned texts, addresses and errors: what all rooms use.

Start with ``text`` (cleaning and comparing), ``french`` (days, hours, typography), ``vocabulary``
(the closed lists) and ``errors`` (what a person is told). The modules are pure, and import no other
room.
"""
