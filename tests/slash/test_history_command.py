"""/history: the user's saved sessions in the chat."""

import re

import pytest

from chatcmd.errors import Exit
from chatcmd.history.library import Library
from chatcmd.slash.history import SHOWN
from tests.chat.stage import Stage
from tests.history.made import ID, saved, session
from tests.hostile import HOSTILE, raw_controls

OLD = "20250601T000000Z-bbbb"


@pytest.fixture
def library(offline: Stage) -> Library:
    library = Library(offline.root / "history")
    saved(library, session(2, user="u"))
    saved(library, session(1, session_id=OLD, user="u", title="旧的 Title"))
    saved(library, session(1, session_id="bobs", user="bob"))
    return library


def listed(out: str) -> list[str]:
    return re.findall(rf"^(?:{ID}|{OLD}|bobs|s\d+)\b", out, re.MULTILINE)


@pytest.mark.usefixtures("library")
async def test_it_lists_this_user_s_sessions_with_their_ids(offline: Stage) -> None:
    talked = await offline.talk("/history", "/user bob", "/history", user="u")
    assert listed(talked.out) == [ID, OLD, "bobs"]
    assert talked.out.splitlines()[0].split() == ["session", "when", "turns", "model", "title"]
    assert talked.code == Exit.DONE


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(("word", "ids"), [("title", [OLD]), ("旧的", [OLD]), ("问题", [ID]), ("nothing", [])])
async def test_a_word_chooses_those_whose_title_holds_it(word: str, ids: list[str], offline: Stage) -> None:
    talked = await offline.talk(f"/history {word}", user="u")
    assert listed(talked.out) == ids
    assert ("no saved session has 'nothing' in its title\n" in talked.notes) == (word == "nothing")


async def test_a_new_user_is_told_that_there_is_nothing(offline: Stage) -> None:
    talked = await offline.talk("/history", user="new")
    assert (talked.out, talked.notes) == ("", "nothing is saved of this user yet\n")


async def test_nothing_is_kept_and_that_is_said(offline: Stage) -> None:
    talked = await offline.talk("/history", user="u", save=False)
    assert talked.notes.startswith("nothing is kept with --no-save; start without it\n")
    assert talked.code == Exit.USAGE


async def test_the_newest_are_shown_and_it_is_said_how_to_see_more(library: Library, offline: Stage) -> None:
    for number in range(SHOWN - 2):
        saved(library, session(1, session_id=f"s{number:02}", user="u"))
    talked = await offline.talk("/history", user="u")
    assert len(listed(talked.out)) == SHOWN
    assert "there are more" not in talked.notes
    saved(library, session(1, session_id="s99", user="u"))
    talked = await offline.talk("/history", user="u")
    assert len(listed(talked.out)) == SHOWN
    assert "there are more; see them with: chatcmd history list\n" in talked.notes


async def test_file_that_cannot_be_read_is_named_beside_the_others(library: Library, offline: Stage) -> None:
    library.find(OLD).write_bytes(b"{")
    talked = await offline.talk("/history", user="u")
    assert listed(talked.out) == [ID]
    assert f"{OLD}.json is not readable JSON" in talked.notes


async def test_session_that_is_open_is_marked(offline: Stage) -> None:
    talked = await offline.talk("a question", "/save", "/history", user="u")
    assert "a question (open now)\n" in talked.out


async def test_hostile_titles_are_inert(offline: Stage) -> None:
    library = Library(offline.root / "history")
    for number, text in enumerate(HOSTILE.values()):
        title = text.encode("utf-8", "replace").decode()
        saved(library, session(1, session_id=f"s{number:03}", user=f"u{number // SHOWN}", title=title))
    talked = await offline.talk(*(f"/user u{n}\n/history" for n in range(1 + len(HOSTILE) // SHOWN)), user="u")
    assert len(listed(talked.out)) == len(HOSTILE)
    assert raw_controls(talked.out.encode()) == []
