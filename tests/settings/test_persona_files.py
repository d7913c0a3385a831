import os
from pathlib import Path
from unicodedata import normalize

import pytest

from chatcmd.errors import NameRefused, SettingsError, UsageError
from chatcmd.settings.persona import DEFAULT, find_persona, persona_names
from chatcmd.settings.root import Root
from tests.settings.envs_folder import write


def _root(folder: Path, **personas: str | bytes) -> Root:
    root = write(folder)
    (root.envs / "personas").mkdir(exist_ok=True)
    for stem, content in personas.items():
        data = content if isinstance(content, bytes) else content.encode()
        (root.envs / "personas" / f"{stem}.md").write_bytes(data)
    return root


def test_the_default_is_there_without_any_file(tmp_path: Path) -> None:
    root = write(tmp_path)
    assert persona_names(root) == ["default"]
    assert find_persona(root, "default") == DEFAULT
    assert DEFAULT.content == "一个有10年Python开发经验的资深算法工程师"


def test_a_file_is_a_persona_and_default_can_be_replaced(tmp_path: Path) -> None:
    root = _root(tmp_path, 诗人=b"\xef\xbb\xbf\r\n\xe8\xaf\x97\r\n\r\n\xe4\xba\xba\r\n", default="mine\n")
    assert find_persona(root, "诗人").content == "诗\n\n人"
    assert find_persona(root, "default").content == "mine"
    assert find_persona(root, " 诗人 ").name == "诗人"
    assert persona_names(root) == ["default", "诗人"]


def test_only_markdown_files_are_personas(tmp_path: Path) -> None:
    root = _root(tmp_path, b="b", a="a")
    (root.envs / "personas" / "notes.txt").write_text("x")
    assert persona_names(root) == ["default", "a", "b"]


# A persona's name, and the file that holds it.
FILES = {
    "a/b": "a%2Fb.md",
    "../x": "%2E.%2Fx.md",
    "CON": "%43ON.md",
    "c++ 专家": "c++ 专家.md",
    "100%": "100%25.md",
    "v1.2": "v1.2.md",
    "end.": "end%2E.md",
}


@pytest.mark.parametrize("name", FILES)
def test_names_follow_the_rules_of_user_names(tmp_path: Path, name: str) -> None:
    root = _root(tmp_path)
    with pytest.raises(UsageError) as caught:
        find_persona(root, name)
    assert str(caught.value) == f"there is no persona {name}: write its text to envs/personas/{FILES[name]}"
    (root.envs / "personas" / FILES[name]).write_text("here")
    assert find_persona(root, name).content == "here"
    assert persona_names(root) == ["default", name]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_file_name_in_either_unicode_form_is_found(tmp_path: Path, form: str) -> None:
    root = _root(tmp_path, **{normalize(form, "poète"): "here"})  # type: ignore[arg-type]
    assert find_persona(root, normalize("NFC", "poète")).content == "here"
    assert find_persona(root, normalize("NFD", "poète")).content == "here"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1b[31m", "\u202e", "x" * 65, "a\u200bb"])
def test_a_name_that_can_be_no_files_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NameRefused, match=r"^a persona's name "):
        find_persona(_root(tmp_path), name)


def test_a_missing_persona_is_told_with_the_nearest(tmp_path: Path) -> None:
    root = _root(tmp_path, poet="x", teacher="y")
    with pytest.raises(UsageError) as caught:
        find_persona(root, "peot")
    expected = "there is no persona peot: write its text to envs/personas/peot.md; did you mean poet?"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty; write there who answers"),
        (b"\xef\xbb\xbf \n\t", "is empty; write there who answers"),
        ("诗人".encode("gbk"), "cannot be read as UTF-8 text; save it as UTF-8"),
        ("poet".encode("utf-16"), "cannot be read as UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_without_a_text_is_told(tmp_path: Path, content: bytes, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        find_persona(_root(tmp_path, poet=content), "poet")
    assert str(caught.value) == f"envs/personas/poet.md: {expected}"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path, make: type[Path]) -> None:
    root = _root(tmp_path)
    make(root.envs / "personas" / "poet.md")
    with pytest.raises(SettingsError, match=r"^envs/personas/poet\.md: is no plain file; "):
        find_persona(root, "poet")
