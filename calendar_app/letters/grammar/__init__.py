"""The dates that a French text says, and the years they are in."""
