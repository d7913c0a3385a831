"""Tried again before the first word while a failure may pass, and other keys taking over: over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from time import monotonic
from typing import Any

import pytest

from chatcmd.provider import LONG, Providers
from chatcmd.provider.persistent import Persistent
from chatcmd.settings.keys import Key
from chatcmd.settings.origin import Origin
from chatcmd.settings.secret import Secret
from chatcmd.settings.settings import Service
from tests.loopback import FAULTS, Exchange, Loopback, Reply, raw, say, status
from tests.provider.asking import QUICK, ask, request

SOON = {"Retry-After-Ms": "1"}


def service(base_url: str, *, number: int = 1, weight: int = 1) -> Service:
    key = Key(Secret(f"sk-key-{number}"), Origin("file", f"envs/openai_key line {number}"))
    return Service("", base_url, key, None, weight)


@asynccontextmanager
async def reaching(*services: Service) -> AsyncIterator[Persistent]:
    providers = Providers({})
    try:
        yield providers.through(services)
    finally:
        await providers.close()


def refusing(*keys: int, reply: Reply) -> Reply:
    """Answer some keys in a way, and the others well."""

    def respond(exchange: Exchange) -> None:
        used = exchange.request.headers["authorization"].rpartition("-")[2]
        (reply if int(used) in keys else say("Hello."))(exchange)

    return respond


def used(server: Loopback) -> list[int]:
    return [int(each.headers["authorization"].rpartition("-")[2]) for each in server.chats]


def soon(code: int, **headers: str) -> Reply:
    return status(code, {"error": {"message": "not now"}}, {**SOON, **headers})


PASSING = {
    "408": soon(408),
    "409": soon(409),
    "429": soon(429),
    "500": soon(500),
    "503": soon(503),
    "507": soon(507),
    "400 that says so": soon(400, **{"X-Should-Retry": "true"}),
}


@pytest.mark.parametrize("name", PASSING)
async def test_what_can_pass_is_tried_three_times(name: str, server: Loopback) -> None:
    server.answer(PASSING[name], PASSING[name])
    async with reaching(service(server.base_url)) as provider:
        heard = await ask(provider, request())
    assert (heard.text, heard.error) == ("Hello.", None)
    assert len(server.chats) == 3
    assert [notice.rpartition("; ")[2] for notice in heard.notices] == [
        "asked again in 0 s (try 2 of 3)",
        "asked again in 0 s (try 3 of 3)",
    ]
    server.answer(*[PASSING[name]] * 4)
    async with reaching(service(server.base_url)) as provider:
        heard = await ask(provider, request())
    assert heard.error is not None
    assert len(server.chats) == 6


async def test_a_server_that_hangs_up_or_is_not_there_is_tried_again(server: Loopback) -> None:
    server.answer(raw(b"", "rst"))
    async with reaching(service(server.base_url)) as provider:
        assert (await ask(provider, request())).text == "Hello."
        server.close()
        heard = await ask(provider, request())
    assert heard.raised == "Unreachable"
    assert len(heard.notices) == 2


LASTING = ["401", "403", "404", "400ctx", "429quota", "307out", "200html", "200errjson", "429ra600"]


@pytest.mark.parametrize("name", LASTING)
async def test_what_does_not_pass_is_asked_once(name: str, server: Loopback) -> None:
    server.answer(FAULTS[name])
    async with reaching(service(server.base_url)) as provider:
        heard = await ask(provider, request(patience=LONG))
    assert heard.error is not None
    assert not heard.notices
    assert len(server.chats) == 1


async def test_a_server_may_say_that_it_does_not_pass(server: Loopback) -> None:
    server.answer(status(503, {"error": "closed for good"}, {"X-Should-Retry": "false"}))
    async with reaching(service(server.base_url)) as provider:
        assert (await ask(provider, request())).raised == "ServerFailed"
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "name", ["hang_mid", "rst_mid", "cut_chunked", "cut_clean", "bad_json", "err_obj", "short_len"]
)
async def test_nothing_is_asked_again_once_a_word_was_shown(name: str, server: Loopback) -> None:
    server.answer(FAULTS[name])
    async with reaching(service(server.base_url)) as provider:
        heard = await ask(provider, request(clocks=QUICK))
    assert heard.text == "partial "
    assert heard.error is not None
    assert len(server.chats) == 1


async def test_a_pause_is_told_before_it_begins_and_can_be_left_at_once(server: Loopback) -> None:
    server.answer(FAULTS["429ra90"])
    told = asyncio.Queue[Any]()

    async def listen(provider: Persistent) -> None:
        async with aclosing(provider.stream(request(patience=LONG))) as deltas:
            async for delta in deltas:
                told.put_nowait(delta)

    async with reaching(service(server.base_url)) as provider:
        asking = asyncio.create_task(listen(provider))
        delta = await told.get()
        assert delta.again_in == 90
        assert delta.notice is not None
        assert delta.notice.endswith("; asked again in 90 s (try 2 of 3)")
        began = monotonic()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert monotonic() - began < 60
    assert len(server.chats) == 1


async def test_the_next_key_takes_over_from_a_refused_one_and_says_so(server: Loopback) -> None:
    for name in ("401", "403", "429quota"):
        server.default = refusing(1, reply=FAULTS[name])
        async with reaching(*(service(server.base_url, number=number) for number in (1, 2, 3))) as provider:
            heard = await ask(provider, request())
            assert heard.text == "Hello."
            assert len(heard.notices) == 1
            assert heard.notices[0].endswith("; the key •••• (from envs/openai_key line 2) takes over")
            assert [state.kind for _, state in provider.states()] == ["aside", "ready", "ready"]
            assert (await ask(provider, request())).notices == []  # the session stays where it is now
            for session in "abcdef":
                assert (await ask(provider, request(session=session))).text == "Hello."
    assert used(server).count(1) == 3


async def test_a_key_that_is_asked_too_much_cools_down_while_another_answers_at_once(server: Loopback) -> None:
    server.default = refusing(1, reply=FAULTS["429ra90"])
    async with reaching(*(service(server.base_url, number=number) for number in (1, 2))) as provider:
        heard = await ask(provider, request())
        assert (heard.text, len(heard.notices)) == ("Hello.", 1)
        ((_, first), (_, second)) = provider.states()
        assert (first.kind, second.kind) == ("cooling", "ready")
        assert 80 < first.seconds <= 90
    assert used(server) == [1, 2]


async def test_when_all_keys_are_asked_too_much_the_one_that_is_well_first_is_waited_for(server: Loopback) -> None:
    first = flaky_with(1, status(429, {"error": "slow down"}, {"Retry-After-Ms": "20"}))
    second = status(429, {"error": "slow down"}, {"Retry-After": "90"})

    def respond(exchange: Exchange) -> None:
        (first if exchange.request.headers["authorization"].endswith("1") else second)(exchange)

    server.default = respond
    async with reaching(*(service(server.base_url, number=number) for number in (1, 2))) as provider:
        heard = await ask(provider, request())
    assert heard.text == "Hello."
    assert used(server) == [1, 2, 1]


async def test_a_pause_names_what_is_waited_for_and_no_key_that_was_refused_meanwhile(server: Loopback) -> None:
    server.answer(soon(429), FAULTS["401"])
    async with reaching(*(service(server.base_url, number=number) for number in (1, 2))) as provider:
        heard = await ask(provider, request())
    assert heard.text == "Hello."
    assert used(server) == [1, 2, 1]
    over, again = heard.notices
    assert over.endswith("; the key •••• (from envs/openai_key line 2) takes over")
    assert again.endswith("gets too many requests: not now; asked again in 0 s (try 2 of 3)")


async def test_when_every_key_is_refused_the_last_refusal_is_told_and_each_was_asked_once(server: Loopback) -> None:
    server.default = FAULTS["401"]
    async with reaching(*(service(server.base_url, number=number) for number in (1, 2, 3))) as provider:
        heard = await ask(provider, request())
        assert heard.raised == "KeyRefused"
        assert "envs/openai_key line 3" in heard.sentence
        assert len(heard.notices) == 2
        assert used(server) == [1, 2, 3]
        server.default = say("Hello.")
        assert (await ask(provider, request())).text == "Hello."  # whoever asks again, asks again


async def test_a_fault_of_the_server_is_no_matter_of_its_keys(server: Loopback) -> None:
    server.answer(soon(500))
    async with reaching(*(service(server.base_url, number=number) for number in (1, 2))) as provider:
        heard = await ask(provider, request())
    assert heard.text == "Hello."
    assert "takes over" not in heard.notices[0]


async def test_another_address_takes_over_from_one_that_is_down(server: Loopback) -> None:
    with Loopback() as gone:
        down = gone.base_url
    async with reaching(service(down), service(server.base_url, number=2)) as provider:
        heard = await ask(provider, request())
        host = server.base_url.split("/")[2]
        assert heard.text == "Hello."
        assert heard.notices[0].endswith(f"; {host} takes over")
        assert [(await ask(provider, request(session=each))).notices for each in "abc"] == [[], [], []]


async def test_sessions_are_spread_over_the_keys_by_weight_and_each_keeps_its_own(server: Loopback) -> None:
    services = (service(server.base_url, number=1, weight=3), service(server.base_url, number=2))
    async with reaching(*services) as provider:
        for _turn in range(2):
            for session in "abcdefgh":
                await ask(provider, request(session=session))
    assert used(server)[:8].count(1) == 6
    assert used(server)[8:] == used(server)[:8]


async def test_connections_are_kept_from_try_to_try(server: Loopback) -> None:
    server.answer(soon(500), soon(503))
    async with reaching(service(server.base_url)) as provider:
        await ask(provider, request())
        await ask(provider, request())
    assert (len(server.chats), server.connections) == (4, 1)


def flaky_with(times: int, failure: Reply) -> Reply:
    """Answer a number of times with a failure, then well."""
    left = [times]

    def respond(exchange: Exchange) -> None:
        left[0] -= 1
        (failure if left[0] >= 0 else say("Hello."))(exchange)

    return respond
