"""The line editor: the only package that knows prompt_toolkit."""

from chatcmd.terminal.prompt.line_editor import LineEditor

__all__ = ["LineEditor"]
