"""Text from outside made safe to print, as all doors make it safe to show."""

from chatcmd.clean import Cleaner, clean, clean_line

__all__ = ["Cleaner", "clean", "clean_line"]
