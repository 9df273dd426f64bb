"""Bringing what is queued to its destinations."""
