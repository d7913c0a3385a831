"""Mutants that no test can notice, and why: by module, and by what was done."""

_CLOEXEC = "Python opens every file so that no child has it (PEP 446), whether the flag is named or not"
_ZERO = "O_RDONLY is 0: the flags are the same"
_SHORTCUT = "a shortcut alone: a turn of that size does not fit, and would only be counted for nothing"
_LATER = "another entry gives the same character its meaning, and is laid over this one"
_NEVER = "never comes to that: the names that callers give have no end"
_TYPE = "what is read has the type that is written, or is refused"
_GONE = "a file that is gone already is passed over with any other trouble of removing it"

_READ = "in `descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)`"
_MADE = "in `descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.…`"
_FOLDER = "in `descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)`"
_LOCKED = "in `flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC`"
_WALK = "in `while not os.path.lexists(place) and place != place.parent:`"
_UNLINK = "in `temporary.unlink(missing_ok=True)`"
_OPEN = "in `with open(descriptor, 'rb', buffering=0, closefd=False) as opened:`"
_RAISE = "in `raise AssertionError('there is always another name')`"

_DISK = {
    f"`not os.path.lexists(place)`, not `not os.path.lexists(place) and place != place.parent`, {_WALK}": (
        "the root of all folders is there: the walk ends at it at the latest"
    ),
    "`os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC`, not "
    f"`os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW`, {_MADE}": (
        "O_EXCL follows no link either in the place of the file that it makes"
    ),
    "`os.O_WRONLY | os.O_CREAT | os.O_EXCL`, not "
    f"`os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC`, {_MADE}": _CLOEXEC,
    f"`temporary.unlink()` without missing_ok, {_UNLINK}": _GONE,
    f"`False`, not `True`, {_UNLINK}": _GONE,
    f"`os.O_RDONLY | os.O_DIRECTORY`, not `os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC`, {_FOLDER}": _CLOEXEC,
    f"`os.O_DIRECTORY`, not `os.O_RDONLY | os.O_DIRECTORY`, {_FOLDER}": _ZERO,
}

_JOURNAL = {
    "`narrow(path.parent, path.parent.parent)`, not `narrow(path.parent.parent, path.parent)`, in "
    "`narrow(path.parent.parent, path.parent)`": "each folder is narrowed by itself",
    "`not self._behind`, not `waiting and (not self._behind)`, in `if waiting and (not self._behind):`": (
        "it is only called while something waits"
    ),
    "`self.path.unlink()` without missing_ok, in `self.path.unlink(missing_ok=True)`": _GONE,
    "`False`, not `True`, in `self.path.unlink(missing_ok=True)`": _GONE,
    "goes on after `return`": "nothing follows it",
    "`os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW`, not "
    f"`os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC`, {_LOCKED}": _CLOEXEC,
    "`os.path.samestat(os.fstat(descriptor), os.lstat(path))`, not "
    "`os.path.samestat(os.lstat(path), os.fstat(descriptor))`, in "
    "`return os.path.samestat(os.lstat(path), os.fstat(descriptor))`": "two files are the same either way round",
    "returns None, not `False`": "either is a no",
}

_FILE = {
    "`False`, not `True`, in `class Saved(Facts, frozen=True, kw_only=True, omit_defaults=True):`": (
        "a value that is made and used up in one function"
    ),
    f"`os.O_NONBLOCK`, not `os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK`, {_READ}": _CLOEXEC,
    f"`os.O_RDONLY & os.O_CLOEXEC`, not `os.O_RDONLY | os.O_CLOEXEC`, {_READ}": _CLOEXEC,
    f"`os.O_RDONLY`, not `os.O_RDONLY | os.O_CLOEXEC`, {_READ}": _CLOEXEC,
    f"`os.O_CLOEXEC`, not `os.O_RDONLY | os.O_CLOEXEC`, {_READ}": _ZERO,
    f"`open()` without buffering, {_OPEN}": "only quicker: all of it is read at once",
    f"`-1`, not `0`, {_OPEN}": "only quicker: all of it is read at once",
    "`msgspec.json.format()` without indent, in "
    "`write_whole(path, msgspec.json.format(msgspec.json.encode(to_content(session)), indent=2)…`": "it is 2 anyhow",
    "without `raise AssertionError('there is always another name')`": _NEVER,
    f"`'there is always another namex'`, not `'there is always another name'`, {_RAISE}": _NEVER,
    f"`''`, not `'there is always another name'`, {_RAISE}": _NEVER,
    "`raw.get('messages')`, not `raw.get('messages') or []`, in `messages = raw.get('messages') or []`": (
        "the next line asks first whether there are any"
    ),
    "`-0.0`, not `0.0`, in `at = 0.0`": "1970 either way",
    "`0`, not `1`, in `numbers = count(1)`": "the first name is tried twice, and is taken the second time too",
    "`isinstance(raw, dict)`, not `isinstance(raw, dict) and isinstance(known, dict)`, in "
    "`if isinstance(raw, dict) and isinstance(known, dict):`": _TYPE,
    "`isinstance(raw, list)`, not `isinstance(raw, list) and isinstance(known, list)`, in "
    "`if isinstance(raw, list) and isinstance(known, list):`": _TYPE,
}

_SIZE = "in `crowded = size // (2 * LONGEST_TOKEN) > budget.room`"
_MORE = "in `more = 0 if crowded else cost.of(turn.question) + cost.of(turn.answer)`"

_WINDOW = {
    "`size // (2 * LONGEST_TOKEN) >= budget.room`, not "
    f"`size // (2 * LONGEST_TOKEN) > budget.room`, {_SIZE}": _SHORTCUT,
    f"`LONGEST_TOKEN`, not `2 * LONGEST_TOKEN`, {_SIZE}": _SHORTCUT,
    f"`3`, not `2`, {_SIZE}": _SHORTCUT,
    f"`1`, not `2`, {_SIZE}": _SHORTCUT,
    f"`1`, not `0`, {_MORE}": "of a turn that is left out nothing is added up",
    f"`-1`, not `0`, {_MORE}": "of a turn that is left out nothing is added up",
    "without `if message.attachments or message.parts`, in "
    "`seen = any((message.pictures for message in messages if message.attachments or message.pa…`": (
        "only quicker: a plain message has no pictures"
    ),
}

_BIDI = "in `_BIDI = (1564, 8206, 8207, *range(8234, 8239), *range(8294, 8298))`"
_BROKEN = "in `_BROKEN = (*range(128, 160), *range(55296, 57344), *range(64976, 65008), *(plane | last f…`"

_CLEAN = {
    "`-1`, not `0`, in `self._marks = 0`": "a text repeated -1 times is as empty as one repeated 0 times",
    f"`8233`, not `8234`, {_BIDI}": _LATER,
    f"`8293`, not `8294`, {_BIDI}": _LATER,
    f"`8299`, not `8298`, {_BIDI}": _LATER,
    f"`127`, not `128`, {_BROKEN}": _LATER,
    f"`1114113`, not `1114112`, {_BROKEN}": "there are no characters beyond the last plane",
    f"`1114111`, not `1114112`, {_BROKEN}": "the last plane begins before that",
    "`'\\t\\nx'`, not `'\\t\\n'`, in `_BECOMES: dict[int, str] = "
    "{point: chr(9216 + point) for point in range(32) if chr(point)…`": "no letter is among the controls",
}

EXPLAINED = {
    (module, what): why
    for module, table in (
        ("clean", _CLEAN),
        ("conversation/window", _WINDOW),
        ("history/disk", _DISK),
        ("history/journal", _JOURNAL),
        ("history/file", _FILE),
    )
    for what, why in table.items()
}
