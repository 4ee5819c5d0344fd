"""Signing up, and what stands behind a personal link."""
