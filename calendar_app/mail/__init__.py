"""Mails going out: one function a mail, and the bytes that a server is handed."""
