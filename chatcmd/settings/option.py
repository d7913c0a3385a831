"""The table of settings: name, type, range, default, and what each is for."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from chatcmd.settings.url import proxy_url, service_url

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Option(Struct, frozen=True):
    """One setting. `check` takes a value as TOML or a person wrote it and returns it typed, or raises ValueError."""

    name: str
    check: Callable[[Any], Any]
    default: Any
    help: str
    variable: str = ""
    in_chat: bool = True

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that set it, the strongest last."""
        own = f"CHATCMD_{self.name.upper()}"
        return (self.variable, own) if self.variable else (own,)


def nearest(word: str, known: Iterable[str], written: Callable[[str], str] = str) -> str:
    """Make a hint of the known word that is nearest, as it is written where the wrong one stood, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - a start without a mistake need not load it

    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {written(close[0])}?" if close else ""


def _text(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else None
    if text is None:
        raise ValueError("must be text in quotes")
    if not text:
        raise ValueError("is empty; give it a value, or leave it out")
    return _utf8(text)


def _utf8(text: str) -> str:
    """Refuse bytes of a command line or variable that are no text, which Python hands on as lone surrogates."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("is not UTF-8 text; type it anew")
    return text


def _address(check: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: check(_text(value))


def _number(low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return number

    return check


def whole(low: int, high: int = 2**53) -> Callable[[Any], int]:
    """Check for a whole number in a range; digits may be grouped as in 1_000."""

    def check(value: Any) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = low - 1
        if isinstance(value, bool | float) or not low <= number <= high:
            upper = f" to {high}" if high < 2**53 else " up"
            raise ValueError(f"must be a whole number from {low}{upper}")
        return number

    return check


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise ValueError("must be true or false")


def _stops(value: Any) -> tuple[str, ...]:
    stops = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
    if not 1 <= len(stops) <= 4 or not all(isinstance(stop, str) and stop for stop in stops):  # noqa: PLR2004
        raise ValueError("must be a text or a list of up to four texts")
    return tuple(_utf8(stop) for stop in stops)


GENERATION = (
    Option("temperature", _number(0, 2), None, "randomness of the answer, 0 to 2"),
    Option("top_p", _number(0, 1), None, "share of the likeliest words to choose from, 0 to 1"),
    Option("max_tokens", whole(1), None, "longest answer in tokens; also what the window keeps free for it"),
    Option("presence_penalty", _number(-2, 2), None, "push towards new subjects, -2 to 2"),
    Option("frequency_penalty", _number(-2, 2), None, "push away from repetition, -2 to 2"),
    Option("seed", whole(-(2**53)), None, "same seed, same answer, as far as the model can"),
    Option("stop", _stops, None, "text at which the answer ends; up to four"),
    Option("end_user", _text, None, "sent as the API's `user`, which tells your users apart for the service"),
)

OPTIONS = {
    option.name: option
    for option in (
        Option("model", _text, "gpt-3.5-turbo", "who answers: MODEL, or NAME/MODEL of [providers.NAME]"),
        Option(
            "base_url",
            _address(service_url),
            "https://api.openai.com/v1",
            "address of the service",
            "OPENAI_BASE_URL",
            in_chat=False,
        ),
        Option("provider", _text, None, "the [providers.NAME] whose models need no NAME/", in_chat=False),
        Option("proxy", _address(proxy_url), None, "http, https or socks5 address to go through", in_chat=False),
        Option("user", _text, None, "who is talking, so that the chat need not ask", in_chat=False),
        Option("persona", _text, "default", "who answers: a file of envs/personas", in_chat=False),
        Option("stream", _switch, True, "show the answer while it comes"),
        Option("plain", _switch, False, "no escape sequences and no line editor", in_chat=False),
        Option("offline", _switch, False, "a demo model that needs no network", in_chat=False),
        Option("save", _switch, True, "keep the history", in_chat=False),
        Option("timeout", _number(1, 3600), 120.0, "seconds of silence from the service before giving up"),
        Option("reserve", whole(1), None, "tokens of the window to keep for the answer (default 1,024 of 4,096)"),
        Option("max_turns", whole(0), None, "most earlier turns to send, even if more would fit"),
        *GENERATION,
    )
}
