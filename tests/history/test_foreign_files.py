"""Files that other programs wrote come in whole."""

import json
import zipfile
from pathlib import Path
from shutil import copytree

import pytest

from chatcmd.conversation.message import Latency, Usage
from chatcmd.conversation.session import Parent
from chatcmd.history import file
from chatcmd.history.library import Library
from tests.history.imports import FILES, aged, conversations, counts, said, sessions, take_in
from tests.history.made import saved, session, tree

HELLO, TWO, CODE = "Hello! I am a small model.", "1+1=2。", "```python\nprint('hi')\n```\nThat prints *hi*."
BYE = "再见 👋"
TERSE = "You are terse. 简短回答。"
DOT = "data:image/png;base64,iVBORw0KGgo"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "history")


def test_llms_first_table_is_read(library: Library) -> None:
    done = take_in(FILES / "llm-0.4.1.db", library)
    assert counts(done) == (4, 0, 0, 0, 0)
    first, second, *_ = sessions(done)
    assert said(first) == [
        ("system", "You are terse."),
        ("user", "Say hello"),
        ("assistant", HELLO),
        ("user", "1+1=几"),
        ("assistant", TWO),
    ]
    assert (first.model, first.started, first.title) == ("gpt-3.5-turbo", "2026-11-21T05:07:58.626Z", "Say hello")
    assert first.source == {"format": "llm", "file": "llm-0.4.1.db", "id": "log 1"}
    assert said(second) == [("user", "a second one"), ("assistant", CODE)]


def test_llms_table_of_responses_is_read_with_all_that_it_tells(library: Library) -> None:
    done = take_in(FILES / "llm-0.19.db", library)
    assert counts(done) == (1, 0, 0, 0, 0)
    (found,) = sessions(done)
    assert said(found) == [
        ("system", TERSE),
        ("user", "Say hello"),
        ("assistant", found.turns[0].answer.content),
        ("user", "1+1=几"),
        ("assistant", found.turns[1].answer.content),
    ]
    answer = found.turns[0].answer
    assert (answer.model, answer.status, answer.settings) == ("local-model", "complete", {"temperature": 0.5})
    assert isinstance(answer.usage, Usage)
    assert answer.usage.prompt_tokens == 48
    assert isinstance(answer.latency, Latency)
    assert found.turns[0].question.at is not None
    assert found.turns[0].question.at < str(answer.at)


