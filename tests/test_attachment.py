"""Files that a question names: which are read, how, and which are refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chatcmd.attachment import MOST_IMAGE, MOST_TEXT, attached
from chatcmd.conversation.attachment import File, Image
from chatcmd.errors import NotAttached
from chatcmd.settings.load import load
from chatcmd.settings.root import find_root
from chatcmd.settings.settings import Settings
from tests.history.made import as_mere_owner
from tests.images import KINDS, png
from tests.terminal_driver import PYTHON, run

KEY = "sk-proj-0123456789abcdef"
OTHER = "sk-other-0123456789abcdef"
SHORT = "none"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder, with a home beside it."""
    folder, home = tmp_path / "here", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(home))
    return folder


@pytest.fixture
def settings(tmp_path: Path, here: Path) -> Settings:
    envs = tmp_path / "root" / "envs"
    envs.mkdir(parents=True)
    providers = f'[providers.other]\nbase_url = "https://a.example/v1"\nkey = "{OTHER}"\n'
    local = f'[providers.local]\nbase_url = "http://127.0.0.1:1/v1"\nkey = "{SHORT}"\n'
    (envs / "settings.toml").write_text(providers + local)
    (envs / "openai_key").write_text(KEY)
    return load({}, {}, find_root(str(tmp_path / "root"), {}, here))


def read(text: str, settings: Settings) -> list[tuple[str, str]]:
    ats = [place for place, each in enumerate(text) if each == "@"]
    return [(each.name, each.text if isinstance(each, File) else each.label) for each in attached(text, ats, settings)]


def test_files_are_found_from_here_from_home_and_from_the_top(here: Path, settings: Settings) -> None:
    (here / "a.txt").write_text("A")
    (here / "sub").mkdir()
    (here / "sub" / "b c.txt").write_text("B")
    (here.parent / "home" / "h.txt").write_text("H")
    top = f"{here}/a.txt"
    assert read("@a.txt @./sub/../a.txt", settings) == [("a.txt", "A")]  # the same file twice is attached once
    assert read(r"@sub/b\ c.txt", settings) == [("sub/b c.txt", "B")]
    assert read('@"sub/b c.txt"', settings) == [("sub/b c.txt", "B")]
    assert read("@~/h.txt", settings) == [("~/h.txt", "H")]
    assert read(f"@{top}.", settings) == [(top, "A")]
    assert read("看@a.txt，再看@~/h.txt", settings) == [("a.txt", "A"), ("~/h.txt", "H")]


@pytest.mark.parametrize(
    "text",
    ["@property", "me@a.txt", "@nowhere.md", "@~nobody-of-this-name/x", "@a.txt/b", "@" + "x" * 5000, "@a\0b", "@..."],
)
def test_what_names_nothing_is_left_as_it_is(text: str, here: Path, settings: Settings) -> None:
    (here / "a.txt").write_text("A")
    assert read(text, settings) == []


def test_only_the_typed_ones_attach(here: Path, settings: Settings) -> None:
    (here / "a.txt").write_text("A")
    assert attached("@a.txt", [], settings) == ()


def test_the_whole_name_is_tried_before_less_of_it(here: Path, settings: Settings) -> None:
    (here / "a.txt").write_text("A")
    (here / "a.txt,").write_text("with a comma")
    assert read("@a.txt,", settings) == [("a.txt,", "with a comma")]
    assert read("@a.txt;", settings) == [("a.txt", "A")]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("汉\r\nb".encode(), "汉\r\nb"),
        (b"\xef\xbb\xbfbom", "bom"),
        ("汉 16".encode("utf-16"), "汉 16"),
        (b"\xfe\xff" + "汉 be".encode("utf-16-be"), "汉 be"),
        (b"\x1b[31mred", "\x1b[31mred"),
        (b"-----BEGIN PRIVATE KEY----- is how such files begin", "-----BEGIN PRIVATE KEY----- is how such files begin"),
        (b"-----BEGIN CERTIFICATE-----\n" + b"A" * 64, "-----BEGIN CERTIFICATE-----\n" + "A" * 64),
        (b"RIFFRAFF", "RIFFRAFF"),
        (SHORT.encode(), SHORT),
    ],
)
def test_text_is_read_as_it_is_less_its_mark(data: bytes, text: str, here: Path, settings: Settings) -> None:
    (here / "a").write_bytes(data)
    assert attached("@a", [0], settings) == (File("a", len(data), text),)


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_known_by_their_content(kind: str, here: Path, settings: Settings) -> None:
    media, made = KINDS[kind]
    (here / "misnamed.txt").write_bytes(made(640, 480))
    [image] = attached("@misnamed.txt", [0], settings)
    assert isinstance(image, Image)
    assert (image.width, image.height, image.size) == (640, 480, len(made(640, 480)))
    assert image.url.startswith(f"data:{media};base64,")


def written(data: bytes | str) -> Callable[[Path], None]:
    content = data.encode() if isinstance(data, str) else data

    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def enlarged(size: int, data: bytes = b"") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)
        os.truncate(path, size)

    return write


