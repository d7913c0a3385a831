"""Other programs' histories: the tutorials' file, {user: [messages...]}."""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec.structs import replace

from chatcmd.conversation.message import Known, Message, Persona
from chatcmd.conversation.name import checked
from chatcmd.conversation.session import Session, paired, title_of
from chatcmd.errors import Damaged, NameRefused, reason
from chatcmd.history import file
from chatcmd.history.entry import Entry, Wanted
from chatcmd.history.library import Library
from chatcmd.language import _

UNKNOWN_MODEL = "gpt-3.5-turbo"
"""What the tutorials' program asked; its file does not say."""


class Said(Known, frozen=True, omit_defaults=True):
    """A message as the tutorials' program wrote it: what was said is one text."""

    role: str
    content: str

    @property
    def message(self) -> Message:
        return Message(**msgspec.structs.asdict(self))


class Imported(msgspec.Struct, frozen=True):
    """What an import did: files written, users left out and why, how many were known, how many asked nothing."""

    written: tuple[Path, ...]
    left_out: tuple[str, ...]
    known: int
    empty: int


def import_tutorial(source: Path, library: Library) -> Imported:
    """Import the tutorials' file, a session a user; a second import changes nothing. Raises Damaged, NotSaved."""
    try:
        users = _decoded(source.read_bytes())
        when = datetime.fromtimestamp(source.stat().st_mtime, UTC)
    except OSError as error:
        raise Damaged(_("{path} cannot be read: {reason}").format(path=source, reason=reason(error))) from None
    except (ValueError, RecursionError) as error:
        sentence = _("{path} is not readable JSON ({fault}); nothing was imported")
        raise Damaged(sentence.format(path=source, fault=error)) from None
    if not isinstance(users, dict):
        sentence = _("{path} is not a history of the form {{user: [messages, ...]}}; nothing was imported")
        raise Damaged(sentence.format(path=source))
    written, left_out, known, empty = [], [], 0, 0
    for name, content in users.items():
        try:
            session = _session(name, content, source.name.encode("utf-8", "replace").decode(), when)
        except (msgspec.ValidationError, NameRefused) as error:
            left_out.append(_("{place}: {sentence}").format(place=name, sentence=error))
            continue
        if not session.worth_saving:
            empty += 1
        elif _is_known(session, library):
            known += 1
        else:
            if library.path_of(session.user, session.id).exists():
                session = replace(session, id=f"{session.id}{_digest(session)[4:12]}")
            written.append(library.save(session, library.open(session.user, session.id)))
    return Imported(tuple(written), tuple(left_out), known, empty)


def _decoded(data: bytes) -> object:
    """Read JSON as the tutorials' program wrote it: its escapes may hold surrogates without their other half."""
    text = json.dumps(json.loads(data.decode("utf-8-sig")), ensure_ascii=False)
    return msgspec.json.decode(re.sub("[\ud800-\udfff]", "\ufffd", text))


def _session(name: str, content: object, source: str, when: datetime) -> Session:
    messages = [each.message for each in msgspec.convert(content, list[Said])]
    digest = sha256(msgspec.json.encode([name, [message.api for message in messages]])).hexdigest()
    persona = Persona("default", "")
    if messages and messages[0].role == "system":
        persona = Persona("default", messages.pop(0).content)
    turns, aside = paired(messages)
    at = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Session(
        id=f"{when:%Y%m%dT%H%M%SZ}-{digest[:4]}",
        user=checked(name, "user"),
        persona=persona,
        model=UNKNOWN_MODEL,
        started=at,
        ended=at,
        ended_by="exit",
        title=title_of(turns[0].question.content) if turns else "",
        turns=turns,
        aside=aside,
        source={"format": "tutorial", "file": source, "sha256": digest},
    )


def _is_known(session: Session, library: Library) -> bool:
    for entry in library.entries(Wanted(user=session.user)):
        if isinstance(entry, Entry) and _digest(file.read(Path(entry.path))) == _digest(session):
            return True
    return False


def _digest(session: Session) -> str:
    return str((session.source or {}).get("sha256"))
