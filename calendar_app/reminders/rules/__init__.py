"""The pure rules of reminders: when they are sent, the states of a mail, the replies of servers,
and personal links. Read ``deliveries.py`` first. Nothing here reads the store or the clock."""
