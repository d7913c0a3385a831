"""The first start: what to do when there is no key."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from chatcmd.cli.flags import Run
from chatcmd.errors import KeyMissing, SettingsError
from chatcmd.history.disk import write_whole
from chatcmd.settings.keys import KEY_FILE, key
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings
from chatcmd.signals import Leave, Signals, Stopped
from chatcmd.terminal import EndOfInput, Interrupted, Keyboard
from chatcmd.terminal.screen import Screen

CHOICES = """\
There is no key for {host} yet. What would you like to do?

  1  enter a key (it is not shown; kept in {file}, readable by you alone)
  2  use a server on this machine (Ollama, LM Studio, llama.cpp, vLLM)
  3  try the offline demo: no key, no network, no knowledge
  0  leave

A key can also be given as OPENAI_API_KEY, and another service as --base-url; see README."""


async def with_service(run: Run, keyboard: Keyboard, screen: Screen, signals: Signals) -> Settings:
    """Return settings by which a model can be reached, asking a person if need be; raises KeyMissing, Leave."""
    settings = run.settings
    if settings["offline"]:
        return settings
    try:
        settings.service(settings["model"])
    except KeyMissing:
        if not keyboard.interactive or settings["provider"] or settings.origin("base_url").kind != "default":
            raise
    else:
        return settings
    setup = _Setup(run.root, keyboard, screen, signals)
    while True:
        chosen = await setup.choose(settings)
        if chosen is not None:
            return chosen


class _Setup:
    def __init__(self, root: Root, keyboard: Keyboard, screen: Screen, signals: Signals) -> None:
        self._root, self._keyboard, self._screen, self._signals = root, keyboard, screen, signals
        self._key_file = root.envs / KEY_FILE

    async def choose(self, settings: Settings) -> Settings | None:
        """Show the choices once and follow one; None to show them again."""
        self._screen.show(CHOICES.format(host="api.openai.com", file=self._key_file))
        answer = (await self._line("1, 2, 3 or 0: ")).strip()
        if answer == "1":
            return await self._enter_key(settings)
        if answer == "2":
            return await self._find_server(settings)
        if answer == "3":
            return settings.changed("offline", value=True, origin=Origin("chat", "the choice at the start"))
        if answer in ("0", "quit", "exit"):
            raise Leave
        return None

    async def _enter_key(self, settings: Settings) -> Settings | None:
        origin = Origin("file", self._root.show(self._key_file))
        text = (await self._line("key: ", secret=True)).strip()
        try:
            entered = key(text, origin)
        except SettingsError as error:
            self._screen.fail(str(error))
            return None
        write_whole(self._key_file, msgspec.json.encode({"api": text}) + b"\n")
        self._screen.note(f"kept in {self._key_file}")
        return replace(settings, keys=(entered,))

    async def _find_server(self, settings: Settings) -> Settings | None:
        from chatcmd.provider import nearby

        servers = await self._signals.guard(nearby.find_nearby())
        found = [(server, model) for server in servers for model in server.models]
        if not found:
            ports = ", ".join(f"{name} {port}" for port, name in nearby.PORTS.items())
            self._screen.fail(f"no server answers on this machine (asked: {ports}); start one, or choose another way")
            return None
        for number, (server, model) in enumerate(found, 1):
            self._screen.show(f"  {number}  {model}  ({server.name}, {server.base_url})")
        answer = (await self._line(f"1 to {len(found)}: ")).strip()
        if not answer.isdecimal() or not 1 <= int(answer) <= len(found):
            return None
        server, model = found[int(answer) - 1]
        origin = self._remember(self._root.envs / "settings.toml", server.base_url, model)
        return settings.changed("base_url", server.base_url, origin).changed("model", model, origin)

    def _remember(self, path: Path, base_url: str, model: str) -> Origin:
        """Keep the choice in settings.toml, unless there is one: that is its owner's to edit."""
        lines = f"base_url = {_quoted(base_url)}\nmodel = {_quoted(model)}\n"
        if path.exists():
            self._screen.note(f"to keep this, add to {path}:\n{lines.rstrip()}")
            return Origin("chat", "the choice at the start")
        write_whole(path, lines.encode())
        self._screen.note(f"kept in {path}")
        return Origin("file", self._root.show(path))

    async def _line(self, prompt: str, *, secret: bool = False) -> str:
        try:
            return await self._signals.guard(self._keyboard.line(prompt, offers=("1", "2", "3"), secret=secret))
        except (EndOfInput, Interrupted, Stopped):
            raise Leave from None


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
