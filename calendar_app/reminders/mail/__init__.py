"""The mails: one function each, their bytes, and the way to a mail server."""
