"""`chatcmd doctor` as a whole: what it tells of healthy and of broken surroundings, its exit code, and that it ends."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatcmd
from chatcmd.history.library import Library
from chatcmd.history.trash import Trash
from tests.cli.examined import KEY, MASKED, doctor, guarded, written
from tests.history.made import abandoned, as_mere_owner, mode, on_a_full_disk, saved, session
from tests.loopback import Loopback
from tests.terminal_driver import CHATCMD, PYTHON, Terminal, run

ALWAYS = [
    "program.version",
    "program.python",
    "program.packages",
    "program.socks",
    "program.keyring",
    "program.vocabulary",
    "terminal.input",
    "terminal.colours",
    "terminal.encoding",
    "terminal.clipboard",
    "terminal.editor",
    "settings.root",
    "settings.file",
    "settings.model",
    "settings.persona",
    "settings.environment",
    "history.folder",
    "history.writing",
    "history.space",
    "history.locks",
    "history.sessions",
    "history.journals",
    "history.index",
    "history.trash",
]
ASKED = [f"service.{name}" for name in ("address", "proxy", "connection", "encryption", "answer", "key", "model")]


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        loopback.on("/v1/models", guarded(loopback, KEY))
        yield loopback


def test_all_is_well_and_said_in_ids_that_stay(tmp_path: Path, server: Loopback) -> None:
    library = Library(tmp_path / "history")
    saved(library, session(1))
    seen = doctor(written(tmp_path), "--base-url", server.base_url)
    assert (seen.finished.code, seen.finished.err) == (0, "")
    assert list(seen.document) == ["version", "well", "whole", "checks"]
    assert (seen.document["version"], seen.document["well"], seen.document["whole"]) == (
        chatcmd.__version__,
        True,
        True,
    )
    assert list(seen.found) == [*ALWAYS, *ASKED]
    assert seen.failed() == []
    assert seen.value("service.key") == f"{MASKED} is accepted"
    assert seen.value("history.sessions") == "1 is saved, the latest is 20261120T213005Z-3f2a"
    assert seen.found["history.writing"]["seconds"] > 0
    assert seen.value("program.vocabulary") == "as it was shipped: cl100k_base, o200k_base"
    assert not server.chats
    assert "问题" not in seen.finished.out, "what was said is nobody's business"


def test_a_page_says_the_same_in_a_line_each_and_ends_with_the_sum(tmp_path: Path, server: Loopback) -> None:
    written(tmp_path)
    done = run([*CHATCMD, "doctor", "--root", str(tmp_path), "--base-url", server.base_url])
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line for line in lines if line and line[1:2] != " "] == [
        "program", "terminal", "settings", "history", "service of gpt-3.5-turbo",
    ]  # fmt: skip
    assert f"✓ key          {MASKED} is accepted (from envs/openai_key line 1)" in lines
    assert len([line for line in lines if line[1:2] == " "]) == len(ALWAYS) + len(ASKED)
    assert done.err == "everything that was tried works\n"
    assert "\x1b" not in done.out + done.err
    assert KEY not in done.out + done.err


def test_what_does_not_work_is_counted_and_sets_the_exit_code(tmp_path: Path, server: Loopback) -> None:
    server.on("/v1/models", guarded(server))
    done = run([*CHATCMD, "doctor", "--root", str(written(tmp_path)), "--base-url", server.base_url])
    assert done.code == 1
    assert f"✗ key          {MASKED}: 127.0.0.1:{server.port} refused the key" in done.out
    assert done.err == "1 thing does not work\n"


def test_nothing_is_made_or_left_behind(tmp_path: Path) -> None:
    root = tmp_path / "nowhere"
    done = run([*CHATCMD, "doctor", "--offline", "--root", str(root)], cwd=tmp_path)
    assert done.code == 0
    assert list(tmp_path.iterdir()) == []
    root.mkdir()
    saved(Library(root / "history"), session(1))
    before = sorted(root.rglob("*"))
    doctor(root, "--offline")
    assert sorted(root.rglob("*")) == before


def test_offline_asks_no_service_and_says_why(tmp_path: Path) -> None:
    seen = doctor(tmp_path, "--offline")
    assert seen.finished.code == 0
    assert seen.begins("service") == {"": "skipped"}
    assert seen.value("service") == "not asked: the offline demo answers (--offline)"


BAD: list[tuple[str, dict[str, str], str]] = [
    ("no TOML", {"settings_toml": "model = \n"}, "envs/settings.toml line 1: is not TOML"),
    ("a wrong value", {"settings_toml": "temperature = 3\n"}, "temperature must be a number from 0 to 2"),
    ("an empty key file", {"openai_key": ""}, "is empty; put the key there"),
    ("a key with a blank", {"openai_key": '{"api": "sk-CANARY 1"}'}, "the key has a space in it"),
    ("no UTF-8", {"openai_key": "\udcff"}, "is not UTF-8 text"),
]


@pytest.mark.faults(46)
@pytest.mark.parametrize("case", BAD, ids=lambda case: case[0].replace(" ", "-"))
def test_wrong_settings_are_told_and_the_rest_is_looked_at(
    case: tuple[str, dict[str, str], str], tmp_path: Path
) -> None:
    _name, files, sentence = case
    (tmp_path / "envs").mkdir()
    for name, text in files.items():
        path = tmp_path / "envs" / name.replace("_toml", ".toml")
        path.write_text(text, "utf-8", errors="surrogateescape")
    seen = doctor(tmp_path)
    assert seen.finished.code == 1
    assert sentence in seen.value("settings.fault")
    assert seen.status("settings.fault") == "failed"
    assert (seen.status("history.writing"), seen.status("program.vocabulary")) == ("ok", "ok")
    assert seen.value("service") == "not asked: the settings are wrong"


def test_each_fault_of_the_settings_has_an_id_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, settings_toml="temperature = 3\nmodle = 'x'\n")
    seen = doctor(tmp_path)
    assert "temperature" in seen.value("settings.fault")
    assert "did you mean model?" in seen.value("settings.fault.2")


def test_a_root_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    seen = doctor(tmp_path, argv=[*CHATCMD, "doctor", "--json", "--root", str(tmp_path / "file")])
    assert seen.finished.code == 1
    assert seen.failed() == ["settings.root"]
    assert seen.status("program.vocabulary") == "ok"


@pytest.mark.faults(18)
def test_variables_that_do_not_count_are_named_and_never_what_they_hold(tmp_path: Path) -> None:
    environ = {
        "OPENAI_ORG_ID": "org-hidden",
        "OPENAI_CUSTOM_HEADERS": "X: hidden",
        "OPENAI_API_KEY": KEY,
        "CHATCMD_MODLE": "hidden",
    }
    seen = doctor(tmp_path, "--offline", env=environ)
    assert seen.finished.code == 0, "a warning is no failure"
    assert seen.status("settings.environment") == "warning"
    assert "OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID: ignored" in seen.value("settings.environment")
    assert "CHATCMD_MODLE: there is no such setting; did you mean CHATCMD_MODEL?" in seen.value("settings.warning")
    assert "hidden" not in seen.finished.out


def test_what_else_is_set_is_named_with_its_place_and_not_its_value(tmp_path: Path) -> None:
    written(tmp_path, settings_toml='stop = ["a secret word"]\n')
    seen = doctor(tmp_path, "--offline", "--temperature", "1")
    assert seen.value("settings.others") == (
        "stop (envs/settings.toml line 1), offline (--offline), temperature (--temperature)"
    )
    assert "secret word" not in seen.finished.out


@pytest.mark.faults(46)
def test_a_key_file_that_others_can_read_is_a_warning_with_the_command_that_mends_it(tmp_path: Path) -> None:
    (written(tmp_path) / "envs" / "openai_key").chmod(0o644)
    seen = doctor(tmp_path, "--offline")
    assert seen.finished.code == 0
    assert "chmod 600" in seen.value("settings.warning")


def test_a_persona_that_there_is_not_fails(tmp_path: Path) -> None:
    seen = doctor(tmp_path, "--offline", env={"CHATCMD_PERSONA": "nobody"})
    assert seen.failed() == ["settings.persona"]
    assert "CHATCMD_PERSONA: there is no persona nobody" in seen.value("settings.persona")


def test_what_a_folder_wants_unasked_is_shown_and_its_service_not_asked(tmp_path: Path, server: Loopback) -> None:
    written(tmp_path, settings_toml=f'base_url = "{server.base_url}"\n')
    argv = [*CHATCMD, "doctor", "--json"]
    seen = doctor(tmp_path, argv=argv)
    assert seen.status("settings.trust") == "warning"
    assert seen.value("settings.trust") == "nobody has agreed that this folder may set base_url"
    assert seen.begins("service") == {"": "skipped"}
    assert server.connections == 0
    seen = doctor(tmp_path, argv=[*argv, "--trust"])
    assert seen.status("settings.trust") == "ok"
    assert seen.status("service.key") == "ok"


@pytest.mark.faults(34)
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    history = tmp_path / "history"
    history.mkdir(mode=0o700)
    history.chmod(0o500)
    try:
        words = [*CHATCMD, "doctor", "--json", "--offline", "--root", str(tmp_path)]
        seen = doctor(tmp_path, argv=as_mere_owner(words))
    finally:
        history.chmod(0o700)
    assert seen.failed() == ["history.writing"]
    assert seen.value("history.writing") == f"{history} cannot be written: permission denied"
    assert seen.status("history.locks") == "skipped"
    assert seen.finished.code == 1


@pytest.mark.faults(32)
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    words = [*CHATCMD, "doctor", "--json", "--offline", "--root", str(tmp_path)]
    seen = doctor(tmp_path, argv=on_a_full_disk(1000, words))
    assert seen.failed() == ["history.writing"]
    assert "file too large" in seen.value("history.writing")
    assert list(tmp_path.rglob("*.tmp")) == []


@pytest.mark.faults(35)
def test_a_history_that_others_can_read_is_a_warning_and_stays_as_it_is(tmp_path: Path) -> None:
    path = saved(Library(tmp_path / "history"), session(1))
    path.parent.chmod(0o755)
    seen = doctor(tmp_path, "--offline")
    assert seen.finished.code == 0
    assert seen.status("history.folder") == "warning"
    assert f"chmod -R go= {tmp_path / 'history'}" in str(seen.found["history.folder"]["advice"])
    assert mode(path.parent) == 0o755


@pytest.mark.faults(34)
@pytest.mark.parametrize("kind", ["file", "link to nowhere", "link to itself"])
def test_a_history_that_is_no_folder_is_told(tmp_path: Path, kind: str) -> None:
    history = tmp_path / "history"
    if kind == "file":
        history.touch()
    else:
        history.symlink_to("nowhere" if kind == "link to nowhere" else "history")
    seen = doctor(tmp_path, "--offline")
    assert "history.folder" in seen.failed()
    assert seen.value("history.folder") == f"{history} is no folder"


def test_a_session_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = saved(Library(tmp_path / "history"), session(1))
    path.write_bytes(path.read_bytes()[:-20])
    seen = doctor(tmp_path, "--offline")
    assert seen.failed() == ["history.sessions"]
    assert "chatcmd history verify" in str(seen.found["history.sessions"]["advice"])


def test_journals_and_the_trash_are_counted(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    abandoned(library, session(1), "然后呢")
    path = saved(library, session(1, session_id="20260101T000000Z-aaaa"))
    Trash(library.folder).throw(path)
    seen = doctor(tmp_path, "--offline")
    assert seen.value("history.journals") == "1 chat is open, or broke off and is saved at the next start"
    assert seen.value("history.trash") == "1 deleted session"
    assert "然后呢" not in seen.finished.out


def test_an_index_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    library = Library(tmp_path / "history")
    saved(library, session(1))
    library.catalogue.reindex()
    library.catalogue.close()
    assert doctor(tmp_path, "--offline").value("history.index") == "it knows all sessions"
    saved(library, session(1, session_id="20260101T000000Z-aaaa"))
    for _again in range(2):
        seen = doctor(tmp_path, "--offline")
        assert seen.value("history.index") == "1 session is taken up at the next search"
    index = library.catalogue.path
    index.write_bytes(b"no index" * 100)
    seen = doctor(tmp_path, "--offline")
    assert seen.status("history.index") == "warning"
    assert seen.value("history.index") == "it is damaged; all is read from the files"
    assert index.read_bytes() == b"no index" * 100


def test_a_token_table_that_is_not_as_it_was_shipped_fails(tmp_path: Path) -> None:
    package = tmp_path / "installed" / "chatcmd"
    shutil.copytree(Path(chatcmd.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    table = package / "vocabulary" / "o200k_base.bin"
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)
    seen = doctor(tmp_path, "--offline", env={"PYTHONPATH": str(package.parent)})
    assert seen.failed() == ["program.vocabulary"]
    assert seen.value("program.vocabulary").endswith("counted wrongly: o200k_base")
    table.unlink()
    assert doctor(tmp_path, "--offline", env={"PYTHONPATH": str(package.parent)}).failed() == ["program.vocabulary"]


# What the system does is put off for ever; the program is the real one.
HANGS = {
    "a name that is never found": ("import socket\nsocket.getaddrinfo = hang", "service.connection"),
    "a disk that never answers": ("os.fsync = hang", "history.disk.time"),
    "a folder that cannot be looked into": ("os.scandir = hang", "history.sessions.time"),
}
HANG = """
import os, sys, threading
def hang(*_words, **_more):
    threading.Event().wait()
{what}
from chatcmd.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.faults(2)
@pytest.mark.parametrize("case", HANGS, ids=lambda case: case.replace(" ", "-"))
def test_what_hangs_is_given_up_and_does_not_keep_the_program(case: str, tmp_path: Path) -> None:
    what, where = HANGS[case]
    (tmp_path / "history").mkdir(mode=0o700)
    words = ["doctor", "--json", "--timeout", "3", "--root", str(written(tmp_path))]
    more = ["--base-url", "https://model.invalid/v1"] if "getaddrinfo" in what else ["--offline"]
    seen = doctor(tmp_path, argv=[PYTHON, "-c", HANG.format(what=what), *words, *more])
    assert seen.finished.code == 1
    assert seen.status(where) == "failed"
    assert "3 seconds" in seen.value(where)
    assert seen.status("program.vocabulary") == "ok"


