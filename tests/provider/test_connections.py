"""One connection from turn to turn; closed at once when an answer is stopped; nothing left behind."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from chatcmd.provider.compatible import Compatible
from tests.loopback import FAULTS, Loopback, Reply, gated, redirect, say, sse
from tests.provider.asking import QUICK, ask, connected, request
from tests.replies import CLOSING, OPENING, STOP


@pytest.mark.parametrize("stream", [True, False])
async def test_five_turns_take_one_connection(
    stream: bool,  # noqa: FBT001 - a table
    server: Loopback,
    provider: Compatible,
) -> None:
    for turn in range(5):
        assert (await ask(provider, request(turns=turn, stream=stream))).text == "Hello."
    assert (len(server.chats), server.connections) == (5, 1)


@pytest.mark.parametrize("name", ["401", "404", "429quota", "500", "502html", "307out", "200html", "200errjson"])
async def test_a_refusal_that_was_read_leaves_the_connection_open(
    name: str, server: Loopback, provider: Compatible
) -> None:
    server.answer(FAULTS[name])
    await ask(provider, request())
    assert (await ask(provider, request())).text == "Hello."
    assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        sse(OPENING + CLOSING, step=1),
        FAULTS["no_done"],
        FAULTS["last_no_blank"],
        FAULTS["lone_surrogate"],
        say("a" * 100_000, pieces=1000),
    ],
)
async def test_every_answer_that_ends_leaves_the_connection_open(
    reply: Reply, server: Loopback, provider: Compatible
) -> None:
    server.answer(reply, reply)
    for _ in range(2):
        assert (await ask(provider, request())).raised == ""
    assert server.connections == 1


async def test_a_connection_that_the_server_closed_meanwhile_is_made_again(
    server: Loopback, provider: Compatible
) -> None:
    server.answer(sse(OPENING + CLOSING, close="fin"))
    assert (await ask(provider, request())).raised == ""
    assert (await ask(provider, request())).text == "Hello."
    assert server.connections == 2


async def start(server: Loopback, provider: Compatible, reply: Reply) -> "asyncio.Task[object]":
    """Ask, and come back when the server has the question."""
    server.answer(reply)
    task: asyncio.Task[object] = asyncio.create_task(ask(provider, request()))
    await asyncio.to_thread(server.wait_for_request, 1)
    return task


async def before_headers(server: Loopback, provider: Compatible) -> "asyncio.Task[object]":
    return await start(server, provider, FAULTS["hang_headers"])


async def in_mid_answer(server: Loopback, provider: Compatible) -> "asyncio.Task[object]":
    gate = gated(["one ", "two ", "three"])
    task = await start(server, provider, gate)
    gate.release(2)
    await asyncio.to_thread(gate.wait_sent, 2)
    return task


async def while_it_pours(server: Loopback, provider: Compatible) -> "asyncio.Task[object]":
    return await start(server, provider, FAULTS["slow1"])


async def while_usage_is_awaited(server: Loopback, provider: Compatible) -> "asyncio.Task[object]":
    return await start(server, provider, sse(OPENING + STOP, close="hold"))


Moment = Callable[[Loopback, Compatible], Awaitable["asyncio.Task[object]"]]


@pytest.mark.parametrize("moment", [before_headers, in_mid_answer, while_it_pours, while_usage_is_awaited])
async def test_a_stopped_answer_closes_its_connection_and_the_next_turn_works(
    moment: Moment, server: Loopback, provider: Compatible
) -> None:
    task = await moment(server, provider)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.to_thread(server.wait_for, lambda: server.open_connections == 0)
    assert server.closed_by_peer.is_set()
    assert (await ask(provider, request())).text == "Hello."
    assert server.connections == 2


async def test_an_answer_that_is_not_read_to_its_end_closes_its_connection(
    server: Loopback, provider: Compatible
) -> None:
    gate = gated(["one ", "two"])
    server.answer(gate)
    gate.release()
    deltas = provider.stream(request())
    async for delta in deltas:
        if delta.text:
            break
    await deltas.aclose()
    await asyncio.to_thread(server.closed_by_peer.wait, 10)
    assert server.open_connections == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_failed_answer_closes_its_connection(server: Loopback, provider: Compatible) -> None:
    for name in ("bad_json", "err_obj", "flood", "hang_mid"):
        server.answer(FAULTS[name])
    async with connected(server.base_url) as impatient:
        assert [(await ask(impatient, request(clocks=QUICK))).raised for _ in range(4)] == [
            "BrokenOff", "ServerFailed", "BrokenOff", "TimedOut",
        ]  # fmt: skip
        await asyncio.to_thread(server.wait_for, lambda: server.open_connections <= 1)
        assert (await ask(impatient, request())).text == "Hello."
    assert (await ask(provider, request())).text == "Hello."


async def test_no_descriptor_is_left_behind() -> None:
    def descriptors() -> int:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a Path is no shorter

    before = descriptors()
    with Loopback() as server:
        async with connected(server.base_url) as provider:
            server.answer(*(FAULTS[name] for name in ("rst_mid", "cut_clean", "500", "bad_json", "err_obj", "flood")))
            for _ in range(8):
                await ask(provider, request())
    assert descriptors() == before


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_redirect_is_refused_and_nothing_is_sent_on(
    code: int,
    stream: bool,  # noqa: FBT001 - a table
    server: Loopback,
    provider: Compatible,
) -> None:
    with Loopback() as other:
        server.answer(redirect(other.base_url, code))
        heard = await ask(provider, request(stream=stream))
        assert (other.requests, other.connections) == ([], 0)
    host = f"127.0.0.1:{server.port}"
    assert heard.sentence == (
        f"{host} redirects to 127.0.0.1:{other.port}, and no question follows it there; correct base_url"
    )


@pytest.mark.parametrize("scheme", ["https", "socks5"])
async def test_a_connection_that_is_given_up_while_hands_are_shaken_is_closed(scheme: str) -> None:
    met, gone = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            met.set()
        gone.set()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as listener:
        host = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        base_url, proxy = (
            (f"https://{host}/v1", None) if scheme == "https" else ("http://a.test/v1", f"socks5://{host}")
        )
        async with connected(base_url, proxy=proxy) as provider:
            asking = asyncio.create_task(ask(provider, request()))
            await met.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.wait_for(gone.wait(), 10)
            met.clear()
            gone.clear()
            assert (await ask(provider, request(clocks=QUICK))).raised == "TimedOut"
            await asyncio.wait_for(gone.wait(), 10)
