"""The pages of ``/redaction/``."""
