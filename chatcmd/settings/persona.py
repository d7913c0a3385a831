"""Personas: one file each in envs/personas, and the one that is always there."""

from pathlib import Path
from unicodedata import normalize

from chatcmd.conversation.message import Persona
from chatcmd.conversation.name import checked, decoded, folder_for
from chatcmd.errors import SettingsError, UsageError
from chatcmd.language import _
from chatcmd.settings.option import nearest
from chatcmd.settings.root import Root
from chatcmd.settings.settings import Settings

DEFAULT = Persona("default", "一个有10年Python开发经验的资深算法工程师")


def persona_names(root: Root) -> list[str]:
    """List the personas that can be asked for, the default first."""
    return [DEFAULT.name, *sorted(decoded(path.stem) for path in _files(root) if path.stem != DEFAULT.name)]


def find_persona(root: Root, name: str) -> Persona:
    """Read a persona; raises UsageError when there is none of that name."""
    name = checked(name, "persona")
    files = {normalize("NFC", path.stem): path for path in _files(root)}
    stem = folder_for(name, files)
    path = files.get(stem)
    data = root.read(path) if path is not None else None
    if path is None or data is None:
        if name == DEFAULT.name:
            return DEFAULT
        hint = nearest(name, persona_names(root))
        raise UsageError(
            _("there is no persona {name}: write its text to {file}").format(name=name, file=f"envs/personas/{stem}.md")
            + hint
        )
    try:
        content = "\n".join(data.decode("utf-8-sig").splitlines()).strip()
    except UnicodeDecodeError:
        raise SettingsError(
            _("{file}: cannot be read as UTF-8 text; save it as UTF-8").format(file=root.show(path))
        ) from None
    if not content:
        raise SettingsError(_("{file}: is empty; write there who answers").format(file=root.show(path)))
    return Persona(name, content)


def persona_of(settings: Settings) -> Persona:
    """Read the persona of the settings; what is wrong with it is told with the place that names it."""
    try:
        return find_persona(settings.root, settings["persona"])
    except UsageError as error:
        origin = settings.origin("persona")
        sentence = _("{place}: {sentence}").format(place=origin, sentence=error)
        raise UsageError(sentence if origin.kind != "default" else str(error)) from None


def _files(root: Root) -> list[Path]:
    try:
        return [path for path in (root.envs / "personas").iterdir() if path.suffix == ".md"]
    except OSError:
        return []
