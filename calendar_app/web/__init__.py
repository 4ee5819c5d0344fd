"""HTTP: views that read a request, check the right to it, call a service and render the answer.

Read first: ``page`` (a request, read once), ``policies`` (who may open a view) and ``security``
(headers and error pages). The views are in ``public`` (for everybody), ``subscription`` (sign-up
and personal links) and ``editing`` (``/redaction/``). Rules, SQL and mails are in the other rooms.
"""
