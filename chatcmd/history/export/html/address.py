"""Addresses on a page: which may be followed, and how each is told (pure)."""

import re
from urllib.parse import unquote_to_bytes

from chatcmd.clean import clean
from chatcmd.history.export.html.element import Markup, element, joined

_FOLLOWED = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
"""What a link may lead to. Nothing relative: on a page that is a file, that leads to other files."""

_BARE = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_BEHIND = ".,;:!?'\"*_~"
"""What ends a sentence rather than an address."""

_ESCAPED = re.compile("(?:%[89A-F][0-9A-F])+", re.IGNORECASE)

LONGEST = 2000
"""Characters of an address that are shown; longer ones are not followed."""


def is_followed(address: str) -> bool:
    """Tell whether a link to an address may be made."""
    return len(address) <= LONGEST and _FOLLOWED.match(address) is not None


def link(address: str, *content: str) -> Markup:
    """Make a link that tells nobody where its reader came from."""
    return element("a", *content, href=address, rel="noopener noreferrer nofollow", target="_blank")


def told(address: str) -> Markup:
    """Show an address behind what a link claims to be, so that none leads elsewhere unseen."""
    return element("span", f" ({shortened(address)})", class_="address")


def shortened(address: str) -> str:
    """Give an address as it is shown: letters of any script can be read, all else of it is as it is."""
    return _ESCAPED.sub(_read, address) if len(address) <= LONGEST else address[:60] + "…"


def _read(escaped: re.Match[str]) -> str:
    try:
        word = unquote_to_bytes(escaped[0]).decode()
    except UnicodeDecodeError:
        return escaped[0]
    return word if word.isalnum() and clean(word) == word else escaped[0]


def with_links(content: str) -> Markup:
    """Make links of the bare addresses in a text."""
    parts: list[str] = []
    end = 0
    for found in _BARE.finditer(content):
        address = _unwrapped(found[0]) if len(found[0]) <= LONGEST else ""
        if is_followed(address):
            parts += [content[end : found.start()], link(address, address)]
            end = found.start() + len(address)
    return joined([*parts, content[end:]])


def _unwrapped(address: str) -> str:
    """Leave out what stands behind an address: the end of a sentence, a bracket that was opened before it."""
    for end in range(len(address), 0, -1):
        last = address[end - 1]
        closes = last in ")]}>" and address[:end].count(last) > address[:end].count("([{<"[")]}>".index(last)])
        if not closes and last not in _BEHIND:
            return address[:end]
    return ""
