"""How services say that a request exceeds the model's window, and which numbers they tell."""

from typing import Any

import pytest

from chatcmd.errors import ContextTooLong
from chatcmd.provider.compatible import Compatible
from chatcmd.provider.too_long import is_too_long, numbers
from tests.loopback import Loopback, status, too_long
from tests.provider.asking import ask, request

OPENAI = "This model's maximum context length is 4096 tokens. However, "

WORDINGS: list[tuple[str, int | None, int | None]] = [
    (OPENAI + "your messages resulted in 5000 tokens. Please reduce the length of the messages.", 4096, 5000),
    (OPENAI + "you requested 4196 tokens (96 in the messages, 4100 in the completion).", 4096, 4196),
    (OPENAI.replace("4096", "128,000") + "your messages resulted in 130,501 tokens.", 128_000, 130_501),
    (OPENAI.replace("4096", "131072") + "you requested about 140000 tokens (139000 of text).", 131_072, 140_000),
    (OPENAI.replace(" However,", "") + "and your request has 100 input tokens (5000 > 4096 - 100).", 4096, 100),
    ("request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096, 5000),
    ("The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4096, 5000),
    ("Trying to keep the first 5000 tokens. The model is loaded with context length of only 4096 tokens", 4096, 5000),
    ("Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
     32_768, 40_000),
    ("prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000),
    ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length", 200_000,
     190_000),
    ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1_048_576, 1_200_000),
    ("This model's maximum prompt length is 131072 but the request contains 150000 tokens.", 131_072, 150_000),
    ("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000 `inputs`", 4097, 5000),
    ("Invalid request: Your request exceeded model token limit: 8192", 8192, None),
    ("too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.", 4081, 5000),
    ("The prompt exceeds the context window of 128k tokens.", None, None),
    ("The context window is full", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("words", "limit", "tokens"), WORDINGS)
async def test_the_numbers_are_found_in_every_wording(
    words: str, limit: int | None, tokens: int | None, server: Loopback, provider: Compatible
) -> None:
    server.answer(status(400, {"error": {"message": words, "type": "invalid_request_error", "code": 400}}))
    heard = await ask(provider, request(temperature=0.5, max_tokens=5))
    assert isinstance(heard.error, ContextTooLong)
    assert (heard.error.limit, heard.error.tokens) == (limit, tokens)
    assert len(server.chats) == 1


FIELDS = {
    "code": 400,
    "message": "the request exceeds the available context size",
    "n_prompt_tokens": 5000,
    "n_ctx": 4096,
}
BODIES: list[tuple[int, Any, tuple[int | None, int | None]]] = [
    (400, {"error": FIELDS}, (4096, 5000)),
    (400, {"error": FIELDS | {"n_ctx": "many", "n_prompt_tokens": None}}, (None, None)),
    (400, {"error": {"message": "Please reduce the length.", "code": "context_length_exceeded"}}, (None, None)),
    (400, {"object": "error", "message": OPENAI + "you requested 5000 tokens", "code": 40303}, (4096, 5000)),
    (400, {"detail": OPENAI + "you requested 5000 tokens"}, (4096, 5000)),
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4097. Given: 5000"}, (4097, 5000)),
]


@pytest.mark.parametrize(("code", "body", "told"), BODIES)
async def test_the_numbers_are_found_in_every_body(
    code: int, body: Any, told: tuple[int | None, int | None], server: Loopback, provider: Compatible
) -> None:
    server.answer(status(code, body))
    heard = await ask(provider, request())
    assert isinstance(heard.error, ContextTooLong)
    assert (heard.error.limit, heard.error.tokens) == told


async def test_the_sentence_names_host_model_and_remedy(server: Loopback, provider: Compatible) -> None:
    server.answer(too_long(4096, 5000, 1000))
    heard = await ask(provider, request(model="m-1"))
    assert heard.sentence.startswith(f"127.0.0.1:{server.port} finds the request too long for m-1: This model's")
    assert heard.sentence.endswith("; shorten it, or set the model's window in envs/settings.toml")


@pytest.mark.parametrize(
    "words", ["max_tokens is too large: 5000", "Invalid 'temperature'", "tokens", "", "no such model: context7"]
)
def test_another_refusal_is_not_about_the_window(words: str) -> None:
    assert not is_too_long("invalid_value", words)
    assert numbers({}, words) == (None, None)
