"""A server that misbehaves on request, and the provider that asks it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chatcmd.provider.compatible import Compatible
from tests.loopback import Loopback
from tests.provider.asking import connected


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
async def provider(server: Loopback) -> AsyncIterator[Compatible]:
    async with connected(server.base_url) as compatible:
        yield compatible
