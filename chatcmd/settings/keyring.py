"""Keys that the system's keyring holds, asked for by the keyring library's own program."""

import sys
from importlib.util import find_spec

from chatcmd.errors import SettingsError
from chatcmd.language import _
from chatcmd.settings.asked import Asked
from chatcmd.settings.keys import Key
from chatcmd.settings.origin import Origin

LIBRARY = "keyring"


def key_from(service: str, user: str, origin: Origin) -> Key:
    """Make the key that the keyring holds for a service and a user; nothing is asked yet."""
    return Key(InKeyring(service, user, origin), origin, asked_of=("keyring", service))


class InKeyring(Asked):
    """A secret in the keyring. It may wait for a person for ever, and can be ended only in a process of its own."""

    __slots__ = ("_place",)

    def __init__(self, service: str, user: str, origin: Origin) -> None:
        self._place = f"{service} {user}"
        # -P: not what the current folder calls keyring.
        super().__init__([sys.executable, "-P", "-m", LIBRARY, "get", "--", service, user], origin)

    def _check(self) -> None:
        if find_spec(LIBRARY) is None:
            raise self._error(_("{place}: the library keyring is not there; run: python -m pip install keyring"))

    def _failed(self, _code: int, said: str) -> SettingsError:
        if not said:
            sentence = _("{place}: the keyring holds no key of that name; store it with: keyring set {name}")
            return self._error(sentence, name=self._place)
        if "NoKeyringError" in said:
            return self._error(_("{place}: this system has no keyring; put the key into envs/openai_key"))
        if "Locked" in said or "InitError" in said:
            return self._error(_("{place}: the keyring is locked; unlock it, and start again"))
        return self._error(_("{place}: the keyring failed: {said}"), said=said)
