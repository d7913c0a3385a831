"""What a model thinks before it answers, told apart from the answer however the stream is cut."""

from collections.abc import Sequence
from itertools import product

import pytest

from chatcmd.conversation.thinking import Piece, Thinking


def split(pieces: Sequence[str]) -> tuple[str, str]:
    """Return the text and the reasoning in pieces of a content."""
    thinking = Thinking()
    found = [*(thinking.feed(piece) for piece in pieces), thinking.end()]
    return "".join(piece.text for piece in found), "".join(piece.reasoning for piece in found)


TABLE = [
    ("plain text", "plain text", ""),
    ("<think>so</think>text", "text", "so"),
    ("<think>\nso\n</think>\n\ntext\n", "text\n", "so\n"),
    (" \n<think>so</think> text", "text", "so"),
    ("<think></think>text", "text", ""),
    ("<think>\n\n</think>\n\ntext", "text", ""),
    ("<think>never finished", "", "never finished"),
    ("<think>never finished </thin", "", "never finished </thin"),
    ("<think>a < b </ c </think>", "", "a < b </ c "),
    ("<think>so</think>", "", "so"),
    ("<think>one</think><think>two</think>", "<think>two</think>", "one"),
    ("<thin", "<thin", ""),
    ("<thinking>so</thinking>", "<thinking>so</thinking>", ""),
    ("text <think>so</think>", "text <think>so</think>", ""),
    ("  indented", "  indented", ""),
    ("</think>text", "</think>text", ""),
    ("", "", ""),
    ("  ", "  ", ""),
    ("<", "<", ""),
]


@pytest.mark.parametrize(("content", "text", "reasoning"), TABLE)
def test_content_is_split_the_same_wherever_it_is_cut(content: str, text: str, reasoning: str) -> None:
    size = len(content)
    assert split([content]) == (text, reasoning)
    assert split(list(content)) == (text, reasoning)
    for first, second in product(range(size + 1), repeat=2):
        pieces = [content[:first], content[first : max(first, second)], content[max(first, second) :]]
        assert split(pieces) == (text, reasoning), pieces


def test_only_what_may_become_a_tag_is_held_back() -> None:
    thinking = Thinking()
    fed = [
        thinking.feed(piece) for piece in ("<th", "ink>", "so ", "be it<", "/thi", "s</thi", "nk>", "\n", "te", "xt<t")
    ]
    assert fed == [
        *(Piece(), Piece(), Piece(reasoning="so "), Piece(reasoning="be it"), Piece(), Piece(reasoning="</this")),
        *(Piece(), Piece(), Piece("te"), Piece("xt<t")),
    ]
    assert thinking.end() == Piece()


def test_end_comes_twice_and_gives_what_was_held_back_once() -> None:
    thinking = Thinking()
    thinking.feed("<thi")
    assert [thinking.end(), thinking.end()] == [Piece("<thi"), Piece()]
