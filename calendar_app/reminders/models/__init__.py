"""The tables of subscribers (``subscriptions.py``) and of the outbox (``outbox.py``)."""
