"""Other programs' histories, taken in: one file a format, and imported.py that keeps what they find."""
