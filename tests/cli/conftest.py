"""What the commands say in this process does not depend on whose machine it is."""

from collections.abc import Iterator

import pytest

from chatcmd.language import speak


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LC_MESSAGES", "LANG", "CHATCMD_LANGUAGE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    yield
    speak(None)
