"""The program itself: versions, what can be installed beside it, and whether its tables are whole."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from chatcmd import __version__
from chatcmd.cli.doctor.finding import Finding
from chatcmd.language import _
from chatcmd.vocabulary import intact

NEEDED = (
    "openai", "httpx2", "prompt_toolkit", "rich", "markdown-it-py", "pygments", "tiktoken", "msgspec", "platformdirs",
    "PyYAML",
)  # fmt: skip

EXTRAS = {"socks": ("socksio", "'httpx2[socks]'"), "keyring": ("keyring", "keyring")}
"""What can be installed beside, by the name of the extra: the module that it brings, and what is installed for it."""


def program() -> Iterator[Finding]:
    """Say what runs."""
    yield Finding("program.version", "chatcmd", "ok", __version__)
    yield Finding("program.python", "Python", "ok", f"{platform.python_version()} ({platform.platform(terse=True)})")
    yield _packages()
    yield from map(_extra, EXTRAS)
    yield _vocabulary()


def _extra(name: str) -> Finding:
    module, package = EXTRAS[name]
    if find_spec(module) is not None:
        return Finding(f"program.{name}", name, "ok", _("installed"))
    value = _("not installed; if you need it: python -m pip install {package}").format(package=package)
    return Finding(f"program.{name}", name, "skipped", value)


def _packages() -> Finding:
    found, missing = [], []
    for name in NEEDED:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        value = _("not installed: {names}").format(names=_(", ").join(missing))
        advice = _("install chatcmd anew")
        return Finding("program.packages", _("packages"), "failed", value, advice=advice)
    return Finding("program.packages", _("packages"), "ok", _(", ").join(found))


def _vocabulary() -> Finding:
    label, damaged = _("vocabulary"), intact.damaged()
    if damaged:
        value = _("not as it was shipped, so that tokens are counted wrongly: {names}")
        advice = _("install chatcmd anew")
        return Finding("program.vocabulary", label, "failed", value.format(names=_(", ").join(damaged)), advice=advice)
    value = _("as it was shipped: {names}").format(names=_(", ").join(intact.DIGESTS))
    return Finding("program.vocabulary", label, "ok", value)
