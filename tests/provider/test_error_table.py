"""Every error of the SDK and its transport has a row, and no sentence holds a secret."""

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest

from chatcmd import errors
from chatcmd.provider.place import Place
from chatcmd.provider.refusal import ROWS, translate
from chatcmd.provider.request import Clocks
from chatcmd.settings.url import Proxy
from tests.loopback import Loopback, event, sse, status
from tests.provider.asking import CANARY, Heard, ask, connected, request, service
from tests.replies import OPENING

QUESTION = httpx2.Request("POST", "http://api.test/v1/chat/completions")
PLACE = Place(
    service("http://api.test/v1"),
    Proxy("http://me:se%40cret@proxy.test:3128", "HTTPS_PROXY"),
    "gpt-4o",
    Clocks(7, 7, 7),
)

# Which row an error of the transport falls to. Whoever adds one here has looked at what the row says.
TRANSPORT = {
    httpx2.TimeoutException: {"TimeoutException", "ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout"},
    httpx2.HTTPError: {
        "HTTPError", "HTTPStatusError", "RequestError", "TransportError", "NetworkError", "ConnectError", "ReadError",
        "WriteError", "CloseError", "ProtocolError", "LocalProtocolError", "RemoteProtocolError", "ProxyError",
        "UnsupportedProtocol", "TooManyRedirects", "SSEError",
    },
    httpx2.DecodingError: {"DecodingError"},
    httpx2.StreamError: {"StreamError", "StreamConsumed", "StreamClosed", "ResponseNotRead", "RequestNotRead"},
    httpx2.InvalidURL: {"InvalidURL"},
    httpx2.CookieConflict: {"CookieConflict"},
}  # fmt: skip


def exported(module: Any) -> list[type[Exception]]:
    found = [getattr(module, name) for name in module.__all__]
    return [kind for kind in found if inspect.isclass(kind) and issubclass(kind, Exception)]


def row_of(kind: type[Exception]) -> type[BaseException]:
    return next(base for base in kind.__mro__ if base in ROWS)


def test_every_error_that_the_sdk_exports_has_a_row_of_its_own() -> None:
    assert len(exported(openai)) > 15
    assert [kind.__name__ for kind in exported(openai) if kind not in ROWS] == []


def test_every_error_of_the_transport_falls_to_the_row_that_was_chosen_for_it() -> None:
    found: dict[type[BaseException], set[str]] = {}
    for kind in exported(httpx2):
        found.setdefault(row_of(kind), set()).add(kind.__name__)
    assert found == TRANSPORT


TEXT = f"refused {CANARY} and se@cret and se%40cret"
RESPONSE = httpx2.Response(418, request=QUESTION)
COMPLETION = openai.types.chat.ChatCompletion(id="1", choices=[], created=0, model="m", object="chat.completion")

MAKERS: dict[type[Exception], Callable[[], Exception]] = {
    openai.OAuthError: lambda: openai.OAuthError(response=RESPONSE, body={"error_description": TEXT}),
    openai.APITimeoutError: lambda: openai.APITimeoutError(QUESTION),
    openai.APIConnectionError: lambda: openai.APIConnectionError(message=TEXT, request=QUESTION),
    openai.APIResponseValidationError: lambda: openai.APIResponseValidationError(RESPONSE, {"message": TEXT}),
    openai.ContentFilterFinishReasonError: openai.ContentFilterFinishReasonError,
    openai.LengthFinishReasonError: lambda: openai.LengthFinishReasonError(completion=COMPLETION),
    openai.WebSocketConnectionClosedError: lambda: openai.WebSocketConnectionClosedError(TEXT, unsent_messages=[TEXT]),
    UnicodeEncodeError: lambda: UnicodeEncodeError("ascii", CANARY, 0, 1, TEXT),
}


