"""What is read of envs/ and of the environment."""

import re
from pathlib import Path

from chatcmd.errors import SettingsError, UsageError
from chatcmd.settings.load import load
from chatcmd.settings.option import OPTIONS
from chatcmd.settings.origin import Origin
from chatcmd.settings.persona import find_persona, persona_names
from chatcmd.settings.root import Root, find_root
from chatcmd.settings.settings import Settings

KEY = "sk-CANARY-5d41402abc4b2a76"

TOML = (
    """\
# everything
model = "deep/chat"   # the one of [providers.deep]
base_url = 'https://api.example/v1'
proxy = "socks5://me:word@127.0.0.1:1080"
temperature = 0.5
stop = ["a", '''b
c''', \"\"\"d\\
e\"\"\"]
max_tokens = 1_000
seed = -7
max_turns = 3
language = "en"
stream = false
"reasoning" = true

[windows]
"chat" = 8_192
gpt-4o = 128000

[prices]
chat = [0.5, 1.5]

[providers.deep]
base_url = "https://deep.example/v1"
key = "sk-CANARY-5d41402abc4b2a76"
proxy = "http://127.0.0.1:3128"

[providers."near by"]
base_url = "http://127.0.0.1:11434/v1"
""",
    """\
provider = "near"
windows = { chat = 300, "a.b" = 4096 }
providers.near.base_url = "http://[::1]:80/v1"
[[x]]
a = 1
""",
    f"""\
model = "m"
[providers.many]
base_url = "https://a.example"
api = ["{KEY}", {{key = "{KEY}-2", weight = 3}}]
""",
)
KEYS = (
    f'{{"api": "{KEY}"}}',
    f'["{KEY}", "{KEY}-2"]',
    f'{{"api": ["{KEY}", {{"key": "{KEY}-2", "base_url": "https://a.example/v1", "weight": 2}}]}}',
    f'{{"api": [{{"key": "{KEY}", "proxy": "socks5h://me:word@127.0.0.1:1080"}}]}}',
    f"{KEY}\n",
    f'{{"api": "{KEY}", "jwt_secret_key": "x"}}',
)
ENVIRONMENT = (
    f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=https://a.example/v1\nCHATCMD_MODEL=gpt-4o\nCHATCMD_TEMPERATURE=0.5",
    "CHATCMD_STOP=a\nCHATCMD_MAX_TOKENS=1_000\nCHATCMD_PROXY=http://user:word@proxy.example:3128\nCHATCMD_SEED=7",
    "CHATCMD_ROOT=~nobody/x\nCHATCMD_PROVIDER=deep\nCHATCMD_LANGUAGE=zh\nCHATCMD_STREAM=no\nCHATCMD_TIMEOUT=12.5",
    "model=deep/chat\ntemperature=0.5\nmax_tokens=7\nproxy=socks5://127.0.0.1:1\nuser=\u6211\nlanguage=zh",
)


def settings(data: bytes, folder: Path) -> None:
    """settings.toml is read, or refused with sentences that name file and line."""
    _read(_root(folder, "settings.toml", data), {})


def keys(data: bytes, folder: Path) -> None:
    """A file of keys is read, or refused in a sentence that never holds the key."""
    for name in ("openai_key", "configs"):
        _read(_root(folder, name, data), {}, silent=True)
        (folder / "envs" / name).unlink()


def persona(data: bytes, folder: Path) -> None:
    """A persona's file is a text that is not empty, or refused."""
    root = _root(folder, "personas/odd.md", data)
    assert "odd" in persona_names(root)
    try:
        found = find_persona(root, "odd")
    except UsageError as error:
        _check_sentences(str(error))
    else:
        assert found.content.strip()
        found.content.encode()
    text = data.decode("utf-8", "surrogateescape")
    try:
        find_persona(root, text)
    except UsageError as error:
        _check_sentences(str(error))


def environment(data: bytes, folder: Path) -> None:
    """Any environment gives settings, or a sentence for each variable that is wrong."""
    lines = data.decode("utf-8", "surrogateescape").replace("\0", "").splitlines()
    lines = [line.replace("COMMAND", "COMMEND") for line in lines]
    environ = {name: value for name, is_set, value in (line.partition("=") for line in lines) if is_set and name}
    root = _root(folder, "settings.toml", TOML[0].encode())
    _read(root, environ)
    flags = {name: value for line in lines for name, _is, value in [line.partition("=")] if name in OPTIONS}
    _read(root, {}, flags)
    try:
        found = find_root(environ.get("CHATCMD_ROOT"), environ, folder)
    except SettingsError as error:
        _check_sentences(str(error))
    else:
        assert found.path.is_absolute()


def _root(folder: Path, name: str, data: bytes) -> Root:
    """Write a file of envs/; damage is never to make a command that would be run."""
    data = data.replace(b"command", b"commend")
    path = folder / "envs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)
    return Root(folder, Origin("flag", "--root"))


def _read(root: Root, environ: dict[str, str], flags: dict[str, str] | None = None, *, silent: bool = False) -> None:
    """Load settings, and ask them all that is ever asked."""
    try:
        found = load(flags or {}, environ, root)
    except SettingsError as error:
        _check_sentences(*error.sentences)
        told = str(error)
    else:
        told = repr(found)
        _ask_all(found)
    assert not (silent and KEY in told)


def _ask_all(found: Settings) -> None:
    for name in OPTIONS:
        assert found[name] is not Ellipsis
        assert str(found.origin(name))
    for name in {found["model"], *found.windows, *found.prices, *(f"{each}/x" for each in found.providers), "gpt-4o"}:
        _ask(found, name)


def _ask(found: Settings, model: str) -> None:
    for ask in (found.services, found.budget, found.price_of, found.model_named, found.window_is_set, found.split):
        try:
            ask(model)
        except UsageError as error:
            _check_sentences(str(error))
    assert isinstance(found.generation, dict)


def _check_sentences(*sentences: str) -> None:
    """Every sentence stands on one line; a name in it may be anything."""
    assert sentences
    assert all(re.search(r"\w", each) for each in sentences)
