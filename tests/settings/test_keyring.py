"""Keys of the system's keyring: `keyring`."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from chatcmd.errors import SettingsError
from chatcmd.settings.asked import Asked
from chatcmd.settings.keyring import InKeyring
from chatcmd.settings.origin import Origin
from tests.settings.envs_folder import KEY, faults, read

PLACE = "envs/settings.toml line 1"

there = find_spec("keyring") is not None
needs_library = pytest.mark.skipif(not there, reason="the library keyring is not installed: pip install '.[keyring]'")

# A keyring of the test's own, as the library takes one: a file of lines.
BACKEND = """
import os
import keyring.backend, keyring.errors

class Lines(keyring.backend.KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        if (error := os.environ.get("TEST_KEYRING_ERROR")):
            raise getattr(keyring.errors, error)("sk-not-told " + service)
        with open(os.environ["TEST_KEYRING"]) as file:
            return dict(line.rstrip().rsplit(" ", 1) for line in file).get(f"{service} {username}")

    def set_password(self, service, username, password):
        with open(os.environ["TEST_KEYRING"], "a") as file:
            file.write(f"{service} {username} {password}\\n")
"""


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a keyring."""
    (tmp_path / "lines_keyring.py").write_text(BACKEND)
    path = tmp_path / "keys"
    path.touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH")))))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "lines_keyring.Lines")
    monkeypatch.setenv("TEST_KEYRING", str(path))
    return path


# What the setting says, and the service that it names.
NAMES = {"true": "chatcmd", '"yes"': "chatcmd", '"mine"': "mine", '" two words "': "two words"}
NO_NAMES = {
    "5": "must be text in quotes",
    '""': "is empty; give it a value, or leave it out",
    '"a\\u0007b"': "holds an invisible character; remove it",
}


@pytest.mark.parametrize("value", NAMES)
def test_the_setting_is_true_or_names_a_service(tmp_path: Path, value: str) -> None:
    text = f'keyring = {value}\n[providers.far]\nbase_url = "https://far/v1"\nkeyring = {value}'
    settings = read(tmp_path, settings=text)
    for model in ("x", "far/x"):
        key = settings.services(model)[0][0].key
        assert key is not None
        assert key.asked_of == ("keyring", NAMES[value])
        assert not key.secret.at_hand


@pytest.mark.parametrize("value", ["false", '"no"'])
def test_false_is_none(tmp_path: Path, value: str) -> None:
    assert read(tmp_path, settings=f"keyring = {value}").keys == ()


@pytest.mark.parametrize("value", NO_NAMES)
def test_what_names_no_service_is_told(tmp_path: Path, value: str) -> None:
    assert faults(tmp_path, settings=f"keyring = {value}") == (f"{PLACE}: keyring {NO_NAMES[value]}",)


@pytest.mark.skipif(there, reason="the library keyring is installed")
def test_a_library_that_is_not_there_is_told_with_the_command_that_brings_it(tmp_path: Path) -> None:
    key = read(tmp_path, settings="keyring = true").keys[0]
    with pytest.raises(SettingsError) as caught:
        key.secret.reveal()
    expected = f"{PLACE}: the library keyring is not there; run: python -m pip install keyring"
    assert caught.value.sentences == (expected,)


@needs_library
def test_what_was_stored_under_our_name_is_the_key(tmp_path: Path, keys: Path) -> None:
    keys.write_text(f"chatcmd openai {KEY}\nchatcmd far {KEY}-far\nmine openai {KEY}-mine\n")
    text = 'keyring = true\n[providers.far]\nbase_url = "https://far/v1"\nkeyring = true'
    settings = read(tmp_path, settings=text)
    found = [settings.services(model)[0][0].key for model in ("x", "far/x")]
    assert [key and key.secret.reveal() for key in found] == [KEY, f"{KEY}-far"]
    assert read(tmp_path, settings='keyring = "mine"').keys[0].secret.reveal() == f"{KEY}-mine"


# What the library raises, and what is said.
TROUBLE = {
    "": "the keyring holds no key of that name; store it with: keyring set chatcmd openai",
    "NoKeyringError": "this system has no keyring; put the key into envs/openai_key",
    "KeyringLocked": "the keyring is locked; unlock it, and start again",
    "InitError": "the keyring is locked; unlock it, and start again",
    "KeyringError": "the keyring failed: keyring.errors.KeyringError: •••• chatcmd",
}


@needs_library
@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("error", TROUBLE)
def test_each_trouble_of_a_keyring_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: str) -> None:
    monkeypatch.setenv("TEST_KEYRING_ERROR", error)
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, settings="keyring = true").keys[0].secret.reveal()
    assert caught.value.sentences == (f"{PLACE}: {TROUBLE[error]}",)


# The last line of a traceback, as the library's program prints it.
LAST_LINES = {
    "": TROUBLE[""],
    "keyring.errors.NoKeyringError: No recommended backend was available.": TROUBLE["NoKeyringError"],
    "keyring.errors.KeyringLocked: Failed to unlock the collection!": TROUBLE["KeyringLocked"],
    "keyring.errors.InitError: Failed to create the collection: x": TROUBLE["InitError"],
    "RuntimeError: x": "the keyring failed: RuntimeError: x",
}


@pytest.mark.parametrize("said", LAST_LINES)
def test_what_its_program_says_is_put_into_our_words(said: str) -> None:
    secret = InKeyring("chatcmd", "openai", Origin("file", PLACE))
    assert str(secret._failed(1, said)) == f"{PLACE}: {LAST_LINES[said]}"


def test_a_folders_own_module_of_that_name_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text(f"import pathlib; pathlib.Path('ran').touch(); print('{KEY}')")
    monkeypatch.chdir(tmp_path)
    secret = read(tmp_path, settings="keyring = true").keys[0].secret
    assert isinstance(secret, Asked)
    with pytest.raises(SettingsError):
        secret.reveal()
    assert not (tmp_path / "ran").exists()
