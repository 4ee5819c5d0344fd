"""``events.yaml`` and the files of school holidays, read and written."""
