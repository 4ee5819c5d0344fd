"""The school in France: académies and places, class days, holidays, classes, local clocks. Pure."""
