"""The mails: one function for each, their bytes, and their way to a mail server.

Read ``messages.py`` first, then ``message.py`` and ``transport.py``. The templates are in
``templates/mail/``. Nothing here decides which mail is sent to whom, or when.
"""
