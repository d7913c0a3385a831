"""A session as a JSON file (design: 1.5): whole or not at all, unknown keys kept."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chatcmd.conversation.message import Persona
from chatcmd.conversation.session import Facts, Session, paired, title_of
from chatcmd.errors import Damaged, HistoryError
from chatcmd.history.disk import write_whole
from chatcmd.history.message import Written, to_message, to_written
from chatcmd.language import _

FORMAT = 1


class Saved(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in the file, declared once; a wrong type is reported with its path in the JSON."""

    format: int
    messages: list[Written]


def read(path: Path) -> Session:
    """Read a saved session; raises Damaged with what is wrong where, HistoryError for a newer one, and OSError."""
    return parse(path.read_bytes(), str(path))


def parse(data: bytes, name: str) -> Session:
    """Read a session from bytes; `name` is how errors call them."""
    try:
        content = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        sentence = _("{path} is not readable JSON ({fault}); it is left as it is")
        raise Damaged(sentence.format(path=name, fault=error)) from None
    try:
        return to_session(content)
    except msgspec.ValidationError as error:
        if _format(content) > FORMAT:
            sentence = _("{path} was written by a newer chatcmd, and cannot be shown; upgrade")
            raise HistoryError(sentence.format(path=name)) from None
        raise Damaged(_("{path} is no saved session: {fault}").format(path=name, fault=error)) from None


def write(path: Path, session: Session) -> None:
    """Write a saved session; raises NotSaved."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(to_content(session)), indent=2) + b"\n")


def is_newer(session: Session) -> bool:
    """Tell whether a newer program wrote it: then it is shown, never rewritten."""
    return _format(session.raw) > FORMAT


def to_session(content: Any) -> Session:
    """Make a session of a file's content; raises msgspec.ValidationError."""
    saved = msgspec.convert(content, Saved)
    messages = [to_message(each) for each in saved.messages]
    if messages and _is_persona(messages[0].api, saved.persona):
        messages = messages[1:]
    turns, aside = paired(messages)
    facts = _facts(saved)
    facts["title"] = saved.title or title_of(turns[0].question.content if turns else "")
    return Session(**facts, turns=turns, aside=aside, raw=content)


def to_content(session: Session) -> dict[str, Any]:
    """Make a file's content of a session: the known fields over what was read."""
    saved = Saved(**_facts(session), format=FORMAT, messages=[to_written(each) for each in session.messages])
    known: dict[str, Any] = {"format": FORMAT} | msgspec.to_builtins(saved)
    raw = {name: value for name, value in session.raw.items() if name not in Saved.__struct_fields__ or name in known}
    messages = raw.get("messages") or []
    if messages and session.persona.content and not _is_persona(messages[0], session.persona):
        raw["messages"] = [{}, *messages]  # the persona's own message stands before those that were read
    return _laid_over(raw, known)  # type: ignore[no-any-return]


def _facts(of: Facts) -> dict[str, Any]:
    return {name: getattr(of, name) for name in Facts.__struct_fields__}


def _format(content: Any) -> int:
    """Say which format a file claims to have; what claims nothing sensible has ours."""
    claimed = content.get("format") if isinstance(content, Mapping) else None
    return claimed if isinstance(claimed, int) else FORMAT


def _is_persona(message: Mapping[str, Any], persona: Persona) -> bool:
    return bool(message["role"] == "system" and message["content"] == persona.content != "")


def _laid_over(raw: Any, known: Any) -> Any:
    """Lay known values over raw ones, keeping the keys that only the raw ones have."""
    if isinstance(raw, dict) and isinstance(known, dict):
        mine = {name: _laid_over(raw.get(name), value) for name, value in known.items()}
        return mine | {name: value for name, value in raw.items() if name not in mine}
    if isinstance(raw, list) and isinstance(known, list):
        return [_laid_over(raw[i] if i < len(raw) else None, value) for i, value in enumerate(known)]
    return known
