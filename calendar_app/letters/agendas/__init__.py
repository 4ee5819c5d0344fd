"""Agendas (iCalendar, RFC 5545): ``calendar_file.read_agenda`` turns a file into dated items."""
