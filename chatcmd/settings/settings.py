"""Settings: every value of one run, frozen, with where it came from."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chatcmd.conversation.models import Model, look_up
from chatcmd.conversation.window import Budget, reserve_for
from chatcmd.errors import KeyMissing, SettingsError, UsageError
from chatcmd.settings.keys import Key
from chatcmd.settings.option import GENERATION, OPTIONS, nearest
from chatcmd.settings.origin import DEFAULT, Kind, Origin
from chatcmd.settings.root import Root
from chatcmd.settings.url import Proxy, host_of, is_loopback

NO_KEY = (
    "no key for {host}: set OPENAI_API_KEY, or put the key into envs/openai_key or envs/configs "
    "below {root}; or try the demo model with --offline"
)

_SAID: tuple[Kind, ...] = ("default", "file", "environment", "flag", "chat")
"""The places of a value, from the weakest to the strongest."""


class Service(Struct, frozen=True):
    """One model's side: its address, its key (None: none is needed), its proxy, and where each came from."""

    name: str
    base_url: str
    key: Key | None
    proxy: Proxy | None


class Named(Struct, frozen=True):
    """A [providers.NAME] table."""

    base_url: str
    base_url_origin: Origin
    keys: tuple[Key, ...] = ()
    proxy: Proxy | None = None


class Settings(Struct, frozen=True):
    """The values by option name, and the rest that has a shape of its own.

    `windows` are tokens by model name; `warnings` sentences to show once at the start.
    """

    root: Root
    values: dict[str, Any]
    origins: dict[str, Origin]
    keys: tuple[Key, ...] = ()
    providers: dict[str, Named] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name, OPTIONS[name].default)

    def origin(self, name: str) -> Origin:
        return self.origins.get(name, DEFAULT)

    def changed(self, name: str, value: Any, origin: Origin) -> "Settings":
        """Return settings with one value changed; None takes it back to the default."""
        values = {**self.values, name: value}
        origins = {**self.origins, name: origin}
        if value is None:
            del values[name], origins[name]
        return replace(self, values=values, origins=origins)

    def set(self, name: str, text: str) -> "Settings":
        """Change a value as a person types it in the chat; raises UsageError."""
        option = OPTIONS.get(name)
        settable = [known for known, each in OPTIONS.items() if each.in_chat]
        if option is None:
            raise UsageError(f"there is no setting {name}{nearest(name, settable)}")
        if not option.in_chat:
            raise UsageError(_elsewhere(name))
        if text.lower() in ("default", "none"):
            return self.changed(name, None, DEFAULT)
        try:
            return self.changed(name, option.check(text), Origin("chat", "/set"))
        except ValueError as error:
            raise UsageError(f"{name} {error}") from None

    @property
    def generation(self) -> dict[str, Any]:
        """The generation settings that differ from the API's own defaults, by our names."""
        given = {option.name: self[option.name] for option in GENERATION if self[option.name] is not None}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}

    def model_named(self, name: str) -> Model:
        """Look a model up, with the window that the settings give it."""
        model = look_up(name)
        provider, bare = self.split(name)
        for key in (name, f"{provider}/{bare}", bare):
            if key in self.windows:
                return replace(model, window=self.windows[key])
        return model

    def budget(self, name: str) -> Budget:
        """Say how much of a model's window the prompt may take; raises UsageError when that is nothing."""
        window = self.model_named(name).window
        reserve = reserve_for(window, self["max_tokens"], self["reserve"])
        if reserve >= window:
            which = "max_tokens" if self["max_tokens"] is not None else "reserve"
            raise UsageError(
                f"{which} ({self.origin(which)}) keeps {reserve:,} tokens for the answer, and the window of {name} has "
                f"only {window:,}; make it smaller, or set the model's window in [windows]"
            )
        return Budget(window, reserve, self["max_turns"])

    def service(self, name: str) -> tuple[Service, str]:
        """Resolve a model's name to its service and the name that the service knows it by; raises UsageError."""
        provider, bare = self.split(name)
        prefix, slash, _ = name.partition("/")
        if slash and not provider and self.origin("base_url").kind == "default":  # OpenAI's own models have no slash
            raise UsageError(
                f"there is no [providers.{prefix}] for the model {name} in envs/settings.toml"
                f"{nearest(prefix, list(self.providers))}"
            )
        service = self._named(provider) if provider else self._default()
        if service.key is None and not is_loopback(service.base_url):
            raise KeyMissing(NO_KEY.format(host=host_of(service.base_url), root=self.root.path))
        return service, bare

    def address_origin(self, name: str) -> Origin:
        """Say where the address of a model's service was given."""
        provider, _ = self.split(name)
        return self.providers[provider].base_url_origin if provider else self.origin("base_url")

    def split(self, name: str) -> tuple[str | None, str]:
        """Tell which [providers.NAME] a model is of (None: of none), and its name there."""
        provider, slash, bare = name.partition("/")
        if slash and provider in self.providers:
            return provider, bare
        said = _SAID.index(self.origin("base_url").kind) > _SAID.index(self.origin("provider").kind)
        return None if said else self["provider"], name

    def _named(self, name: str) -> Service:
        if name not in self.providers:
            raise UsageError(
                f"{self.origin('provider')}: there is no [providers.{name}] in envs/settings.toml"
                f"{nearest(name, list(self.providers))}"
            )
        named = self.providers[name]
        if not named.keys and not is_loopback(named.base_url):
            file = named.base_url_origin.place.split(" line ")[0]
            raise KeyMissing(f'no key for {host_of(named.base_url)}: add key = "..." to [providers.{name}] in {file}')
        return Service(name, named.base_url, next(iter(named.keys), None), self._proxy_before(named.proxy))

    def _default(self) -> Service:
        """Make the service without a name; an address that a folder gives only ever receives that folder's keys."""
        key = next(iter(self.keys), None)
        base_url, proxy = self["base_url"], self["proxy"]
        receivers = {"base_url": base_url}
        if proxy and base_url.lower().startswith("http:") and not is_loopback(base_url):
            receivers["proxy"] = proxy  # without encryption it reads all that passes
        for name, address in receivers.items():
            origin, flag = self.origin(name), f"--{_dashed(name)}"
            if key is not None and origin.kind == "file" and key.origin.kind != "file":
                raise SettingsError(
                    f"{origin} sends to {host_of(address)}, but the key comes from {key.origin}: an address in a "
                    f"folder only receives keys of that folder; unset {key.origin} and put the key into "
                    f"envs/openai_key, or pass {flag}"
                )
        return Service("", base_url, key, self._proxy)

    @property
    def _proxy(self) -> Proxy | None:
        origin = self.origin("proxy")
        return Proxy(self["proxy"], str(origin), origin.kind != "file") if self["proxy"] else None

    def _proxy_before(self, own: Proxy | None) -> Proxy | None:
        """Choose between a service's own proxy and the one for all: what was said for this run comes first."""
        general = self._proxy
        return general if own is None or (general is not None and general.said) else own


def _elsewhere(name: str) -> str:
    """Say how a setting is changed that /set does not change."""
    if name in ("user", "persona"):
        return f"{name} is not a setting of the chat; use /{name} NAME"
    flag = "no-save" if name == "save" else _dashed(name)
    return f"{name} cannot change inside the chat; leave, and start with --{flag}"


def _dashed(name: str) -> str:
    return name.replace("_", "-")
