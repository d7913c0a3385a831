"""`@path` in a question: where one may stand, and which names it may mean."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from chatcmd.conversation.attachment import Attachment

_OPENERS = frozenset("([{<\"'`“‘«")
_CLOSERS = frozenset(".,;:!?)]}>\"'`…。，、；：！？）】》」』”’»")

LONGEST = 4096
"""Characters that a path can have where paths are shortest, and more than any that is typed."""

MOST_CUTS = 8
"""Places in a word at which a name may end; each is a look at the disk."""


def starts_word(text: str, place: int) -> bool:
    """Tell whether a word begins at a place: Chinese and Japanese put no blank before it."""
    before = text[place - 1] if place else " "
    return before.isspace() or before in _OPENERS or _stands_alone(before)


def mentions(text: str, ats: Sequence[int]) -> Iterator[list[str]]:
    """Yield, for each `@` of `ats` that starts a word, the names that it may mean, the likeliest first.

    A name goes on to the next blank; one with blanks stands in quotes, or has a backslash before each.
    """
    end = 0
    for at in sorted(set(ats)):
        if not end <= at < len(text) or text[at] != "@" or not starts_word(text, at):
            continue
        quote = text[at + 1 : at + 2]
        if quote in ("'", '"'):
            close = text.find(quote, at + 2)
            name = text[at + 2 : close]
            if close > 0 and _is_name(name):
                end = close + 1
                yield [name]
        else:
            yield _names(text[at + 1 : at + 1 + LONGEST])


def places(text: str, names: Collection[str]) -> tuple[int, ...]:
    """Find the `@` in a text that name one of `names`, as in a question that had them attached."""
    ats = [place for place, each in enumerate(text) if each == "@"] if names else []
    return tuple(at for at in ats if any(name in names for found in mentions(text, [at]) for name in found))


def still_named(attachments: Iterable[Attachment], text: str) -> tuple[Attachment, ...]:
    """Choose the attachments that a changed question still names."""
    return tuple(each for each in attachments if places(text, (each.name,)))


def carried(ats: Sequence[int], before: str, after: str) -> tuple[int, ...]:
    """Find the `@` in a changed text that name what those at `ats` named before."""
    return places(after, {name for found in mentions(before, ats) for name in found})


def _names(text: str) -> list[str]:
    """List what the word at the beginning of a text may name: the whole, then less what may only follow upon it."""
    word = _word(text)
    ends = [len(word), *(place for place in range(len(word) - 1, 0, -1) if _may_end(word, place))][: MOST_CUTS + 1]
    names: dict[str, None] = {}
    for end in ends:
        names[_joined(word[:end])] = None
        for cut in range(end - 1, max(0, end - 1 - MOST_CUTS), -1):
            if word[cut] not in _CLOSERS:
                break
            names[_joined(word[:cut])] = None
    return [name for name in names if _is_name(name)]


def _word(text: str) -> list[str]:
    """Take the first word off a text, character by character; what a backslash protects keeps it."""
    word: list[str] = []
    characters = iter(text)
    for each in characters:
        if each.isspace():
            break
        word.append(each + next(characters, "") if each == "\\" else each)
    return word


def _joined(word: Sequence[str]) -> str:
    return "".join(each[-1] for each in word)


def _may_end(word: Sequence[str], place: int) -> bool:
    """Tell whether a name may end inside a word: where Chinese or Japanese goes on without a blank."""
    each = word[place]
    return _stands_alone(each) and (each in _CLOSERS or word[place - 1].isascii())


def _stands_alone(character: str) -> bool:
    """Tell whether a character is of a script without blanks between words, or its punctuation."""
    return "\u3000" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"


def _is_name(name: str) -> bool:
    """Tell whether there is something in it that names: `@...` and `@/` are marks, not names."""
    return any(each.isalnum() or each == "_" for each in name) and "\n" not in name
