"""What came of asking a service whether it is there."""

from msgspec import Struct

from chatcmd.errors import ProviderError


class Outcome(Struct):
    """How far it came: the seconds that each step took, None for one that was not done.

    `secured` stays None where nothing is encrypted, and `securing` is set while that is tried. `sent` tells whether the
    request left. `models` are None where they were not told; `open` that those without a key are told them as well.
    `asked` tells that a question was asked, and `fault` is what is wrong, with that or with all before it.
    """

    connected: float | None = None
    secured: float | None = None
    securing: bool = False
    sent: bool = False
    answered: float | None = None
    models: tuple[str, ...] | None = None
    open: bool = False
    asked: bool = False
    fault: ProviderError | None = None
