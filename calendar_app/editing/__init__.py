"""Who may change what: editors, drafts, suggestions, the journal, agendas that are followed."""
