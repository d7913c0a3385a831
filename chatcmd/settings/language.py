"""The language of a run: the flag, the setting, then the locale; and the catalogue that speaks it. Light to import."""

import os.path
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from chatcmd.language import Translations, speak

if TYPE_CHECKING:
    from chatcmd.settings.root import Root

Language = Literal["en", "zh"]

LANGUAGES: tuple[Language, ...] = ("en", "zh")
VARIABLE = "CHATCMD_LANGUAGE"

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
_CATALOGUE = ("locale", "zh_CN", "LC_MESSAGES", "chatcmd.mo")


def chosen(flag: str | None, setting: str | None, environ: Mapping[str, str]) -> Language:
    """Choose the language: --lang, the setting `language`, else the first of LC_ALL, LC_MESSAGES and LANG that is set.

    A flag or a setting that is no language decides nothing: whoever reads the settings refuses it.
    """
    for said in (flag, setting):
        for language in LANGUAGES:
            if said == language:
                return language
    locale = next(filter(None, map(environ.get, _LOCALE)), "")
    return "zh" if locale.replace("-", "_").partition(".")[0].partition("_")[0].lower() == "zh" else "en"


def setting_of(environ: Mapping[str, str], root: "Root") -> str | None:
    """Look the setting `language` up by itself, so that what is wrong with the others can be told in it."""
    if said := environ.get(VARIABLE):
        return said
    from chatcmd.errors import SettingsError  # noqa: PLC0415 - the language of --help needs no settings

    try:
        path = root.envs / "settings.toml"
        data = root.read(path)
        if data is None:
            return None
        from chatcmd.settings import toml

        value = toml.parse(data, root.show(path)).values.get("language")
    except SettingsError:  # told when the settings are read
        return None
    return value if isinstance(value, str) else None


def use(language: Language) -> None:
    """Speak a language from now on; English needs no catalogue."""
    speak(_catalogue() if language == "zh" else None)


def _catalogue() -> Translations:
    from gettext import GNUTranslations  # noqa: PLC0415 - English need not load it

    with open(os.path.join(os.path.dirname(os.path.dirname(__file__)), *_CATALOGUE), "rb") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib would be the heaviest of it
        return GNUTranslations(file)
