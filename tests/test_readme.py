"""What README says is what the program does."""

import re
from pathlib import Path

from tests.loopback import Loopback, say
from tests.pictures.scene import SCENES
from tests.terminal_driver import CHATCMD, run

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_transcript_is_what_the_program_prints(tmp_path: Path) -> None:
    found = re.search(r"```text\n\$ printf '(.*)' \| chatcmd\n(.*?)```", README, re.DOTALL)
    assert found
    typed, transcript = found[1].replace("\\n", "\n"), found[2]
    with Loopback() as server:
        server.answer(*(say(answer) for answer in re.findall(r"^【ChatGPT】(.*)$", transcript, re.MULTILINE)))
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        finished = run([*CHATCMD, "--root", str(tmp_path)], typed.encode(), env=environment)
    assert finished.code == 0, finished.err
    assert finished.out == transcript
    assert sorted(path.name for path in (tmp_path / "history").iterdir()) == ["小明", "老表"]


def test_the_map_of_the_code_names_every_folder_and_file_at_the_top() -> None:
    drawn = README[README.index("chatcmd/\n├") :].split("```")[0]
    named = set(re.findall(r"^[├└]── (\S+)", drawn, re.MULTILINE))
    there = {f"{path.name}/" if path.is_dir() else path.name for path in (ROOT / "chatcmd").iterdir()}
    assert named == {name for name in there if not name.startswith("__") and name != "py.typed"}


def test_every_file_that_the_map_names_is_there() -> None:
    drawn = README[README.index("chatcmd/\n├") :].split("```")[0]
    for folder, text in re.findall(r"[├└]── (\w+/)(.*(?:\n│ {10}.*)*)", drawn):
        for name in re.findall(r"\w+\.py", text):
            assert (ROOT / "chatcmd" / folder / name).is_file(), f"{folder}{name}"


def test_every_slash_command_has_its_line() -> None:
    files = (ROOT / "chatcmd" / "slash").glob("[!_]*.py")
    words = {word for path in files for word in re.findall(r'@command\("(\w+)"', path.read_text())}
    assert words - {"reset"} <= set(re.findall(r"/(\w+)", README))


def test_every_picture_is_one_that_the_script_draws() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(tests/pictures/(\w+)\.svg\)", README)
    assert sorted(shown) == sorted(SCENES)
    assert all((ROOT / "tests" / "pictures" / f"{name}.svg").read_text().startswith("<svg ") for name in shown)