@pytest.mark.faults(22)
@pytest.mark.parametrize("words", [[], ["--json"]], ids=["page", "document"])
def test_ctrl_c_ends_it_at_once_with_what_is_known(words: list[str], tmp_path: Path, server: Loopback) -> None:
    server.on("/v1/models", lambda exchange: exchange.until(lambda: False))
    argv = [*CHATCMD, "doctor", "--timeout", "600", "--root", str(written(tmp_path)), "--base-url", server.base_url]
    with Terminal([*argv, *words]) as terminal:
        server.wait_for_request()
        if not words:
            terminal.expect("127.0.0.1")
        terminal.send("\x03")
        assert terminal.wait() == 130
        said = terminal.output
        assert terminal.modes() == terminal.first_modes
    assert KEY not in said
    assert "not waited for: it was stopped" in said
    if words:
        document = json.loads(said[said.index("{") :])
        assert document["whole"] is False
        assert "history.trash" in {each["id"] for each in document["checks"]}
    else:
        assert "stopped; not all of it was looked at" in said
        assert "Traceback" not in said


@pytest.mark.faults(41)
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    shell = '"$@" | head -1; echo "code ${PIPESTATUS[0]}"'
    done = run(["bash", "-c", shell, "bash", *CHATCMD, "doctor", "--offline", "--root", str(tmp_path)])
    assert (done.out, done.err) == ("program\ncode 141\n", "")


