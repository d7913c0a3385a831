"""Whether the shipped token tables are what they were when they were shipped."""

from hashlib import sha256
from importlib.resources import files

DIGESTS = {
    "cl100k_base": "18288f996f452d44e0e65996176591a4b712a3eb1b42afd6f0511e735c099480",
    "o200k_base": "440741350e7cfa1c0f4869ce742d1b043550adbda5187adcac9e787edac6fba9",
}
"""The SHA-256 of each table's file; `tests/vocabulary` holds them to the published tables."""


def damaged() -> list[str]:
    """Name the tables that are missing, cannot be read, or are not as they were shipped."""
    return [name for name, digest in DIGESTS.items() if _digest(name) != digest]


def _digest(name: str) -> str | None:
    try:
        return sha256(files("chatcmd.vocabulary").joinpath(f"{name}.bin").read_bytes()).hexdigest()
    except OSError:
        return None
