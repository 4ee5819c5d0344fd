"""The pages of the editors' room, ``/redaction/``.

Read first: ``room`` (what the pages share), ``queue_views`` (drafts) and ``event_views`` (events).
The modules without « views » in their name read forms or word them. Rights, and all that editors
do to the store, are in the room ``editing``.
"""
