"""A parameter that a model refuses is left out and that is said once; a wrong value is its owner's to correct."""

from typing import Any

import pytest

from chatcmd.provider.compatible import Compatible
from tests.loopback import Exchange, Loopback, Reply, error, say, status
from tests.provider.asking import ask, request

EXTRA = "Extra inputs are not permitted"

# Status and body of a refusal, as services send it, and the parameter that it is about.
REFUSALS: list[tuple[int, Any, str]] = [
    (
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'top_p' is not supported with this model.",
                "type": "invalid_request_error",
                "param": "top_p",
                "code": "unsupported_parameter",
            }
        },
        "top_p",
    ),
    (
        400,
        {
            "error": {
                "message": "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default "
                "(1) value is supported.",
                "type": "invalid_request_error",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
        "temperature",
    ),
    (400, {"error": {"message": "Unknown parameter: 'seed'.", "param": "seed", "code": "unknown_parameter"}}, "seed"),
    (400, {"error": {"message": "Unrecognized request argument supplied: seed", "param": None, "code": None}}, "seed"),
    (400, {"error": {"message": "property 'user' is unsupported, did you mean 'users'?"}}, "user"),
    (400, {"error": "presence_penalty is not supported with this model"}, "presence_penalty"),
    (400, {"error": "This model doesn't support frequency_penalty"}, "frequency_penalty"),
    (400, {"error": {"message": "Argument not supported on this model: stop"}}, "stop"),
    (400, {"error": {"message": 'json: unknown field "seed"'}}, "seed"),
    (400, {"message": "Additional properties are not allowed ('seed' was unexpected)"}, "seed"),
    (400, {"object": "error", "message": f"[{{'loc': ('body', 'seed'), 'msg': '{EXTRA}'}}]", "code": 400}, "seed"),
    (422, {"detail": [{"loc": ["body", "seed"], "msg": "extra fields not permitted"}]}, "seed"),
    (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": EXTRA, "input": 5}]}, "seed"),
    (422, {"object": "error", "message": {"detail": [{"loc": ["body", "seed"], "msg": EXTRA}]}}, "seed"),
]

ALL: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.5,
    "presence_penalty": 1.0,
    "frequency_penalty": 1.0,
    "seed": 1,
    "stop": ("x",),
    "end_user": "u",
}


def refusing(name: str, refusal: Reply) -> Reply:
    """Refuse every request that holds the parameter."""

    def reply(exchange: Exchange) -> None:
        (refusal if name in exchange.request.body else say("fine"))(exchange)

    return reply


@pytest.mark.parametrize(("code", "body", "name"), REFUSALS)
async def test_a_refused_parameter_is_left_out_said_once_and_not_sent_again(
    code: int, body: Any, name: str, server: Loopback, provider: Compatible
) -> None:
    server.default = refusing(name, status(code, body))
    first, second = await ask(provider, request(**ALL)), await ask(provider, request(**ALL))
    assert (first.text, first.raised, second.text, second.raised) == ("fine", "", "fine", "")
    assert first.notices == [f"gpt-4o does not take {name}; it is left out from now on"]
    assert second.notices == []
    bodies = [received.body for received in server.chats]
    assert [name in sent for sent in bodies] == [True, False, False]
    assert bodies[1].keys() == bodies[0].keys() - {name}
    assert server.connections == 1


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}}),
        (422, {"detail": [{"loc": ["body", "stream_options"], "msg": "extra fields not permitted"}]}),
        (400, {"error": {"message": "Bad value", "param": "stream_options.include_usage"}}),
        (400, {"error": "stream_options must be null"}),
        (422, {"message": {"detail": [{"loc": ["body", "stream_options"], "msg": EXTRA}]}}),
    ],
)
async def test_a_server_without_stream_options_is_asked_without_and_nobody_is_told(
    code: int, body: Any, server: Loopback, provider: Compatible
) -> None:
    server.default = refusing("stream_options", status(code, body))
    first, second = await ask(provider, request(seed=1)), await ask(provider, request(seed=1))
    assert (first.text, second.text, first.notices, second.notices) == ("fine", "fine", [], [])
    assert [set(received.body) for received in server.chats] == [
        {"model", "messages", "stream", "stream_options", "seed"},
        {"model", "messages", "stream", "seed"},
        {"model", "messages", "stream", "seed"},
    ]


async def test_a_model_that_wants_max_completion_tokens_gets_it(server: Loopback, provider: Compatible) -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server.default = refusing("max_tokens", error(400, words, error_code="unsupported_parameter", param="max_tokens"))
    first, second = await ask(provider, request(max_tokens=9)), await ask(provider, request(max_tokens=8))
    assert first.notices == ["gpt-4o does not take max_tokens; it is sent as max_completion_tokens from now on"]
    assert second.notices == []
    limits = [{key: value for key, value in got.body.items() if key.startswith("max")} for got in server.chats]
    assert limits == [{"max_tokens": 9}, {"max_completion_tokens": 9}, {"max_completion_tokens": 8}]


