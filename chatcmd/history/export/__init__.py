"""Saved sessions taken out, for people and for other programs: one file a format, listed in format.py."""
