"""Letters that come by mail: from a message to letters, whom they are for, and who decides.

Read first: ``receiving`` (one message), then ``imap`` (a mailbox, message by message).
"""
