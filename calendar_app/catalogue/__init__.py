"""What is known: series, events and their milestones; the filters and searches that find them."""
