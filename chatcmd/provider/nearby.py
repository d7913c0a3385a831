"""Servers found on this machine: asked for their models, with a short time-out."""

import asyncio
from collections.abc import Mapping

import httpx2
from msgspec import Struct

PORTS = {11434: "Ollama", 1234: "LM Studio", 8080: "llama.cpp", 8000: "vLLM"}
WAIT = 0.5
"""Seconds that a server on this machine has to answer."""


class Nearby(Struct, frozen=True):
    """A server on this machine and the models that it names."""

    name: str
    base_url: str
    models: tuple[str, ...]


async def find_nearby(ports: Mapping[int, str] = PORTS) -> list[Nearby]:
    """Ask the ports, by default those where such servers listen, all at once."""
    async with httpx2.AsyncClient(trust_env=False, timeout=WAIT, follow_redirects=False) as client:
        found = await asyncio.gather(*(_ask(client, port, name) for port, name in ports.items()))
    return [server for server in found if server is not None]


async def _ask(client: httpx2.AsyncClient, port: int, name: str) -> Nearby | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    try:
        async with asyncio.timeout(WAIT * 2):
            answer = await client.get(f"{base_url}/models")
        models = tuple(str(model["id"]) for model in answer.json()["data"])
    except (httpx2.HTTPError, TimeoutError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Nearby(name, base_url, models) if models else None
