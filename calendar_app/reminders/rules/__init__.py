"""The pure rules of reminders: when they go out, what may become of a mail, personal links."""
