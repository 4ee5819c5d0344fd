"""The pure rules of the room: rights, states of a draft, what a letter says of known events."""
