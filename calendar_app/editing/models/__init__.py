"""The tables of the editing room: editors, letters and drafts, sources, the journal."""
