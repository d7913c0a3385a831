"""The stage of the chat's tests."""

from tests.chat.conftest import offline, server, stage

__all__ = ["offline", "server", "stage"]
