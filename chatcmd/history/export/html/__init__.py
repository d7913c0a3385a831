"""Sessions as one self-contained page of HTML, safe from whatever models wrote."""

from chatcmd.history.export.html.transcript import pieces

__all__ = ["pieces"]
