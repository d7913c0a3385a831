"""What a user writes on a session: its title, and its tags (pure)."""

from unicodedata import normalize

from chatcmd.clean import clean_line
from chatcmd.errors import UsageError
from chatcmd.language import _

LONGEST_TITLE, LONGEST_TAG, MOST_TAGS = 200, 40, 50
"""Characters of a title and of a tag, and the tags of a session."""


def checked_title(title: str) -> str:
    """Return a title in its one line, by which it is also found as it is shown; raises UsageError."""
    title = " ".join(filter(None, map(str.strip, title.replace("\t", " ").splitlines())))
    if not clean_line(title).strip():
        raise UsageError(_("a title needs at least one visible character"))
    if len(title) > LONGEST_TITLE:
        sentence = _("a title can have {most} characters, and this one has {n}")
        raise UsageError(sentence.format(most=LONGEST_TITLE, n=len(title)))
    return title


def checked_tag(tag: str) -> str:
    """Return a tag in its canonical form: one word that shows whole; raises UsageError."""
    tag = normalize("NFC", tag).strip()
    if not tag or clean_line(tag) != tag or any(char.isspace() or char in ",，、" for char in tag) or tag[0] == "-":
        sentence = _("{tag!r} cannot be a tag: it is one word of visible characters, without blanks and commas")
        raise UsageError(sentence.format(tag=tag))
    if len(tag) > LONGEST_TAG:
        sentence = _("a tag can have {most} characters, and this one has {n}")
        raise UsageError(sentence.format(most=LONGEST_TAG, n=len(tag)))
    return tag


def tagged(tags: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the tags with more of them, each once; raises UsageError."""
    more = tuple(dict.fromkeys((*tags, *map(checked_tag, names))))
    if len(more) > max(MOST_TAGS, len(tags)):
        sentence = _("a session can have {most} tags, and this one would have {n}; remove some with --remove")
        raise UsageError(sentence.format(most=MOST_TAGS, n=len(more)))
    return more


def untagged(tags: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the tags without some of them; raises UsageError for one that is not there."""
    gone = {normalize("NFC", name).strip() for name in names}
    for name in sorted(gone.difference(tags)):
        raise UsageError(_("the session has no tag {name!r}").format(name=name))
    return tuple(tag for tag in tags if tag not in gone)
