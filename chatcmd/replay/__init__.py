"""A saved session played again: watched as it was, or asked once more."""
