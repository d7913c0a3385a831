"""The table of settings: name, type, range, default, and what each is for."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from chatcmd.language import _, marked
from chatcmd.settings.language import LANGUAGES
from chatcmd.settings.url import proxy_url, service_url

KEYRING = "chatcmd"
"""The service under which the system's keyring keeps our keys."""

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Option(Struct, frozen=True):
    """One setting. `check` takes a value as TOML or a person wrote it and returns it typed, or raises ValueError."""

    name: str
    check: Callable[[Any], Any]
    default: Any
    help: str
    variable: str = ""
    in_chat: bool = True
    choices: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that set it, the strongest last."""
        own = f"CHATCMD_{self.name.upper()}"
        return (self.variable, own) if self.variable else (own,)


def nearest(word: str, known: Iterable[str], written: Callable[[str], str] = str) -> str:
    """Make a hint of the known word that is nearest, as it is written where the wrong one stood, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - a start without a mistake need not load it

    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return _("; did you mean {word}?").format(word=written(close[0])) if close else ""


def elsewhere(name: str) -> str:
    """Say how a setting is changed that /set does not change."""
    if name in ("user", "persona"):
        return _("{name} is not a setting of the chat; use /{name} NAME").format(name=name)
    if name in ("key_command", "keyring"):
        return _("{name} cannot change inside the chat; leave, and set it in envs/settings.toml").format(name=name)
    flag = {"save": "no-save", "language": "lang"}.get(name, name.replace("_", "-"))
    return _("{name} cannot change inside the chat; leave, and start with --{flag}").format(name=name, flag=flag)


def _text(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else None
    if text is None:
        raise ValueError(_("must be text in quotes"))
    if not text:
        raise ValueError(_("is empty; give it a value, or leave it out"))
    return _utf8(text)


def _utf8(text: str) -> str:
    """Refuse bytes of a command line or variable that are no text, which Python hands on as lone surrogates."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(_("is not UTF-8 text; type it anew"))
    return text


def _command_line(value: Any) -> str:
    """Check for a command line; it is split as a shell would, and run without one."""
    import shlex  # noqa: PLC0415 - few settings name a command

    text = _text(value)
    if not text.isprintable():
        raise ValueError(_("holds an invisible character; remove it"))
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError(_("has a quotation mark without its partner; add it")) from None
    if not words or not words[0]:
        raise ValueError(_("is empty; give it a value, or leave it out"))
    return text


def _keyring(value: Any) -> str | None:
    """Check for the name of a service in the keyring; true stands for our own."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE)):
        return KEYRING if _switch(value) else None
    text = _text(value)
    if not text.isprintable():
        raise ValueError(_("holds an invisible character; remove it"))
    return text


def _address(check: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: check(_text(value))


def number(low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(_("must be a number from {low:g} to {high:g}").format(low=low, high=high))
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
            if high < 2**53:
                raise ValueError(_("must be a whole number from {low} to {high}").format(low=low, high=high))
            raise ValueError(_("must be a whole number from {low} up").format(low=low))
        return number

    return check


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise ValueError(_("must be true or false"))


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(_("must be one of {choices}").format(choices=_(", ").join(choices)))
        return str(value)

    return check


def _stops(value: Any) -> tuple[str, ...]:
    stops = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
    if not 1 <= len(stops) <= 4 or not all(isinstance(stop, str) and stop for stop in stops):  # noqa: PLR2004
        raise ValueError(_("must be a text or a list of up to four texts"))
    return tuple(_utf8(stop) for stop in stops)


SWITCH = ("true", "false")
THEMES = ("dark", "light", "contrast")

GENERATION = (
    Option("temperature", number(0, 2), None, marked("randomness of the answer, 0 to 2")),
    Option("top_p", number(0, 1), None, marked("share of the likeliest words to choose from, 0 to 1")),
    Option("max_tokens", whole(1), None, marked("longest answer in tokens; also what the window keeps free for it")),
    Option("presence_penalty", number(-2, 2), None, marked("push towards new subjects, -2 to 2")),
    Option("frequency_penalty", number(-2, 2), None, marked("push away from repetition, -2 to 2")),
    Option("seed", whole(-(2**53)), None, marked("same seed, same answer, as far as the model can")),
    Option("stop", _stops, None, marked("text at which the answer ends; up to four")),
    Option("end_user", _text, None, marked("sent as the API's `user`, which tells your users apart for the service")),
)

OPTIONS = {
    option.name: option
    for option in (
        Option("model", _text, "gpt-3.5-turbo", marked("who answers: MODEL, or NAME/MODEL of [providers.NAME]")),
        Option(
            "base_url",
            _address(service_url),
            "https://api.openai.com/v1",
            marked("address of the service"),
            "OPENAI_BASE_URL",
            in_chat=False,
        ),
        Option("provider", _text, None, marked("the [providers.NAME] whose models need no NAME/"), in_chat=False),
        Option(
            "proxy", _address(proxy_url), None, marked("http, https or socks5 address to go through"), in_chat=False
        ),
        Option(
            "key_command",
            _command_line,
            None,
            marked("command that prints the key, where no key is given otherwise"),
            in_chat=False,
        ),
        Option(
            "keyring",
            _keyring,
            None,
            marked("true, or a service's name: the system's keyring holds the key, where nothing else gives one"),
            in_chat=False,
        ),
        Option("user", _text, None, marked("who is talking, so that the chat need not ask"), in_chat=False),
        Option("persona", _text, "default", marked("who answers: a file of envs/personas"), in_chat=False),
        Option("stream", _switch, True, marked("show the answer while it comes"), choices=SWITCH),
        Option("plain", _switch, False, marked("no escape sequences and no line editor"), in_chat=False),
        Option("offline", _switch, False, marked("a demo model that needs no network"), in_chat=False),
        Option("save", _switch, True, marked("keep the history"), in_chat=False),
        Option("connect_timeout", number(1, 3600), 10.0, marked("seconds to wait for a connection to the service")),
        Option("first_timeout", number(1, 3600), 120.0, marked("seconds to wait for the first word of an answer")),
        Option("timeout", number(1, 3600), 120.0, marked("seconds of silence in mid-answer before giving up")),
        Option(
            "reserve", whole(1), None, marked("tokens of the window to keep for the answer (default 1,024 of 4,096)")
        ),
        Option("max_turns", whole(0), None, marked("most earlier turns to send, even if more would fit")),
        Option(
            "language",
            _one_of(*LANGUAGES),
            None,
            marked("en or zh; else as LC_ALL, LC_MESSAGES or LANG say"),
            in_chat=False,
        ),
        Option(
            "theme",
            _one_of(*THEMES),
            "dark",
            marked("colours for a dark or light terminal, or contrast"),
            choices=THEMES,
        ),
        Option(
            "markdown", _switch, True, marked("render answers, else show them as they were written"), choices=SWITCH
        ),
        Option("reasoning", _switch, True, marked("show what a model thinks before it answers"), choices=SWITCH),
        Option("bar", _switch, True, marked("the bar below the line: window, tokens, times, money"), choices=SWITCH),
        Option("title", _switch, True, marked("name user and session in the terminal's title"), choices=SWITCH),
        Option("vi", _switch, False, marked("vi keys in the line"), choices=SWITCH),
        Option("multiline", _switch, False, marked("Enter makes a new line, Alt-Enter sends"), choices=SWITCH),
        Option(
            "osc52",
            _switch,
            False,
            marked("let /copy use the terminal itself where there is no clipboard tool"),
            choices=SWITCH,
        ),
        *GENERATION,
    )
}
