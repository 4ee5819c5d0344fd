"""Read and write ``events.yaml`` and the files of school holidays. Nothing here knows the store.

Read first: ``events_file.py`` (the steps from bytes to entries) and ``events_writer.py``;
``holidays_file.py`` and ``ministry_csv.py`` for school holidays. The entries themselves are in
``catalogue.entries``.
"""
