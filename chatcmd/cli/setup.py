"""The first start: what to do when there is no key."""

import os
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from chatcmd.cells import wrapped
from chatcmd.cli import page
from chatcmd.cli.run import Run
from chatcmd.errors import KeyMissing, NotSaved, SettingsError
from chatcmd.history.disk import write_whole
from chatcmd.language import _, marked
from chatcmd.settings.keys import KEY_FILE, key
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings
from chatcmd.settings.url import host_of
from chatcmd.signals import Leave, Signals, Stopped
from chatcmd.terminal import EndOfInput, Interrupted, Keyboard, ReaderGone
from chatcmd.terminal.screen import Screen

T = TypeVar("T")

CHOSEN = Origin("chat", marked("the choice at the start"))


async def with_service(
    run: Run, keyboard: Keyboard, screen: Screen, signals: Signals, ports: Mapping[int, str] | None = None
) -> Settings:
    """Return settings by which a model can be reached, asking a person if need be; raises KeyMissing, Leave.

    `ports`, with the names of their servers, are where a server on this machine is looked for (None: the usual ones).
    """
    settings = run.settings
    if settings["offline"]:
        return settings
    try:
        services, _bare = settings.services(settings["model"])
    except KeyMissing:
        provider, _ = settings.split(settings["model"])
        if not keyboard.interactive or provider or settings.origin("base_url").kind != "default":
            raise
    else:
        if not all(service.key is None or service.key.secret.at_hand for service in services):
            from chatcmd.cli.keys import ask_for_keys  # noqa: PLC0415 - most keys are given

            await _guarded(signals, ask_for_keys(settings, [settings["model"]]))
        return settings
    setup = _Setup(run.root, keyboard, screen, signals, ports)
    try:
        screen.show(choices(host_of(settings["base_url"]), run.root.envs / KEY_FILE, page.width() - 1))
        while True:
            chosen = await setup.choose(settings)
            if chosen is not None:
                return chosen
    except ReaderGone as gone:
        raise Leave(gone.exit_code) from None


def choices(host: str, file: Path, room: int) -> str:
    """Say what there is to choose from, in lines of at most `room` cells."""
    head = _("There is no key for {host} yet. What would you like to do?").format(host=host)
    ways = (
        ("1", _("enter a key: it is not shown, and kept for you alone in {file}").format(file=file)),
        ("2", _("use a server on this machine (Ollama, LM Studio, llama.cpp, vLLM)")),
        ("3", _("try the offline demo: no key, no network, no knowledge")),
        ("0", _("leave")),
    )
    foot = _("A key can also be given as OPENAI_API_KEY, another service as --base-url.")
    return "\n".join((*wrapped(head, room), "", page.listed(ways, room), "", *wrapped(foot, room)))


class _Setup:
    def __init__(
        self, root: Root, keyboard: Keyboard, screen: Screen, signals: Signals, ports: Mapping[int, str] | None
    ) -> None:
        self._root, self._keyboard, self._screen, self._signals = root, keyboard, screen, signals
        self._key_file = root.envs / KEY_FILE
        self._ports = ports

    async def choose(self, settings: Settings) -> Settings | None:
        """Ask for a choice and follow it; None when nothing came of it."""
        answer = (await self._line(_("1, 2, 3 or 0: "), offers=("1", "2", "3", "0"))).strip()
        if answer == "1":
            return await self._enter_key(settings)
        if answer == "2":
            return await self._find_server(settings)
        if answer == "3":
            return settings.changed("offline", value=True, origin=CHOSEN)
        if answer in ("0", "quit", "exit"):
            raise Leave
        return None

    async def _enter_key(self, settings: Settings) -> Settings | None:
        """Ask until something is entered that can be a key; None when nothing is entered."""
        while text := (await self._line(_("key: "), secret=True)).strip():
            try:
                entered = key(text, Origin("chat", marked("what was entered")))
            except SettingsError as error:
                self._screen.fail(str(error))
                continue
            origin = self._keep(self._key_file, msgspec.json.encode({"api": text}) + b"\n")
            return replace(settings, keys=(replace(entered, origin=origin),))
        return None

    async def _find_server(self, settings: Settings) -> Settings | None:
        from chatcmd.provider import nearby

        ports = nearby.PORTS if self._ports is None else self._ports
        servers = await self._guard(nearby.find_nearby(ports))
        # What cannot be shown cannot be chosen, nor written to a file that others read.
        found = [(server, model) for server in servers for model in server.models if model and model.isprintable()]
        if not found:
            asked = _(", ").join(f"{name} {port}" for port, name in ports.items())
            sentence = _("no server answers on this machine (asked: {asked}); start one, or choose another way")
            self._screen.fail(sentence.format(asked=asked))
            return None
        for number, (server, model) in enumerate(found, 1):
            self._screen.show(f"  {number}  {model}  ({server.name}, {server.base_url})")
        numbers = [str(number) for number in range(1, len(found) + 1)]
        answer = (await self._line(_("1 to {n}: ").format(n=len(found)), offers=numbers)).strip()
        if answer not in numbers:
            return None
        server, model = found[numbers.index(answer)]
        origin = self._remember(self._root.envs / "settings.toml", server.base_url, model)
        chosen = settings.changed("base_url", server.base_url, origin).changed("model", model, origin)
        if self._root.origin.kind == "file":
            self._agree(chosen)
        return chosen

    def _remember(self, path: Path, base_url: str, model: str) -> Origin:
        """Keep the choice in settings.toml, unless there is one: that is its owner's to edit."""
        lines = f"base_url = {_quoted(base_url)}\nmodel = {_quoted(model)}\n"
        if os.path.lexists(path):
            self._screen.note(_("to keep this, add to {file}:").format(file=path) + f"\n{lines.rstrip()}")
            return CHOSEN
        return self._keep(path, lines.encode())

    def _agree(self, settings: Settings) -> None:
        """Keep that a person chose this, so that the next start does not ask whether the folder may."""
        from chatcmd.cli import trust

        if (fault := trust.remember(settings)) is not None:
            self._screen.fail(fault)

    def _keep(self, path: Path, data: bytes) -> Origin:
        """Write what was chosen for the next start; where that cannot be, it holds for this one."""
        try:
            write_whole(path, data)
        except NotSaved as error:
            self._screen.fail(_("{sentence}; the choice holds until you leave").format(sentence=error))
            return CHOSEN
        self._screen.note(_("kept in {file}").format(file=path))
        return Origin("file", self._root.show(path))

    async def _line(self, prompt: str, *, offers: Sequence[str] = (), secret: bool = False) -> str:
        return (await self._guard(self._keyboard.line(prompt, offers=offers, secret=secret))).text

    async def _guard(self, work: Coroutine[Any, Any, T]) -> T:
        return await _guarded(self._signals, work)


async def _guarded(signals: Signals, work: Coroutine[Any, Any, T]) -> T:
    try:
        return await signals.guard(work)
    except (EndOfInput, Interrupted, Stopped):
        raise Leave from None


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