def made(kind: type[Exception]) -> Exception:
    """Make an error of any kind, with a body and a text that quote the key and the proxy's password."""
    if kind in MAKERS:
        return MAKERS[kind]()
    if issubclass(kind, openai.APIStatusError):
        return kind(TEXT, response=RESPONSE, body={"message": TEXT, "code": TEXT, "param": TEXT})
    if issubclass(kind, openai.APIError):
        return kind(TEXT, QUESTION, body={"message": TEXT})
    return kind(TEXT)


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_every_sentence_names_host_cause_and_remedy_and_no_secret(kind: type[Exception]) -> None:
    told = translate(made(kind), PLACE)
    cause, _, remedy = str(told).partition("; ")
    assert "api.test" in cause
    assert remedy
    assert "CANARY" not in str(told)
    assert "se@cret" not in str(told)
    assert "se%40cret" not in str(told)


def test_an_error_of_an_unknown_kind_is_told_too() -> None:
    told = translate(ZeroDivisionError(CANARY), PLACE)
    assert str(told) == "something went wrong inside chatcmd (ZeroDivisionError); the chat goes on"


def test_a_way_through_a_proxy_is_named_without_its_password() -> None:
    refused = openai.APIConnectionError(request=QUESTION)
    refused.__cause__ = httpx2.ProxyError("403 se@cret")
    assert str(translate(refused, PLACE)) == (
        "no way to api.test through the proxy proxy.test:3128 (HTTPS_PROXY): it says 403 ••••; "
        "check the address, or ask whoever runs the proxy"
    )


def test_the_reason_of_a_failed_connection_is_found_in_a_group() -> None:
    refused = openai.APIConnectionError(request=QUESTION)
    refused.__cause__ = ExceptionGroup("both", [ConnectionRefusedError(111, "Connect call failed ('::1', 80)")])
    assert "connection refused; start it" in str(translate(refused, PLACE))


LONG = "x" * 470


CODES = [400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 500, 503, 507]


@pytest.mark.parametrize("words", [f"bad {CANARY}!", LONG + CANARY, f"context length {LONG}{CANARY}{CANARY}"])
async def test_a_server_that_quotes_the_key_does_not_get_it_shown(server: Loopback, words: str) -> None:
    body = {"error": {"message": words, "type": words, "code": None, "param": words}}
    server.answer(*(status(code, body) for code in CODES))
    async with connected(server.base_url) as provider:
        for _ in CODES:
            assert_silent(await ask(provider, request(temperature=0.5)))
    assert len(server.chats) == len(CODES)


@pytest.mark.parametrize(
    "reply",
    [
        sse(OPENING + event({"error": {"message": f"no {CANARY}"}})),
        sse(OPENING + event({"error": LONG + CANARY})),
        sse(f"event: error\ndata: {LONG}{CANARY}\n\n".encode()),
        status(200, {"error": f"no {CANARY}"}),
        status(200, f"{CANARY}", content_type=f"text/{CANARY}"),
        status(500, f"plain {CANARY}"),
        status(307, b"", {"Location": f"http://{CANARY}.test/"}),
        status(302, b"", {"Location": f"http://a:{CANARY}@b.test/"}),
        status(429, b"", {"Retry-After": CANARY}),
    ],
)
async def test_a_key_in_a_stream_or_a_header_is_not_shown(server: Loopback, reply: Any) -> None:
    server.answer(reply)
    async with connected(server.base_url) as provider:
        assert_silent(await ask(provider, request()))


@pytest.mark.parametrize("key", [f"{CANARY}\nX: y", f" {CANARY}", f"{CANARY} ", f"{CANARY}ключ", f"{CANARY}\0"])
async def test_a_key_that_cannot_be_sent_is_not_shown(server: Loopback, key: str) -> None:
    async with connected(server.base_url, key=key) as provider:
        heard = await ask(provider, request())
    if heard.error is None:
        assert server.chats[0].headers["authorization"].strip() == f"Bearer {key}".strip()
    else:
        assert_silent(heard)
        assert "could not be written; check key and address" in heard.sentence


def assert_silent(heard: Heard) -> None:
    assert isinstance(heard.error, errors.ProviderError)
    everything = heard.text + repr(heard.error) + "".join(traceback.format_exception(heard.error))
    assert "CANARY" not in everything


