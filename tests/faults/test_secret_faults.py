"""Rows 46 and 48: key files that are wrong, and a key that is nowhere to be seen."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.invariants import KEY
from tests.faults.scene import NAME, Said, Scene, answer_to
from tests.loopback import Loopback, error

# What stands in envs/openai_key, and what is said of it.
WRONG: dict[str, tuple[bytes, str]] = {
    "a line break": (f"{KEY}\n{KEY}".encode(), "envs/openai_key line 1: the key has a line break in it"),
    "a blank": (f"{KEY[:9]} {KEY[9:]}".encode(), "envs/openai_key line 1: the key has a space in it"),
    "other letters": (f"{KEY}几".encode(), "envs/openai_key line 1: this is no key yet"),
    "nothing": (b"", "envs/openai_key line 1: is empty"),
    "no text": (b"\xff\xfe" + KEY.encode(), "envs/openai_key line 1: is not UTF-8 text"),
    "no JSON": (f'{{"api": "{KEY}"'.encode(), "envs/openai_key line 1: is not JSON"),
    "no api": (f'{{"key": "{KEY}"}}'.encode(), 'envs/openai_key line 1: has no "api"'),
}


@pytest.mark.faults(46)
@pytest.mark.parametrize("name", WRONG)
def test_wrong_key_file_is_told_exactly_and_not_shown(scene: Scene, name: str) -> None:
    content, sentence = WRONG[name]
    scene.write("openai_key", content)
    done = scene.pipe("one?\n", "-u", NAME, code=2)
    assert done.err.startswith(f"chatcmd: {sentence}"), done.err
    assert len(done.err.splitlines()) == 1


def removed(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


# What is done to the file, what is said of it, and the exit code.
MISPLACED: list[tuple[Callable[[Path], None], str, int]] = [
    (removed, "no key", 2),
    (a_folder, "envs/openai_key: is no plain file", 2),
    (a_pipe, "envs/openai_key: is no plain file", 2),
    (lambda path: path.chmod(0o644), "envs/openai_key: others on this machine can read it (mode 0644); run: chmod", 0),
]


@pytest.mark.faults(46)
@pytest.mark.parametrize(("meddle", "sentence", "code"), MISPLACED)
def test_key_file_that_is_not_there_or_open_to_others_is_told(
    scene: Scene, meddle: Callable[[Path], None], sentence: str, code: int
) -> None:
    scene.settings()
    path = scene.root / "envs" / "openai_key"
    meddle(path)
    far = [] if code == 0 else ["--base-url", "https://model.test/v1"]  # a server of this machine needs no key
    said = [Said(NAME, "one?", answer_to("one?"))] if code == 0 else []
    done = scene.pipe("one?\n", "-u", NAME, *far, code=code, said=said)
    assert sentence in done.err, done.err


COMMANDS = {
    "/status": "envs/openai_key",
    "/context": "system",
    "/tokens": "counted none of them",
    "/set": "timeout",
    "/model": "counted exactly",
    "/users": NAME,
    "/stats": "not counted by the service",
    "/help status": "who talks to whom",
    "/persona": "default",
}
FORMATS = ["md", "html", "json", "jsonl", "cast"]
TELLS_ALL = {"PYTHONDEVMODE": "1", "OPENAI_LOG": "debug", "PYTHONASYNCIODEBUG": "1", "PYTHONVERBOSE": ""}


@pytest.mark.faults(48)
def test_key_is_in_no_output_of_a_chat(scene: Scene, server: Loopback) -> None:
    with scene.chat(env=TELLS_ALL) as chat:
        chat.well()
        for line, word in COMMANDS.items():
            chat.command(line, line, word)
        server.answer(error(401, f"wrong: Bearer {KEY}", error_code=KEY), error(400, f"no: {KEY[:-3]}…"))
        chat.gives_back("first", "refused the key")
        chat.gives_back("second", "refused the request (400)")
        chat.leave()


@pytest.mark.faults(48)
def test_key_is_in_no_output_between_pipes(scene: Scene, server: Loopback) -> None:
    told = scene.pipe("", "ask", "--json", "-u", NAME, "one?", said=[Said(NAME, "one?", answer_to("one?"))])
    assert json.loads(told.out)["answer"] == answer_to("one?")
    server.answer(error(429, f"quota of {KEY}", "insufficient_quota", "insufficient_quota"))
    told = scene.pipe("", "ask", "--json", "-u", NAME, "two?", code=4)
    assert "quota" in json.loads(told.out)["error"]
    for ending in FORMATS:
        scene.pipe("", "history", "export", "-1", "-o", str(scene.folder / f"export.{ending}"))
    for words in (["list", "--json"], ["show", "-1", "--json"], ["path"], ["verify", "--json"]):
        scene.pipe("", "history", *words)
    scene.pipe("", "chat", "--help")
    scene.pipe("", "replay", "-1", "--instant")


@pytest.mark.faults(48)
def test_key_of_the_environment_is_in_no_output_either(scene: Scene, server: Loopback) -> None:
    (scene.root / "envs" / "openai_key").unlink()
    (scene.root / "envs" / "settings.toml").unlink()
    env = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url, **TELLS_ALL}
    server.answer(error(401, f"Incorrect API key provided: {KEY}"))
    done = scene.pipe("one?\ntwo?\n", "-u", NAME, code=4, env=env, said=[Said(NAME, "two?", answer_to("two?"))])
    assert "refused the key (it comes from OPENAI_API_KEY)" in done.err