@pytest.mark.parametrize("version", ["0.27", "0.36"])
def test_llms_images_fragments_and_tools_are_read_alike_from_its_older_and_newer_tables(
    version: str, library: Library
) -> None:
    done = take_in(FILES / f"llm-{version}.db", library)
    assert counts(done) == (4, 0, 0, 0, 0)
    assert done.lost == {"tool call": 1, "tool result": 1}
    hello, picture, fragment, tool = sessions(done)
    assert [(role, text) for role, text in said(hello) if role != "assistant"] == [
        ("system", TERSE),
        ("user", "Say hello"),
        ("user", "1+1=几"),
    ]
    first, second = (turn.question for turn in picture.turns)
    assert first.parts is not None
    assert first.parts[0] == {"type": "text", "text": "What is in the picture?"}
    assert first.parts[1]["image_url"]["url"].startswith(DOT)
    assert second.parts == (
        {"type": "text", "text": "And in this one?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    )
    assert fragment.turns[0].question.content == "fragment text here\n\nSummarise"
    assert tool.turns[0].answer.content.startswith("[tool call: llm_version]\n\n[tool result: llm_version]\n\n")
    assert tool.turns[0].question.content == "which version?"
    for each in (hello, picture, fragment, tool):
        assert each.turns[-1].answer.usage is not None
        assert each.turns[-1].answer.model in ("local-model", "local-tools")


def test_conversation_that_a_newer_llm_went_on_with_grows_in_its_place(library: Library) -> None:
    before = take_in(FILES / "llm-0.27.db", library)
    done = take_in(FILES / "llm-0.27-then-0.36.db", library)
    assert counts(done) == (1, 1, 3, 0, 0)
    assert done.grown == [before.written[0]]
    grown = file.read(done.grown[0])
    assert [turn.question.content for turn in grown.turns] == ["Say hello", "1+1=几", "and on with the new llm"]
    assert (grown.id, grown.title) == (before.written[0].stem, "Say hello")


def test_shell_gpts_chats_are_called_as_there(library: Library, tmp_path: Path) -> None:
    copytree(FILES / "shell_gpt", tmp_path / "chat_cache")
    (tmp_path / "chat_cache" / "maths").rename(tmp_path / "chat_cache" / "数学")  # as it was called there
    done = take_in(tmp_path / "chat_cache", library)
    assert counts(done) == (2, 0, 0, 0, 0)
    code, maths = sessions(done)
    assert (code.title, maths.title) == ("code_1", "数学")
    assert code.persona.content.startswith("You are Code Generator\n")
    assert said(maths)[1:] == [("user", "1+1=几"), ("assistant", TWO), ("user", "再见"), ("assistant", CODE)]
    assert (maths.model, maths.user, maths.ended_by) == ("unknown", "me", "exit")
    assert maths.source == {"format": "shell_gpt", "file": "数学", "id": "数学"}


def test_aichats_session_is_read_with_what_it_had_compressed(library: Library) -> None:
    done = take_in(FILES / "aichat", library)
    (found,) = sessions(done)
    assert said(found) == [
        ("system", "You teach mathematics."),
        ("user", "1+1=几"),
        ("assistant", "1+1=2。\n\n- role: this is no message\n```python\nprint(1 + 1)\n```"),
        ("system", "You teach mathematics.\n\nThe user asked what 1+1 is; the answer was 2."),
        ("user", "2024-01-01"),
        ("assistant", "yes"),
        ("user", "What is this?\n[image_url]"),
        ("assistant", "A dot."),
        ("user", "What is the weather?"),
        ("assistant", "Let me see.\n\n[tool call: get_weather]\n\n[tool result: get_weather]\n\nIt is sunny."),
    ]
    assert (found.title, found.model, found.persona.name) == ("math", "openai:gpt-4o-mini", "tutor")
    assert found.settings == {"temperature": 0.7}
    assert done.lost == {"tool call": 1, "tool result": 1}


def test_chatgpts_branches_become_sessions_beside_the_one_that_was_going_on(library: Library) -> None:
    done = take_in(FILES / "chatgpt.json", library)
    assert counts(done) == (5, 0, 0, 0, 0)
    main, edited, again, *_ = sessions(done)
    begin = [
        ("system", "I write Python.\n\nAnswer in Chinese."),
        ("user", "什么是快速排序?"),
        ("assistant", "分而治之。"),
    ]
    assert said(main) == [*begin, ("user", "How fast is it at worst?"), ("assistant", "O(n²).")]
    assert said(edited) == [*begin, ("user", "How fast is it?"), ("assistant", "O(n log n) on average.")]
    assert said(again) == [*begin, ("user", "How fast is it at worst?"), ("assistant", "Quadratic.")]
    assert (main.parent, edited.parent, again.parent) == (None, Parent(main.id, 1), Parent(main.id, 1))
    assert (main.title, main.model, main.turns[1].answer.model) == ("快速排序", "gpt-4o", "gpt-4")
    assert (main.started, main.ended) == ("2023-11-14T22:13:20.000Z", "2023-11-14T22:13:50.000Z")
    assert main.turns[0].question.at == "2023-11-14T22:13:21.500Z"


def test_what_has_no_place_in_a_session_leaves_a_few_words_where_it_stood_and_is_counted(library: Library) -> None:
    done = take_in(FILES / "chatgpt.json", library)
    found = sessions(done)[3]
    assert said(found) == [
        ("user", "[image: file-abc123]\nWhat is drawn here?\n[file: notes.pdf]"),
        ("assistant", "[tool call: python]\n```python\nprint(1)\n```\n\n[tool result: python]\n\nA cat."),
        ("user", "Write a poem in canvas"),
        (
            "assistant",
            "[canvas: Poem]\n\nRoses are red.\n\n[tool result: canmore.create_textdoc]\n\nHere it is.",
        ),
        ("system", "The user is speaking."),
        ("user", "Say it aloud\n[audio]"),
        ("assistant", "Roses are"),
    ]
    assert [turn.answer.status for turn in found.turns] == ["complete", "complete", "interrupted"]
    assert found.turns[0].answer.reasoning == "Looking\n\nA cat, I think.\n\nThought for 3 seconds"
    assert done.lost == {
        "image": 1,
        "file": 1,
        "audio": 1,
        "canvas": 1,
        "tool call": 1,
        "tool result": 2,
        "hidden": 2,
    }


def test_circle_of_messages_is_read_once_around(library: Library) -> None:
    assert sorted(said(sessions(take_in(FILES / "chatgpt.json", library))[4])) == [
        ("assistant", "and round"),
        ("user", "round"),
    ]


def test_whole_zip_of_chatgpt_is_read_with_its_numbered_parts(library: Library, tmp_path: Path) -> None:
    one, *others = json.loads((FILES / "chatgpt.json").read_bytes())
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", '{"id": "user-1", "email": "someone@example.com"}')
        archive.writestr("message_feedback.json", '[{"id": "1", "rating": "thumbs_up"}]')
        archive.writestr("conversations-000.json", json.dumps([one]))
        archive.writestr("conversations-001.json", json.dumps(others))
        archive.writestr("file-abc123-cat.png", b"\x89PNG")
    done = take_in(tmp_path / "export.zip", library)
    assert counts(done) == (5, 0, 0, 0, 0)
    assert counts(take_in(FILES / "chatgpt.json", library)) == (0, 0, 5, 0, 0)


def test_our_own_history_comes_in_as_it_was(library: Library, tmp_path: Path) -> None:
    there = Library(tmp_path / "there")
    made = [
        session(2),
        session(1, session_id="20261121T010203Z-0001", user="bob", tags=("a",), title="named", renamed=1),
    ]
    for each in made:
        saved(there, each)
    assert counts(take_in(there.folder, library)) == (2, 0, 0, 0, 0)
    assert tree(library.folder) == tree(there.folder)
    assert counts(take_in(there.folder, library)) == (0, 0, 2, 0, 0)


def test_our_own_sessions_come_in_from_one_file_that_holds_several(library: Library, tmp_path: Path) -> None:
    there = Library(tmp_path / "there")
    paths = [saved(there, session(2)), saved(there, session(1, session_id="20261121T010203Z-0001"))]
    several = [json.loads(path.read_bytes()) for path in paths]
    (tmp_path / "several.json").write_text(json.dumps(several, indent=2), "utf-8")
    assert counts(take_in(tmp_path / "several.json", library)) == (2, 0, 0, 0, 0)
    assert tree(library.folder) == tree(there.folder)


def test_sessions_whose_ids_begin_alike_are_not_taken_for_versions_of_each_other(
    library: Library, tmp_path: Path
) -> None:
    there = Library(tmp_path / "there")
    take_in(FILES / "chatgpt.json", there)
    branches_first = [json.loads(path.read_bytes()) for path in there.paths()[::-1]]
    (tmp_path / "several.json").write_text(json.dumps(branches_first), "utf-8")
    assert counts(take_in(tmp_path / "several.json", library)) == (5, 0, 0, 0, 0)
    assert tree(library.folder) == tree(there.folder)
    assert counts(take_in(FILES / "chatgpt.json", library)) == (0, 0, 5, 0, 0)


def test_name_that_leads_out_of_the_history_is_not_followed(library: Library, tmp_path: Path) -> None:
    there = saved(Library(tmp_path / "there"), session(1))
    hostile = json.loads(there.read_bytes()) | {"id": "../../escaped"}
    (tmp_path / "one.json").write_text(json.dumps(hostile), "utf-8")
    done = take_in(tmp_path / "one.json", library)
    assert [path.parent for path in done.written] == [library.folder / "简说Python"]
    assert not (tmp_path / "escaped.json").exists()
    assert counts(take_in(tmp_path / "one.json", library)) == (0, 0, 1, 0, 0)


def test_folder_is_imported_whole_and_what_holds_no_history_is_passed_over(library: Library) -> None:
    done = take_in(FILES, library)
    assert len(done.written) == len(list(library.folder.rglob("*.json")))
    assert {session.source["format"] for session in sessions(done) if session.source} == {
        "chatgpt",
        "llm",
        "aichat",
        "shell_gpt",
    }
    assert done.left_out == []


def test_every_sample_is_told_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    for number, path in enumerate(sorted(each for each in FILES.rglob("*") if each.is_file() and each.suffix != ".md")):
        nameless = tmp_path / f"file{number}"
        nameless.write_bytes(path.read_bytes())
        assert conversations(aged(nameless)), path
