"""Sections of the settings that have files of their own."""
