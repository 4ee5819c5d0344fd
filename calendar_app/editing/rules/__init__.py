"""The pure rules of the editing room: rights, states of drafts, news about known events."""
