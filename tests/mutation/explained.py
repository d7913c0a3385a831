"""Mutants that no test can notice, and why: by module, and by what was done (see Mutant)."""

_CLOEXEC = "Python opens every file so that no child has it (PEP 446), whether the flag is named or not"
_ZERO = "O_RDONLY is 0: the flags are the same"
_SHORTCUT = "a shortcut alone: a turn of that size does not fit, and would only be counted for nothing"
_QUICKER = "only quicker: what is looked over in one way or the other becomes the same"
_LATER = "another entry gives the same character its meaning, and is laid over this one"

_READ = "in `descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)`"
_MADE = "in `descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.…`"
_FOLDER = "in `descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)`"
_LOCKED = "in `flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC`"
_OPEN = "in `with open(descriptor, 'rb', buffering=0, closefd=False) as opened:`"

_DISK = {
    "`os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC`, not "
    f"`os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW`, {_MADE}": (
        "O_EXCL follows no link either in the place of the file that it makes"
    ),
    "`os.O_WRONLY | os.O_CREAT | os.O_EXCL`, not "
    f"`os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC`, {_MADE}": _CLOEXEC,
    f"`os.O_RDONLY | os.O_DIRECTORY`, not `os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC`, {_FOLDER}": _CLOEXEC,
    f"`os.O_DIRECTORY`, not `os.O_RDONLY | os.O_DIRECTORY`, {_FOLDER}": _ZERO,
}

_JOURNAL = {
    "`narrow(path.parent, path.parent.parent)`, not `narrow(path.parent.parent, path.parent)`, in "
    "`narrow(path.parent.parent, path.parent)`": "each folder is narrowed by itself",
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
    "`-0.0`, not `0.0`, in `at = 0.0`": "1970 either way",
    "`0`, not `1`, in `numbers = count(1)`": "the first name is tried twice, and is taken the second time too",
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
    "`501`, not `500`, in `_LINE = 500`": _QUICKER,
    "`499`, not `500`, in `_LINE = 500`": _QUICKER,
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
