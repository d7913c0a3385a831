"""A refusal because the request exceeds the model's window: how services word it, and the numbers in it (pure)."""

import re
from typing import Any

_SAYS_SO = re.compile(
    r"context[ _](length|window|size|limit)|n_ctx|(prompt|input|request) (is|was) too long|maximum prompt length"
    r"|token (count|limit)|too many (input )?tokens|max_new_tokens`? must be",
    re.IGNORECASE,
)
_N = r"(\d[\d,]*\d)(?!\d)(?!,\d)(?! ?[kKmM]\b)"
"""A number of tokens; one that is rounded, as 128k, is none."""

# In the order of how sure they are; the first that is found counts.
_LIMIT = (
    rf"\d(?: tokens)? > {_N}",
    rf"(?:maximum context length|maximum prompt length|context length|context window|context size|n_ctx)\D{{0,20}}{_N}",
    rf"{_N}(?:[ -]tokens?)? (?:maximum context|context length|context window)",
    rf"tokens allowed \({_N}",
    rf"(?:must be <=|cannot exceed|token limit:?) {_N}",
)
_TOKENS = (
    rf"(?:resulted in|requested|request has|request contains|prompt is|prompt contains|keep the first)\D{{0,20}}{_N}",
    rf"(?:request|input|token count) \({_N}",
    rf"(?:given:|received) {_N}",
    rf"{_N}(?: tokens)?(?: \+ \d+)? > \d",
)


def is_too_long(code: Any, text: str) -> bool:
    """Tell whether an error with this code and sentence is about the window."""
    return code == "context_length_exceeded" or _SAYS_SO.search(text) is not None


def numbers(body: Any, text: str) -> tuple[int | None, int | None]:
    """Find the window and the request's tokens in an error's fields or its sentence; None where they are not told."""
    fields = body if isinstance(body, dict) else {}
    limit, tokens = _field(fields.get("n_ctx")), _field(fields.get("n_prompt_tokens"))
    return limit or _first(_LIMIT, text), tokens or _first(_TOKENS, text)


def _field(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _first(patterns: tuple[str, ...], text: str) -> int | None:
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return next((int(match[1].replace(",", "")) for match in found if match), None)
