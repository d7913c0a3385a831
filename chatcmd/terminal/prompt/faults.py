"""What becomes of a fault while a line is typed."""

from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EIO
from typing import Any

from prompt_toolkit.application import Application

from chatcmd.errors import OurFault


@contextmanager
def ending(application: Application[Any]) -> Iterator[None]:
    """End an application with the fault of a key, of a drawing or of the loop: by itself it would print a traceback."""
    loop = get_running_loop()
    before = loop.get_exception_handler()

    def end(loop: AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        has_vanished = isinstance(fault, OSError) and fault.errno == EIO
        if isinstance(fault, Exception) and application.is_running and not application.is_done:
            application.exit(exception=fault if has_vanished else OurFault(fault, "typing"))
        elif has_vanished:
            pass  # there is nobody to tell, and it ends already
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(end)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
