"""The frame of every page: one file that asks no network for anything, whatever stands in it."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from chatcmd.history.export.html.element import NOTHING, Markup, element, joined, opened
from chatcmd.language import _

_HEAD = Markup('<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n')


def framed(
    title: str, content: Iterable[Markup], *, contents: Markup = NOTHING, tools: Markup = NOTHING
) -> Iterator[str]:
    """Yield a page piece by piece: a bar of tools, `contents` as its table, and the content."""
    style, script = _resource("page.css"), _resource("page.js")
    head = element(
        "head",
        _HEAD,
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style)),
    )
    bar = element("div", element("h1", title), element("div", tools, _shade(), id="tools", hidden=True), id="bar")
    summary = element("summary", _("Contents"))
    table = element("nav", element("details", summary, contents, id="contents")) if contents else NOTHING
    said = {"data_copy": _("copy"), "data_copied": _("copied"), "data_found": _("{at} of {n}"), "data_none": _("none")}
    # The language that a browser is told, such as zh-CN in the catalogue of Chinese.
    begin = joined((opened("html", lang=_("en")), head, opened("body", **said), bar, table, opened("main")))
    yield f"<!DOCTYPE html>\n{begin}"
    yield from content
    yield f"</main>{element('script', Markup(script))}</body></html>\n"


def searching() -> Markup:
    """Make the field that searches the page, and its two buttons."""
    what = _("search this page")
    field = element("input", type="search", id="query", placeholder=what, aria_label=what, autocomplete="off")
    count = element("output", id="count", aria_live="polite")
    back = element("button", "↑", id="back", type="button", title=_("the place before (Shift-Enter)"))
    on = element("button", "↓", id="on", type="button", title=_("the next place (Enter)"))
    return joined((field, count, back, on))


def _shade() -> Markup:
    return element("button", "◐", id="shade", type="button", title=_("light or dark"), aria_label=_("light or dark"))


def _policy(style: str, script: str) -> str:
    """Allow our own style and script, images that the page holds, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
