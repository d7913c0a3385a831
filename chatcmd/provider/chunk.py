"""What a service's JSON says, read tolerantly: chunks of a stream, whole answers, errors (pure).

Services differ in what they leave out or set to null; what is missing is passed over, what is no chat answer at all is
told apart.
"""

import json
from typing import Any

import msgspec

from chatcmd.conversation.message import Usage
from chatcmd.conversation.reply import Delta


class _Counts(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Part(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    delta: _Part | None = None
    message: _Part | None = None
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """One chunk, or a whole answer: the two have the same shape but for `delta` and `message`."""

    choices: list[_Choice] | None = None
    usage: _Counts | None = None
    model: str | None = None
    error: Any = None
    message: Any = None

    @property
    def delta(self) -> Delta:
        """The first choice as a piece of the answer; a request never asks for more than one."""
        choice = self.choices[0] if self.choices else _Choice()
        part = choice.delta or choice.message or _Part()
        counts = self.usage or _Counts()
        return Delta(
            text=(part.content or "") + (part.refusal or ""),
            reasoning=part.reasoning_content or part.reasoning or "",
            finish_reason=choice.finish_reason or None,
            usage=None if counts.prompt_tokens is None else Usage(counts.prompt_tokens, counts.completion_tokens or 0),
            model=self.model or None,
        )


def parse(data: bytes) -> Chunk:
    """Read a chunk; raises ValueError when it is not JSON of that shape. Lone surrogates become U+FFFD."""
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        content = json.loads(data.decode())  # lone surrogates are JSON to Python, and not to msgspec
        return msgspec.convert(_mended(content), Chunk)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def error_text(error: Any) -> str:
    """Find the sentence in an error of any shape that services send."""
    if isinstance(error, dict):
        return error_text(error.get("message") or error.get("error") or error.get("detail") or error.get("code"))
    if isinstance(error, list) and error:
        return error_text(error[0])
    return str(error)[:500].strip() if error else ""


_decoder = msgspec.json.Decoder(Chunk)


def _mended(value: Any) -> Any:
    """Replace lone surrogates, which no request and no file could hold, everywhere in a JSON value."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
