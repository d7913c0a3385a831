"""What a service's JSON says, read tolerantly: chunks of a stream, whole answers, errors (pure).

Services differ in what they leave out or set to null; what is missing is passed over, what is no chat answer at all is
told apart.
"""

import json
import re
from typing import Any

import msgspec

from chatcmd.conversation.message import Usage
from chatcmd.conversation.reply import Delta

LONGEST_ERROR = 500
"""Characters of a service's sentence that are quoted."""

_WHERE_WORDS_ARE = ("message", "error", "detail", "msg", "code")
_NESTED = 8
"""How deep a service's sentence is looked for."""

_WEB_PAGE = re.compile(r"<(!doctype|html|head|body|\?xml)", re.IGNORECASE)


class _Text(msgspec.Struct):
    text: str | None = None


class _Piece(_Text):
    """A typed part of a content, as services send whose models think in it."""

    thinking: str | list[_Text] | None = None


class _Part(msgspec.Struct):
    content: str | list[_Piece] | None = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    delta: _Part | None = None
    message: _Part | None = None
    finish_reason: Any = None


class Chunk(msgspec.Struct):
    """One chunk, or a whole answer: the two have the same shape but for `delta` and `message`."""

    choices: list[_Choice] | None = None
    usage: Any = None
    model: Any = None
    error: Any = None
    message: Any = None
    detail: Any = None
    msg: Any = None

    @property
    def delta(self) -> Delta:
        """The first choice as a piece of the answer; a request never asks for more than one."""
        choice = self.choices[0] if self.choices else _Choice()
        part = choice.delta or choice.message or _Part()
        text, thinking = _content(part.content)
        return Delta(
            text=text + _str(part.refusal),
            reasoning=thinking + (_str(part.reasoning_content) or _str(part.reasoning)),
            finish_reason=_str(choice.finish_reason) or None,
            usage=_usage(self.usage),
            model=_str(self.model) or None,
        )


def parse(data: bytes) -> Chunk:
    """Read a chunk; raises ValueError when it is not JSON of that shape. Lone surrogates become U+FFFD."""
    try:
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
    """Find the sentence in an error of any shape that services send, on one line; a web page holds none.

    One that was cut ends with an ellipsis.
    """
    place = ""
    for _ in range(_NESTED):
        if isinstance(error, list) and error:
            error = error[0]
        elif isinstance(error, dict):
            if isinstance(error.get("loc"), list | tuple):
                place = ".".join(map(str, error["loc"])) + ": "  # the field that a validator complains of
            error = next((error[name] for name in _WHERE_WORDS_ARE if error.get(name)), None)
    words = "" if not error or isinstance(error, dict | list) else " ".join(str(error)[: 4 * LONGEST_ERROR].split())
    if not words or _WEB_PAGE.match(words):
        return ""
    words = place + words
    return words if len(words) <= LONGEST_ERROR else words[:LONGEST_ERROR] + "…"


_decoder = msgspec.json.Decoder(Chunk)


def _content(content: str | list[_Piece] | None) -> tuple[str, str]:
    """Tell a content's text from the thinking in it."""
    if content is None or isinstance(content, str):
        return content or "", ""
    thought = [piece.thinking or "" for piece in content]
    thinking = [part if isinstance(part, str) else "".join(text.text or "" for text in part) for part in thought]
    return "".join(piece.text or "" for piece in content), "".join(thinking)


def _usage(usage: Any) -> Usage | None:
    """Read the counts; what is no count of tokens is as good as none."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens"))
    return None if prompt is None else Usage(prompt, completion or 0)


def _number(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 2**53 else None


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _mended(value: Any) -> Any:
    """Replace lone surrogates, which no request and no file could hold, everywhere in a JSON value."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