@pytest.mark.parametrize("words", [[], ["--json"]], ids=["page", "document"])
def test_a_page_that_cannot_be_written_is_told_and_no_success(tmp_path: Path, words: list[str]) -> None:
    shell = '"$@" > /dev/full'
    done = run(["sh", "-c", shell, "sh", *CHATCMD, "doctor", "--offline", "--root", str(tmp_path), *words])
    assert done.code == 1
    assert "No space left on device" in done.err
    assert "Traceback" not in done.err


def test_a_key_command_that_never_ends_is_given_up_and_ended(tmp_path: Path) -> None:
    written(tmp_path, key=None, settings_toml='key_command = "sleep 987654"\n')
    seen = doctor(tmp_path, "--timeout", "3", "--base-url", "https://model.invalid/v1")
    assert seen.status("service.key") == "failed"
    assert "sleep gave no key within " in seen.value("service.key")
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"987654" in _read(path)]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_key_of_a_command_is_tried(tmp_path: Path, server: Loopback) -> None:
    script = tmp_path / "pass"
    script.write_text(f"#!/bin/sh\necho {KEY}\n")
    script.chmod(0o700)
    written(tmp_path, key=None, settings_toml=f'key_command = "{script}"\n')
    seen = doctor(tmp_path, "--base-url", server.base_url)
    assert seen.status("service.key") == "ok"
    assert seen.value("service.key") == f"{MASKED} is accepted"


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--timeout", "soon"], ["--frob"], ["--base-url"]])
def test_wrong_words_end_with_two(words: list[str], tmp_path: Path) -> None:
    done = run([*CHATCMD, "doctor", "--root", str(tmp_path), *words])
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("chatcmd: ")


