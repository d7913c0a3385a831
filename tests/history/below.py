"""A layer below the program: every call that touches the disk under one folder goes through a hook of the test's."""

import builtins
import fcntl
import io
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

BY_PATH = ("mkdir", "rmdir", "unlink", "remove", "chmod", "truncate", "stat", "lstat", "listdir", "scandir", "utime")
BY_TWO_PATHS = ("rename", "replace", "link")
BY_DESCRIPTOR = ("write", "read", "pread", "fsync", "fdatasync", "ftruncate", "fchmod", "fstat", "close")
LOCKS = ("flock", "fcntl")


class Call(NamedTuple):
    """One call: its name, the path that it touches, and its arguments."""

    name: str
    path: str
    arguments: tuple[Any, ...]

    @property
    def writes(self) -> bool:
        """Tell whether an open is for writing."""
        flags = self.arguments[1] if len(self.arguments) > 1 else 0
        if isinstance(flags, str):
            return flags not in ("r", "rb")
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


Hook = Callable[[Call, Callable[[], Any]], Any]
"""Is given a call, and what does it; returns what the call returns, or raises OSError."""


class Below:
    """The calls under `root` of this process, for its whole life: there is no way back."""

    def __init__(self, root: Path, hook: Hook) -> None:
        self._root = str(root)
        self._hook = hook
        self._paths: dict[int, str] = {}

    def install(self) -> None:
        """Take the place of the system's calls."""
        for name in BY_PATH:
            setattr(os, name, self._by_path(name, getattr(os, name)))
        for name in BY_TWO_PATHS:
            setattr(os, name, self._by_path(name, getattr(os, name)))
        for name in BY_DESCRIPTOR:
            setattr(os, name, self._by_descriptor(name, getattr(os, name)))
        for name in LOCKS:
            setattr(fcntl, name, self._by_descriptor(name, getattr(fcntl, name)))
        os.open = self._opening(os.open)
        builtins.open = io.open = self._by_path("open", io.open)

    def _is_below(self, path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        told = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - it asks the disk nothing
        return told == self._root or told.startswith(self._root + os.sep)

    def _by_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            path: Any = arguments[0] if arguments else None
            if isinstance(path, int) and path in self._paths:
                told = self._paths[path]
            elif self._is_below(path):
                told = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - it asks the disk nothing
            else:
                return real(*arguments, **named)
            return self._hook(Call(name, told, arguments), lambda: real(*arguments, **named))

        return call

    def _by_descriptor(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            descriptor = arguments[0] if arguments else None
            number = descriptor if isinstance(descriptor, int) else -1
            if number not in self._paths:
                return real(*arguments, **named)
            path = self._paths[number]
            if name == "close":
                del self._paths[number]  # it is closed, whatever it says
            return self._hook(Call(name, path, arguments), lambda: real(*arguments, **named))

        return call

    def _opening(self, real: Callable[..., int]) -> Callable[..., int]:
        def call(*arguments: Any, **named: Any) -> int:
            if not self._is_below(arguments[0]):
                return real(*arguments, **named)
            path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 - it asks the disk nothing
            descriptor: int = self._hook(Call("open", path, arguments), lambda: real(*arguments, **named))
            self._paths[descriptor] = path
            return descriptor

        return call


class Speaking(io.FileIO):
    """Standard output whose every write is told, in its order among the calls."""

    def __init__(self, descriptor: int, tell: Callable[[bytes], None]) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._tell = tell

    def write(self, data: Any, /) -> int:
        self._tell(bytes(data))
        with suppress(BrokenPipeError):
            super().write(data)
        return len(bytes(data))
