"""The program on a disk that locks no files; run as a program of its own.

python -m tests.history.unlocked_disk ERROR ROOT WORD ...
"""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatcmd.cli import main
from tests.history.below import Below, Call


def play() -> int:
    """Be the program."""
    error, root, *words = sys.argv[1:]

    def hook(call: Call, do: Callable[[], Any]) -> Any:
        if call.name == "flock":
            raise OSError(getattr(errno, error), os.strerror(getattr(errno, error)), call.path)
        return do()

    Below(Path(root), hook).install()
    return main([*words, "--root", root])


if __name__ == "__main__":
    sys.exit(play())