def linked(to: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        path.symlink_to(path.parent / to)

    return link


PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjE" * 4 + "\n-----END OPENSSH PRIVATE KEY-----\n"
ENCRYPTED = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + "A" * 64
REFUSED: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "folder": ("a", Path.mkdir, "a cannot be attached: it is a folder; name the files in it, one by one"),
    "folder, slash": ("a/", Path.mkdir, "a/ cannot be attached: it is a folder"),
    "pipe": ("a", os.mkfifo, "a cannot be attached: it is no plain file"),
    "device": ("a", lambda path: path.symlink_to("/dev/zero"), "a cannot be attached: it is no plain file"),
    "binary": (
        "a.pdf",
        written(b"%PDF-1.7\0\xff"),
        "it is neither text nor a PNG, JPEG, GIF or WebP image; convert it",
    ),
    "nul": ("a", written(b"text\0text"), "a cannot be attached: it is neither text nor"),
    "wave": ("a.wav", written(b"RIFF\x10\0\0\0WAVEfmt "), "a.wav cannot be attached: it is neither text nor"),
    "gbk": ("a.txt", written("汉字".encode("gbk")), "a.txt cannot be attached: it is not UTF-8 text; save it as UTF-8"),
    "cut utf-8": ("a.txt", written("汉".encode()[:2]), "it is not UTF-8 text"),
    "half utf-16": ("a.txt", written(b"\xff\xfea\xd8b"), "it is not UTF-8 text"),
    "damaged image": (
        "a.png",
        written(png(640, 480)[:20]),
        "a.png cannot be attached: it begins as an image and is damaged",
    ),
    "large text": ("a", enlarged(MOST_TEXT + 1), "a cannot be attached: it has 4.0 MB, and 4.0 MB are the most"),
    "huge": ("a", enlarged(10**12), "a cannot be attached: it has 1,000,000.0 MB, and 4.0 MB are the most"),
    "large image": ("a.png", enlarged(MOST_IMAGE + 10**6, png(9, 9)), "it has 11.0 MB, and 10.0 MB are the most"),
    "key in use": ("a", written(f'api_key = "{KEY}"'), "a is not sent: it holds a key that chatcmd uses; leave it out"),
    "key of a provider": ("a", written(f"x {OTHER}"), "a is not sent: it holds a key that chatcmd uses"),
    "key in utf-16": ("a", written(f"汉{KEY}".encode("utf-16")), "a is not sent: it holds a key that chatcmd uses"),
    "key in an image": ("a.png", written(png(9, 9) + KEY.encode()), "a.png is not sent: it holds a key"),
    "pem": ("a.pem", written(PRIVATE), "a.pem is not sent: it holds a private key; leave it out"),
    "id_ed25519": ("id_ed25519", written(PRIVATE), "id_ed25519 is not sent: it holds a private key"),
    "renamed": ("notes.txt", written(f"my key:\n\n{PRIVATE}"), "notes.txt is not sent: it holds a private key"),
    "encrypted": ("a", written(ENCRYPTED), "a is not sent: it holds a private key"),
    "putty": ("a", written("PuTTY-User-Key-File-3: ssh-ed25519\n"), "a is not sent: it holds a private key"),
    "odd pem": ("a.key", written("# PRIVATE KEY\nMIIE\n"), "a.key is not sent: it holds a private key"),
    "link to envs": ("a", linked("../root/envs/settings.toml"), "a is not sent: it lies in envs/, where keys are"),
    "envs": ("../root/envs/settings.toml", lambda _: None, "it lies in envs/, where keys are; leave it out"),
    "envs itself": ("../root/envs", lambda _: None, "it lies in envs/, where keys are; leave it out"),
}


@pytest.mark.gives_key_away("a", "a.png")
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_sent_is_refused_in_a_sentence(what: str, here: Path, settings: Settings) -> None:
    name, make, sentence = REFUSED[what]
    make(here / name)
    with pytest.raises(NotAttached) as refused:
        read(f"what is in @{name} ?", settings)
    assert sentence in str(refused.value)
    assert str(refused.value).count("\n") == 0
    assert KEY not in str(refused.value)


READ = """
import sys
from chatcmd.attachment import attached
from chatcmd.errors import NotAttached
from chatcmd.settings.load import load
from chatcmd.settings.root import find_root
from pathlib import Path
try:
    attached("@a", [0], load({}, {}, find_root(sys.argv[1], {}, Path())))
except NotAttached as error:
    print(error)
"""


def test_a_file_that_may_not_be_read_is_refused(here: Path, tmp_path: Path) -> None:
    (here / "a").write_text("A")
    (here / "a").chmod(0)
    done = run(as_mere_owner([PYTHON, "-c", READ, str(tmp_path)]), cwd=here)
    assert (
        done.out == "a cannot be attached: it cannot be read (Permission denied); make it readable, or leave it out\n"
    )
