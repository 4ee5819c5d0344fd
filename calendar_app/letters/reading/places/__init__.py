"""The places of a dated item: for whom it is, who writes of it, and where it takes place."""
