"""Lines that go on: when another is awaited, and what is sent of a block."""

import pytest
from hypothesis import given, strategies as st

from chatcmd.terminal.block import QUOTES, going_on, unquoted

GOES_ON = {
    "a\\": "a\n",
    "\\": "\n",
    "a\\\\\\": "a\\\\\n",
    "first\nsecond\\": "first\nsecond\n",
    '"""': '"""\n',
    '"""a': '"""a\n',
    '"""a\\': '"""a\\\n',  # in a block a backslash is what it is
    '"""a""" and more': '"""a""" and more\n',
    '"""""': '"""""\n',
}
WHOLE = {
    "": "",
    "a": "a",
    "a\\\\": "a\\\\",
    "a\\ ": "a\\ ",
    'a"""': 'a"""',
    ' """a': ' """a',
    '""': '""',
    '""""""': "",
    '"""\n"""': "",
    '"""a"""': "a",
    '"""\na\n\nb\\\n"""': "a\n\nb\\",
    '"""\n\na\n\n"""': "\na\n",
    '"""a""" \n': "a",
    '""""a""""': '"a"',
}


@pytest.mark.parametrize("text", GOES_ON)
def test_text_that_waits_for_another_line_gets_one(text: str) -> None:
    assert going_on(text) == GOES_ON[text]


@pytest.mark.parametrize("text", WHOLE)
def test_text_that_is_whole_is_sent_less_the_quotes_of_a_block(text: str) -> None:
    assert going_on(text) is None
    assert unquoted(text) == WHOLE[text]


@given(st.text("ab\\\n", max_size=20))
def test_block_sends_just_what_stands_on_its_lines(text: str) -> None:
    block = f"{QUOTES}\n{text}\n{QUOTES}"
    assert going_on(block) is None
    assert unquoted(block) == text