async def test_a_model_that_wants_no_limit_at_all_gets_none(server: Loopback, provider: Compatible) -> None:
    def reply(exchange: Exchange) -> None:
        names = [name for name in exchange.request.body if name.startswith("max")]
        (status(400, {"error": f"Unknown parameter: '{names[0]}'"}) if names else say("fine"))(exchange)

    server.default = reply
    heard = await ask(provider, request(max_tokens=9))
    assert heard.text == "fine"
    assert heard.notices == [
        "gpt-4o does not take max_tokens; it is sent as max_completion_tokens from now on",
        "gpt-4o does not take max_completion_tokens; it is left out from now on",
    ]
    assert len(server.chats) == 3


async def test_several_refused_parameters_are_left_out_one_by_one(server: Loopback, provider: Compatible) -> None:
    def reply(exchange: Exchange) -> None:
        found = [name for name in ("seed", "top_p", "stream_options") if name in exchange.request.body]
        (status(400, {"error": f"Unknown parameter: '{found[0]}'"}) if found else say("fine"))(exchange)

    server.default = reply
    heard = await ask(provider, request(seed=1, top_p=0.5, temperature=0.5))
    assert (heard.text, len(heard.notices), len(server.chats)) == ("fine", 2, 4)
    assert server.chats[-1].body.keys() == {"model", "messages", "stream", "temperature"}


async def test_what_one_model_refuses_is_still_sent_to_another(server: Loopback, provider: Compatible) -> None:
    server.answer(status(400, {"error": "Unknown parameter: 'seed'"}), say("fine"))
    await ask(provider, request(seed=1, model="a"))
    await ask(provider, request(seed=1, model="b"))
    assert [(got.body["model"], "seed" in got.body) for got in server.chats] == [("a", True), ("a", False), ("b", True)]


OUT_OF_RANGE: list[tuple[int, Any]] = [
    (
        400,
        {
            "error": {
                "message": "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3.",
                "param": "temperature",
                "code": "decimal_above_max_value",
            }
        },
    ),
    (400, {"object": "error", "message": "temperature must be non-negative, got -1.0.", "code": 400}),
    (400, {"error": "temperature: value 3 is not allowed, it must be between 0 and 2"}),
    (400, {"error": "unexpected temperature: at most 2 is supported"}),
    (400, {"error": "`temperature` and `top_p` cannot both be specified for this model. Please use only one."}),
    (422, {"detail": [{"loc": ["body", "temperature"], "msg": "Input should be less than or equal to 1"}]}),
    (400, {"error": "max_tokens is too large: 5000. This model supports at most 4096 completion tokens"}),
]


@pytest.mark.parametrize(("code", "body"), OUT_OF_RANGE)
async def test_a_value_out_of_range_is_told_and_not_left_out(
    code: int, body: Any, server: Loopback, provider: Compatible
) -> None:
    server.default = status(code, body)
    heard = await ask(provider, request(temperature=3.0, top_p=0.5, max_tokens=5000))
    assert heard.raised == "RequestRefused"
    assert ("temperature" in heard.sentence) or ("max_tokens" in heard.sentence)
    assert heard.sentence.endswith("; change the question, /model or /set")
    assert (heard.notices, len(server.chats)) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Unsupported content type", "param": "messages"}},
        {"error": {"message": "Unknown parameter: 'foo'", "param": "foo", "code": "unknown_parameter"}},
        {"error": {"message": "not supported", "param": ["seed"], "code": ["x"]}},
        {"error": {"message": "stream is not supported"}},
        {"error": "unknown"},
        b"",
        b"\xff",
        "<html>unsupported seed</html>",
    ],
)
@pytest.mark.parametrize("code", [400, 422])
async def test_a_refusal_that_names_no_parameter_of_ours_is_told_at_once(
    code: int, body: Any, server: Loopback, provider: Compatible
) -> None:
    server.default = status(code, body)
    heard = await ask(provider, request(temperature=0.5))
    assert (heard.raised, len(server.chats)) == ("RequestRefused", 1)


async def test_a_server_that_refuses_everything_is_not_asked_for_ever(server: Loopback, provider: Compatible) -> None:
    everything = (
        "stream_options seed top_p temperature stop user max_tokens max_completion_tokens model messages stream"
    )
    server.default = status(400, {"error": f"Unsupported: {everything}"})
    heard = await ask(provider, request(seed=1, top_p=0.5, temperature=0.5, stop=("x",), end_user="u", max_tokens=9))
    assert heard.raised == "RequestRefused"
    assert len(server.chats) == 9
    assert server.chats[-1].body.keys() == {"model", "messages", "stream"}
