"""French words, cleaned texts, addresses and refusals: what every room speaks with. Pure."""
