"""« Rechercher »: what was typed, what may be meant, what is found."""