def test_sigterm_leaves_nothing_behind(tmp_path: Path, server: Loopback) -> None:
    server.on("/v1/models", lambda exchange: exchange.until(lambda: False))
    argv = [*CHATCMD, "doctor", "--timeout", "600", "--root", str(written(tmp_path)), "--base-url", server.base_url]
    with Terminal(argv) as terminal:
        server.wait_for_request()
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() in (143, -signal.SIGTERM)
        assert terminal.modes() == terminal.first_modes
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "envs" / "openai_key"]


def test_too_few_threads_are_one_after_the_other(tmp_path: Path) -> None:
    program = "import sys, threading\nthreading.Thread.start = refuse\n"
    refuse = 'def refuse(_thread):\n    raise RuntimeError("can\'t start new thread")\n'
    start = refuse + program + "from chatcmd.cli import main\nsys.exit(main(sys.argv[1:]))"
    words = ["doctor", "--json", "--offline", "--root", str(tmp_path)]
    seen = doctor(tmp_path, argv=[PYTHON, "-c", start, *words])
    assert (seen.finished.code, seen.failed()) == (0, [])


def test_a_folder_that_cannot_be_looked_into_is_no_fault_of_ours(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    words = ["doctor", "--json", "--offline", "--root", str(closed)]
    seen = doctor(tmp_path, argv=as_mere_owner([*CHATCMD, *words]))
    closed.chmod(0o700)
    assert "settings" in " ".join(seen.failed())
    assert "inside chatcmd" not in seen.finished.out
    assert "permission denied" in seen.finished.out
