"""What stands around a date in a letter: its title, its place, whom it is for."""
