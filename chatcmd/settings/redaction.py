"""Secrets taken out of texts that were not made to hold one: reports, and errors of last resort."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from chatcmd.settings.secret import DOTS, known

LEAST_CUT = 4
"""Characters of a secret by which it is known where a text breaks off within it."""

_BREAKS = ("…", "...")

_LOOKS_SECRET = re.compile(
    r"""
      \b[sprSPR]k-[\w-]{8,}                                   # keys as OpenAI and others make them
    | \beyJ[\w-]{8,}(?:\.[\w-]*){0,4}                         # tokens of JSON (JWT)
    | (?<=://)[^\s/?\#@]{1,512}(?=@)                          # name and password of an address
    | (?i:\b(?:bearer|basic)\ +)(?P<token>[^\s"',;]+)
    | (?i:\b(?:api[-_]?key|key|token|secret|password|authorization)["']?\ ?[=:]\ ?["']?(?!bearer\b|basic\b))
      (?P<value>[^\s"'&,;]+)
    """,
    re.VERBOSE,
)


def redacted(text: str) -> str:
    """Put dots in place of all known secrets, whole or cut off, then of what looks like one."""
    return _LOOKS_SECRET.sub(_without_value, without_known(text))


def without_known(text: str) -> str:
    """Put dots in place of all known secrets, whole or cut off, and of nothing else."""
    return without([*known], text)


def without(secrets: Iterable[str], text: str) -> str:
    """Put dots in place of these secrets, whole or cut off, and of nothing else."""
    for secret in _forms(secrets):
        text = text.replace(secret, DOTS)
        for end in _BREAKS:
            text = end.join(_without_beginning(text.split(end), secret))
    return text


def _forms(secrets: Iterable[str]) -> list[str]:
    """Give each secret as it is, and as addresses write it; longest first, so that none hides a part of another."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    return sorted(forms, key=len, reverse=True)


def _without_beginning(parts: list[str], secret: str) -> Iterator[str]:
    """Put dots in place of a secret's beginning at the end of each part but the last, where the text broke off."""
    for part in parts[:-1]:
        lengths = range(min(len(secret) - 1, len(part)), LEAST_CUT - 1, -1)
        length = next((length for length in lengths if part.endswith(secret[:length])), 0)
        yield part[:-length] + DOTS if length else part
    yield parts[-1]


def _without_value(found: re.Match[str]) -> str:
    value = found["token"] or found["value"]
    return found.group()[: -len(value)] + DOTS if value else DOTS