STATUSES = [
    (402, {"error": {"message": "Insufficient Balance"}}, "QuotaUsedUp", ": Insufficient Balance; look at the account"),
    (409, {"error": "busy"}, "RequestRefused", "(409): busy; change"),
    (413, "<html><body>Too large</body></html>", "RequestRefused", "refused the request (413); change"),
    (408, b"", "TimedOut", "gave up waiting (408); try again"),
    (407, b"", "RequestRefused", "refused the request (407)"),
    (500, {"detail": "out\nof   memory"}, "ServerFailed", "(500): out of memory; try again"),
    (503, {"code": 1301, "msg": "服务繁忙"}, "ServerFailed", "(503): 服务繁忙; try again"),
    (507, {"error": {"code": 507}}, "ServerFailed", "(507): 507; try again"),
    (404, {"detail": [{"loc": ["path"], "msg": "no such thing"}]}, "ModelNotFound", ": path: no such thing; check"),
    (400, [{"error": {"message": "as a list"}}], "RequestRefused", ": as a list; change"),
    (400, {"error": {"message": ["odd"], "param": ["temperature"], "code": {}}}, "RequestRefused", ": odd; change"),
    (200, b"", "NotAnAnswer", "sent an empty response; check base_url"),
    (204, b"", "NotAnAnswer", "sent an empty response; check base_url"),
]


@pytest.mark.parametrize(("code", "body", "kind", "words"), STATUSES)
async def test_a_refusal_is_told_in_one_sentence(server: Loopback, code: int, body: Any, kind: str, words: str) -> None:
    server.answer(status(code, encoded_list(body) if isinstance(body, list) else body))
    async with connected(server.base_url) as provider:
        heard = await ask(provider, request(temperature=0.5))
    assert heard.raised == kind
    assert words in heard.sentence
    assert "\n" not in heard.sentence
    assert len(server.chats) == 1


def encoded_list(body: list[Any]) -> bytes:
    return httpx2.Response(200, json=body).content


async def test_a_very_long_refusal_is_cut_and_says_so(server: Loopback) -> None:
    server.answer(status(500, {"error": {"message": "no " * 100_000}}))
    async with connected(server.base_url) as provider:
        heard = await ask(provider, request())
    assert "…; try again" in heard.sentence
    assert len(heard.sentence) < 600


async def test_a_deeply_nested_refusal_is_told(server: Loopback) -> None:
    server.answer(status(500, b'{"error":' * 900 + b"1" + b"}" * 900))
    async with connected(server.base_url) as provider:
        assert (await ask(provider, request())).raised == "ServerFailed"


async def test_a_keyless_service_that_wants_a_key_says_so(server: Loopback) -> None:
    server.answer(status(401, {"error": "Missing token"}))
    async with connected(server.base_url, key=None) as provider:
        heard = await ask(provider, request())
    host = server.base_url.split("/")[2]
    assert heard.sentence == f"{host} wants a key, and none was sent: Missing token; give it one (see README)"


@pytest.mark.parametrize(
    ("after", "seconds"), [("1", 1), ("2.5", 2.5), ("", None), ("Wed, 21 Oct 2026", None), ("9" * 400, None)]
)
async def test_the_wait_that_a_server_asks_for_is_kept(server: Loopback, after: str, seconds: float | None) -> None:
    server.answer(status(429, {"error": {"message": "slow down"}}, {"Retry-After": after}))
    async with connected(server.base_url) as provider:
        heard = await ask(provider, request())
    assert isinstance(heard.error, errors.RateLimited)
    assert heard.error.retry_after == seconds
    assert heard.sentence.endswith("try again in a while" if seconds is None else f"try again in {seconds:g} s")


async def test_a_host_that_is_not_there_is_told_with_the_reason(server: Loopback) -> None:
    server.close()
    async with connected(server.base_url) as provider:
        heard = await ask(provider, request())
    host = server.base_url.split("/")[2]
    assert heard.sentence == f"cannot reach {host}: connection refused; check address, network and proxy"
