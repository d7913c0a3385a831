"""/model: which model answers."""

from collections.abc import Iterable

from chatcmd.app import App
from chatcmd.conversation.models import FAMILIES
from chatcmd.language import _, marked
from chatcmd.settings.option import OPTIONS, nearest
from chatcmd.settings.url import host_of
from chatcmd.slash.registry import command, matching
from chatcmd.terminal import Offer


def offer_models(app: App, typed: str) -> Iterable[Offer]:
    """Offer the models that are known by name: of the settings, of the session, and OpenAI's."""
    settings, session = app.settings, app.talk.session
    used = [turn.answer.model for turn in session.turns[-100:] if turn.answer.model]
    named = dict.fromkeys((session.model, settings["model"], *settings.windows, *reversed(used), *FAMILIES))
    windows = {name: settings.model_named(name).window for name in named}
    offers = {name: _("a window of {tokens:,} tokens").format(tokens=windows[name]) for name in named}
    services = {f"{name}/": host_of(service.base_url) for name, service in settings.providers.items()}
    return matching(typed, offers | services)


@command(
    "model",
    marked("[NAME]"),
    marked("let another model answer from the next question on"),
    group="who",
    complete=offer_models,
    more=marked(
        "NAME/MODEL asks a service of [providers.NAME] in envs/settings.toml. /retry MODEL asks one just once."
    ),
)
async def model(app: App, argument: str) -> None:
    if argument:
        app.change_model(OPTIONS["model"].default if argument.lower() in ("default", "none") else argument)
    name = app.talk.session.model
    known = app.settings.model_named(name)
    sentence = _("{name}: a window of {tokens:,} tokens, counted exactly")
    if not known.known and not app.settings.window_is_set(name):
        sentence = _(
            "{name}: its window is not known, {tokens:,} tokens are assumed (see [windows] in envs/settings.toml); "
            "nor are its counting rules: bounds and estimates"
        )
    elif not known.known:
        sentence = _("{name}: a window of {tokens:,} tokens, its counting rules are not known: bounds and estimates")
    app.screen.tell(sentence.format(name=name, tokens=known.window))
    if argument and not known.known and _is_openais(app, name):
        app.screen.note(*_mistyped(name))


def _is_openais(app: App, name: str) -> bool:
    settings = app.settings
    return not settings["offline"] and settings.split(name)[0] is None and settings.origin("base_url").kind == "default"


def _mistyped(name: str) -> list[str]:
    hint = nearest(name, FAMILIES)
    return [_("OpenAI has no model of that name that is known here{hint}").format(hint=hint)] if hint else []
