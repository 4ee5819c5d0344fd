"""The tables of the catalogue and of its closed lists."""
