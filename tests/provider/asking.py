"""Asking a provider as the program does, and what is heard of its answer."""

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from chatcmd.conversation.message import Message, Usage
from chatcmd.conversation.window import Budget, Window
from chatcmd.errors import ProviderError
from chatcmd.provider import BRIEF, Clocks, Provider, Request
from chatcmd.provider.compatible import Compatible
from chatcmd.settings.keys import Key
from chatcmd.settings.origin import Origin
from chatcmd.settings.secret import Secret
from chatcmd.settings.settings import Service
from chatcmd.settings.url import Proxy

CANARY = "sk-CANARY-0123456789abcdefghijklmnopqrstuvwxyz"
PATIENT, QUICK = Clocks(10, 10, 10), Clocks(0.2, 0.2, 0.2)
MESSAGES = [{"role": "system", "content": "You count."}, {"role": "user", "content": "1+1=几"}]


class Heard:
    """What came of one question."""

    def __init__(self) -> None:
        self.text = ""
        self.reasoning = ""
        self.finish: str | None = None
        self.usage: Usage | None = None
        self.notices: list[str] = []
        self.error: ProviderError | None = None

    @property
    def sentence(self) -> str:
        return "" if self.error is None else str(self.error)

    @property
    def raised(self) -> str:
        return "" if self.error is None else type(self.error).__name__


async def ask(provider: Provider, question: Request) -> Heard:
    """Ask, and listen to the end, whatever it is."""
    heard = Heard()
    try:
        async with aclosing(provider.stream(question)) as deltas:
            async for delta in deltas:
                heard.text += delta.text
                heard.reasoning += delta.reasoning
                heard.finish = delta.finish_reason or heard.finish
                heard.usage = delta.usage or heard.usage
                heard.notices += [delta.notice] if delta.notice else []
    except ProviderError as error:
        heard.error = error
    return heard


def request(
    *,
    model: str = "gpt-4o",
    stream: bool = True,
    reasons: bool = False,
    turns: int = 0,
    clocks: Clocks = PATIENT,
    session: str = "s",
    patience: float = BRIEF,
    **generation: Any,
) -> Request:
    earlier = [
        Message(role=role, content=f"{role} {number}") for number in range(turns) for role in ("user", "assistant")
    ]
    head, question = (Message(role=found["role"], content=found["content"]) for found in MESSAGES)
    window = Window((head, *earlier, question), 25, 0, "exact", Budget(4096, 1024))
    return Request(model, window, generation, stream, reasons, clocks, session, patience)


def service(base_url: str, key: str | None = CANARY, proxy: str | None = None) -> Service:
    given = None if key is None else Key(Secret(key), Origin("file", "envs/openai_key line 1"))
    return Service("", base_url, given, None if proxy is None else Proxy(proxy, "--proxy"))


@asynccontextmanager
async def connected(
    base_url: str,
    *,
    key: str | None = CANARY,
    proxy: str | None = None,
    environ: Iterable[tuple[str, str]] = (),
) -> AsyncIterator[Compatible]:
    """Connect to a service for a while."""
    provider = Compatible(service(base_url, key, proxy), dict(environ))
    try:
        yield provider
    finally:
        await provider.close()
