"""The formats that can be read, and how a file's content tells which one it has."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from chatcmd.errors import Damaged
from chatcmd.history.foreign.archive import is_archive, members
from chatcmd.history.foreign.found import Found, LeftOut
from chatcmd.history.foreign.source import Source, files_below, source_of
from chatcmd.language import _, marked

T = TypeVar("T")

FORMATS = {
    "tutorial": marked("the tutorials' user_messages.json: {user: [messages, ...]}"),
    "chatgpt": marked("ChatGPT's export: conversations.json, or the whole .zip"),
    "llm": marked("llm's logs.db"),
    "aichat": marked("aichat's sessions, each a .yaml file"),
    "shell_gpt": marked("shell_gpt's chats, each a file of messages"),
    "chatcmd": marked("chatcmd's own sessions"),
}
"""What can be read, in a few words."""

_HEADS = (
    ("chatgpt", re.compile(rb'"mapping"\s*:\s*\{')),
    ("chatcmd", re.compile(rb'"format"\s*:\s*[0-9]|"persona"\s*:\s*\{')),
    ("shell_gpt", re.compile(rb'\A\s*\[[^\[]*"role"\s*:')),
    ("tutorial", re.compile(rb'\A\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[')),
)
"""What a beginning holds of JSON that is not whole; a quotation inside of a text would have its quotes escaped."""

_YAML = re.compile(rb"\A(?:---\s*\n)?model: [^\0]*?^(?:compressed_)?messages:", re.MULTILINE)


class Passed(msgspec.Struct, frozen=True):
    """A file of a folder that holds no history."""

    path: Path


def found_in(path: Path, form: str | None = None) -> Iterator[Found | Passed]:
    """Read what a file holds, or all files of a folder, in the named format or the one that each file has.

    Raises Damaged when the file cannot be read, or holds no history.
    """
    if path.is_dir():
        for each in files_below(path):
            yield from _told(_read, each, each, form)
        return
    nothing = True
    for found in _read(path, form):
        nothing = nothing and isinstance(found, Passed)
        yield found
    if nothing:
        sentence = _("{path} holds no history that chatcmd knows; if it should, say which with --from ({names})")
        raise Damaged(sentence.format(path=path, names=_(", ").join(FORMATS)))


def _read(path: Path, form: str | None) -> Iterator[Found | Passed]:
    source = source_of(path)
    if not is_archive(source.head):
        yield from _read_plain(source, form)
        return
    for member in members(source):
        if isinstance(member, LeftOut):
            yield member
        else:
            yield from _told(_read_plain, member, member.path, form if _format_of(member) == form else None)


def _read_plain(source: Source, form: str | None) -> Iterator[Found | Passed]:
    told = form or _format_of(source)
    if told is None:
        yield Passed(source.path)
    else:
        module = "own" if told == "chatcmd" else told
        yield from import_module(f"chatcmd.history.foreign.{module}").read(source)


def _told(
    read: Callable[[T, str | None], Iterator[Found | Passed]], what: T, place: Path, form: str | None
) -> Iterator[Found | Passed]:
    """Read one of several files: what is wrong with it keeps nobody from the others."""
    try:
        yield from read(what, form)
    except Damaged as error:
        yield LeftOut(str(place), str(error))


def _format_of(source: Source) -> str | None:
    """Tell a file's format by its content; None where it holds no history that is known."""
    head = source.head.removeprefix(b"\xef\xbb\xbf")
    if head.startswith(b"SQLite format 3\0"):
        return "llm" if import_module("chatcmd.history.foreign.llm").is_logs(source.path) else None
    if head.lstrip()[:1] in (b"{", b"["):
        return _format_of_json(source)
    return "aichat" if _YAML.search(head) else None


def _format_of_json(source: Source) -> str | None:
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    listed = data.lstrip()[:1] == b"["
    try:
        first = next(iter(msgspec.json.decode(data, type=list[msgspec.Raw])), None) if listed else data
        value = msgspec.json.decode(first) if first is not None else None
    except (ValueError, RecursionError):
        return next((form for form, head in _HEADS if head.search(source.head)), None)
    return _format_of_first(value, alone=not listed) if isinstance(value, dict) else None


def _format_of_first(value: dict[str, Any], *, alone: bool) -> str | None:
    """Tell a format by the first object of a list, or by the one that stands alone."""
    if isinstance(value.get("mapping"), dict):
        return "chatgpt"
    if isinstance(value.get("messages"), list) and isinstance(value.get("persona"), dict):
        return "chatcmd"
    if not alone:
        return "shell_gpt" if isinstance(value.get("role"), str) else None
    lists = [said for said in value.values() if isinstance(said, list)]
    spoken = [said[0] for said in lists if said and isinstance(said[0], dict) and isinstance(said[0].get("role"), str)]
    nothing_said = len(lists) == len(value) and not any(lists)
    return "tutorial" if value and "messages" not in value and (spoken or nothing_said) else None
