"""Mutants that no test can notice, and why: by module, and by what was done."""

_CLOEXEC = "Python opens every file so that no child has it (PEP 446), whether the flag is named or not"
_ZERO = "O_RDONLY is 0: the flags are the same"
_SHORTCUT = "only a shortcut: what is so long does not fit, and would be counted for nothing"
_LATER = "a line below gives the same character another meaning, which counts"
_FLAGS = "`descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)`"
_TEMPORARY = "`descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.…`"
_FOLDER = "`descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)`"
_JOURNAL = "`flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC`"
_LIES = "`raise AssertionError('there is always another name')`"

EXPLAINED: dict[tuple[str, str], str] = {}
