"""Sessions as one self-contained page of HTML, safe from whatever models wrote."""

from chatcmd.history.export.html.transcript import page

__all__ = ["page"]
