"""The flags that commands share."""

from typing import Any

from chatcmd.cli.parser import Parser
from chatcmd.language import _
from chatcmd.settings.language import LANGUAGES
from chatcmd.settings.option import GENERATION

PICKED = True
"""Stands for a session that is to be picked from a list."""


def add_flags(parser: Parser, *, picks: bool = False) -> None:
    """Add the flags that `chat` and `ask` share (design: 1.2); with `picks`, a session can be picked from a list."""
    add = parser.add_argument
    add("-u", "--user", metavar="NAME", help=_("who is talking"))
    add("-p", "--persona", metavar="NAME", help=_("who answers: a file of envs/personas"))
    add("-m", "--model", metavar="NAME", help=_("MODEL, or NAME/MODEL of [providers.NAME]"))
    add("-c", "--continue", dest="go_on", action="store_true", help=_("go on with the last session"))
    if picks:
        text = _("go on with a session: id, its beginning, title, -1; without one, pick it from a list")
        add("-r", "--resume", metavar="SESSION", nargs="?", const=PICKED, help=text)
    else:
        add("-r", "--resume", metavar="SESSION", help=_("go on with a session: id, its beginning, title, -1"))
    add("--fork", action="store_true", help=_("with -c or -r: go on in a copy, whoever has the session open"))
    add_service(parser)


def add_service(parser: Parser, offline: str | None = None) -> None:
    """Add the flags that say who answers where, and how: all that asks a model has them.

    `offline` says what answers without a network, where that is not the demo model.
    """
    add = parser.add_argument
    add("--offline", action="store_const", const=True, help=offline or _("a demo model: no key, no network"))
    add("--no-save", dest="save", action="store_const", const=False, help=_("leave no trace"))
    add("--provider", metavar="NAME", help=_("the [providers.NAME] to use"))
    add("--base-url", metavar="URL", help=_("address of the service, like https://host/v1"))
    add("--proxy", metavar="URL", help=_("http, https or socks5 address to go through"))
    add("--no-stream", dest="stream", action="store_const", const=False, help=_("the answer all at once"))
    add("--plain", action="store_const", const=True, help=_("no escape sequences, no line editor"))
    add("--root", metavar="DIR", help=_("the folder that holds envs/ and history/"))
    text = _("let envs/ of the current folder say what is run and where words and keys go, unasked")
    add("--trust", action="store_true", help=text)
    add_lang(parser)
    group = parser.add_argument_group(_("generation, by the API's own names"))
    for option in GENERATION:
        more: dict[str, Any] = {"action": "append"} if option.name == "stop" else {}
        group.add_argument(f"--{option.name.replace('_', '-')}", metavar="VALUE", help=_(option.help), **more)


def add_lang(parser: Parser, **more: Any) -> None:
    """Add --lang, which every command has: the setting `language`."""
    words = "|".join(LANGUAGES)
    text = _("the language that chatcmd speaks: English or Chinese")
    parser.add_argument("--lang", dest="language", metavar=words, choices=LANGUAGES, help=text, **more)
