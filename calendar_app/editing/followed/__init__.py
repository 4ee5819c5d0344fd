"""Agendas and news feeds of other sites, fetched on a schedule. Read ``agendas`` first."""
