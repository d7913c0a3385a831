"""Other programs' histories, taken in: one file a format."""
