"""Others' agendas and news, fetched on a schedule."""
