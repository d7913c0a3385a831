"""What a slash line does: one file a command, found by registry.py."""
