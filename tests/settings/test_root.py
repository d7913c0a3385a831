import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatcmd.errors import SettingsError
from chatcmd.settings.root import Root, find_root
from tests.history.made import as_mere_owner
from tests.settings.envs_folder import write
from tests.terminal_driver import CHATCMD, run


def test_the_flag_wins_over_all_else(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    root = find_root("said", {"CHATCMD_ROOT": "variable"}, tmp_path)
    assert (root.path, root.origin.kind, str(root.origin)) == (tmp_path / "said", "flag", "--root")


def test_the_variable_wins_over_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    root = find_root(None, {"CHATCMD_ROOT": "variable"}, tmp_path)
    assert (root.path, str(root.origin)) == (tmp_path / "variable", "CHATCMD_ROOT")


def test_the_current_folder_is_the_root_when_it_holds_envs(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    root = find_root(None, {"CHATCMD_ROOT": ""}, tmp_path)
    assert (root.path, str(root.origin)) == (tmp_path, "the current folder, which holds envs/")


@pytest.mark.parametrize("there", ["nothing", "file"])
def test_else_the_root_is_the_users_data_folder(tmp_path: Path, there: str) -> None:
    if there == "file":
        (tmp_path / "envs").write_text("")
    # platformdirs reads the process's own environment, so a process of our own it is.
    code = (
        "from pathlib import Path; from chatcmd.settings.root import find_root;"
        "root = find_root(None, {}, Path.cwd()); print(root.path, root.origin, sep='|')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=True,
    )
    path, origin = done.stdout.strip().split("|")
    assert origin == "the user's data folder"
    assert Path(path).name == "chatcmd"
    assert Path(path).is_relative_to(tmp_path)


def test_a_root_need_not_exist_and_is_made_absolute_and_plain(tmp_path: Path) -> None:
    root = find_root("a/../b/", {}, tmp_path)
    assert root.path == tmp_path / "b"
    assert (root.envs, root.history) == (tmp_path / "b" / "envs", tmp_path / "b" / "history")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "file", "~nobody-is-called-this/x", "a" * 300, "file/below"])
def test_what_can_be_no_folder_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as caught:
        find_root(text, {}, tmp_path)
    assert len(caught.value.sentences) == 1
    assert str(caught.value) == f"--root names {text!r}, which is no folder; name a folder, it is made when needed"


def test_what_cannot_be_looked_at_is_told_as_that(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    done = run(as_mere_owner([*CHATCMD, "--offline", "--root", str(closed / "root")]))
    closed.chmod(0o700)
    assert done.code == 2
    assert done.err == (
        f"chatcmd: --root names '{closed}/root', which cannot be looked at (permission denied); name a folder that can "
        "be read\n"
    )


def test_messages_name_a_file_below_the_root_shortly(tmp_path: Path) -> None:
    root = write(tmp_path)
    assert root.show(root.envs / "openai_key") == "envs/openai_key"
    assert root.show(Path("/elsewhere/x")) == "/elsewhere/x"


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    root = Root(tmp_path / "not made yet", write(tmp_path).origin)
    assert root.read(root.envs / "openai_key") is None


@pytest.mark.parametrize("kind", ["folder", "fifo", "device"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    root = write(tmp_path)
    path = root.envs / "openai_key"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(SettingsError, match=r"^envs/openai_key: is no plain file; put a file in its place$"):
        root.read(path)


def test_envs_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "envs").write_text("")
    root = Root(tmp_path, find_root(str(tmp_path), {}, tmp_path).origin)
    expected = r"^envs/openai_key: cannot be read \(Not a directory\); make it a file that you can read$"
    with pytest.raises(SettingsError, match=expected):
        root.read(root.envs / "openai_key")


@pytest.mark.skipif(os.geteuid() == 0, reason="everything can be read by root")
def test_a_file_without_the_right_to_read_it_is_told(tmp_path: Path) -> None:
    root = write(tmp_path, key="x")
    (root.envs / "openai_key").chmod(0)
    with pytest.raises(SettingsError, match=r"cannot be read \(Permission denied\)"):
        root.read(root.envs / "openai_key")


@pytest.mark.parametrize("name", ["openai_key", "settings.toml", "personas/default.md"])
def test_a_link_that_leads_out_of_envs_is_not_followed(tmp_path: Path, name: str) -> None:
    """Else a folder that someone else made could link to a key of ours, and name its own address beside it."""
    root = write(tmp_path)
    (tmp_path / "ours").write_text("secret")
    path = root.envs / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path / "ours")
    with pytest.raises(SettingsError, match=f"^envs/{name}: is a link that leads out of envs/; put the file itself"):
        root.read(path)


def test_links_inside_envs_and_a_linked_envs_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "version1").write_text("a key")
    (tmp_path / "real" / "openai_key").symlink_to("version1")
    (tmp_path / "envs").symlink_to(tmp_path / "real")
    root = find_root(None, {}, tmp_path)
    assert root.read(root.envs / "openai_key") == b"a key"
