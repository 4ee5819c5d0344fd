"""The calendar that gets a class to every contest in time (see docs/architecture.md)."""
