"""Where a file was found, which tells what an older format leaves out."""

from msgspec import Struct


class Place(Struct, frozen=True):
    """The session's id by its file's name, the user by its folder's, and when it was written (UTC in ISO 8601)."""

    id: str
    user: str
    written: str
