"""What is fetched from other sites on a schedule: agendas, news feeds, and whether links still lead
somewhere. Read ``agendas`` first."""
