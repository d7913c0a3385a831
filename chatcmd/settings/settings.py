"""Settings: every value of one run, frozen, with where it came from."""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chatcmd.conversation.models import Model, look_up
from chatcmd.conversation.price import Price, look_up as list_price, undated
from chatcmd.conversation.window import Budget, reserve_for
from chatcmd.errors import KeyMissing, SettingsError, UsageError
from chatcmd.language import _, marked
from chatcmd.settings.keys import Key
from chatcmd.settings.option import GENERATION, OPTIONS, elsewhere, nearest
from chatcmd.settings.origin import DEFAULT, Kind, Origin
from chatcmd.settings.root import Root
from chatcmd.settings.url import Address, Proxy, host_of, is_loopback

NO_KEY = marked(
    "no key for {host}: set OPENAI_API_KEY, or put the key into envs/openai_key or envs/configs "
    "below {root}; or try the demo model with --offline"
)

OPENAI = "api.openai.com"

_SAID: tuple[Kind, ...] = ("default", "file", "environment", "flag", "chat")
"""The places of a value, from the weakest to the strongest."""


class Service(Struct, frozen=True):
    """One way to a model: an address, its key (None: none is needed), its proxy, and where each came from.

    Of several ways of one name, a session keeps to one; `weight` says how many sessions it gets beside the others.
    """

    name: str
    base_url: str
    key: Key | None
    proxy: Proxy | None
    weight: int = 1
    address_origin: Origin = DEFAULT


class Named(Struct, frozen=True):
    """A [providers.NAME] table."""

    base_url: str
    base_url_origin: Origin
    keys: tuple[Key, ...] = ()
    proxy: Proxy | None = None


class Settings(Struct, frozen=True):
    """The values by option name, and the rest that has a shape of its own.

    `windows` are tokens and `prices` what tokens cost, by model name; `warnings` sentences to show once at the start.
    """

    root: Root
    values: dict[str, Any]
    origins: dict[str, Origin]
    keys: tuple[Key, ...] = ()
    providers: dict[str, Named] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    prices: dict[str, Price] = field(default_factory=dict)

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
            raise UsageError(_("there is no setting {name}").format(name=name) + nearest(name, settable))
        if not option.in_chat:
            raise UsageError(elsewhere(name))
        if text.lower() in ("default", "none"):
            return self.changed(name, None, DEFAULT)
        try:
            return self.changed(name, option.check(text), Origin("chat", "/set"))
        except ValueError as error:
            raise UsageError(_("{name} {fault}").format(name=name, fault=error)) from None

    @property
    def generation(self) -> dict[str, Any]:
        """The generation settings that differ from the API's own defaults, by our names."""
        given = {option.name: self[option.name] for option in GENERATION if self[option.name] is not None}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}

    def model_named(self, name: str) -> Model:
        """Look a model up, with the window that the settings give it."""
        model = look_up(name)
        for key in self._known_as(name):
            if key in self.windows:
                return replace(model, window=self.windows[key])
        return model

    def price_of(self, name: str, answered: str | None = None) -> Price | None:
        """Look up what a model's tokens cost: as the settings say, else as OpenAI lists its own; None is unknown.

        `answered` is the model that the service says has answered, which may be a dated snapshot of the one asked.
        """
        for key in self._known_as(name):
            if price := self.prices.get(key) or self.prices.get(undated(key)):
                return price
        provider, bare = self.split(name)
        named = self.providers.get(provider) if provider else None
        address = self["base_url"] if provider is None else named.base_url if named else ""
        return list_price(answered or bare) if host_of(address).lower() == OPENAI and not self["offline"] else None

    def window_is_set(self, name: str) -> bool:
        """Tell whether [windows] gives a model's window, under its own name or behind its service's."""
        provider, _slash, bare = name.partition("/")
        return name in self.windows or (provider in self.providers and bare in self.windows)

    def budget(self, name: str) -> Budget:
        """Say how much of a model's window the prompt may take; raises UsageError when that is nothing."""
        window = self.model_named(name).window
        reserve = reserve_for(window, self["max_tokens"], self["reserve"])
        if reserve >= window:
            which = "max_tokens" if self["max_tokens"] is not None else "reserve"
            raise UsageError(
                _(
                    "{name} ({place}) keeps {reserve:,} tokens for the answer, and the window of {model} has "
                    "only {window:,}; make it smaller, or set the model's window in [windows]"
                ).format(name=which, place=self.origin(which), reserve=reserve, model=name, window=window)
            )
        return Budget(window, reserve, self["max_turns"])

    def services(self, name: str) -> tuple[tuple[Service, ...], str]:
        """Resolve a model's name to the ways to it, and the name that they know it by; raises UsageError."""
        provider, bare = self.split(name)
        prefix, slash, _rest = name.partition("/")
        if slash and not provider and self._goes_to_openai:  # whose models have no slash in their names
            sentence = _("there is no [providers.{name}] for the model {model} in envs/settings.toml")
            hint = nearest(prefix, list(self.providers)) or _("; add it there, or choose another model")
            raise UsageError(sentence.format(name=prefix, model=name) + hint)
        services = self._named(provider) if provider else self._default()
        for service in services:
            if service.key is None and not is_loopback(service.base_url):
                raise KeyMissing(_(NO_KEY).format(host=host_of(service.base_url), root=self.root.path))
        return services, bare

    def split(self, name: str) -> tuple[str | None, str]:
        """Tell which [providers.NAME] a model is of (None: of none), and its name there."""
        provider, slash, bare = name.partition("/")
        if slash and provider in self.providers:
            return provider, bare
        said = _SAID.index(self.origin("base_url").kind) > _SAID.index(self.origin("provider").kind)
        return None if said else self["provider"], name

    def _known_as(self, name: str) -> tuple[str, ...]:
        """Name a model in the ways in which the settings' tables may."""
        provider, bare = self.split(name)
        return (name, f"{provider}/{bare}", bare)

    def _named(self, name: str) -> tuple[Service, ...]:
        if name not in self.providers:
            sentence = _("{place}: there is no [providers.{name}] in envs/settings.toml")
            hint = nearest(name, list(self.providers))
            raise UsageError(sentence.format(place=self.origin("provider"), name=name) + hint)
        named = self.providers[name]
        if not named.keys and not is_loopback(named.base_url):
            sentence = _('no key for {host}: add key = "..." to [providers.{name}] in {file}')
            file = self.root.show(self.root.envs / "settings.toml")
            raise KeyMissing(sentence.format(host=host_of(named.base_url), name=name, file=file))
        address = Address(named.base_url, named.base_url_origin)
        return tuple(self._way(name, address, key, named.proxy) for key in named.keys or (None,))

    def left_out(self, key: Key) -> bool:
        """Tell whether a key of the default service is for another address than the one that was said for this run."""
        said = self.origin("base_url").kind not in ("default", "file")
        return said and key.address is not None and key.address.url != self["base_url"]

    def _default(self) -> tuple[Service, ...]:
        """Make the services without a name: one for each key that is meant for their address."""
        address = Address(self["base_url"], self.origin("base_url"))
        keys = [key for key in self.keys if not self.left_out(key)]
        if self.keys and not keys and not is_loopback(address.url):
            sentence = _(
                "no key for {host}, which {origin} names: the one of {place} is for another address; "
                "leave out {origin}, or add a key without a base_url"
            )
            first = self.keys[0].origin
            raise KeyMissing(sentence.format(host=host_of(address.url), origin=address.origin, place=first))
        for key in keys:
            self._keep_within(key)
        return tuple(self._way("", address, key) for key in keys or (None,))

    def _way(self, name: str, address: Address, key: Key | None, proxy: Proxy | None = None) -> Service:
        """Make one service; what a key says of its own comes before what is said for all keys."""
        if key is None:
            return Service(name, address.url, None, self._proxy_before(proxy), address_origin=address.origin)
        address, proxy = key.address or address, self._proxy_before(key.proxy or proxy)
        return Service(name, address.url, key, proxy, key.weight, address.origin)

    @property
    def _goes_to_openai(self) -> bool:
        elsewhere = self.keys and all(key.address for key in self.keys)
        return self.origin("base_url").kind == "default" and not elsewhere

    def _keep_within(self, key: Key) -> None:
        """Raise SettingsError where an address that a folder gives would receive a key that is not that folder's."""
        base_url, proxy = self["base_url"], self["proxy"]
        receivers = {"base_url": base_url}
        if proxy and base_url.lower().startswith("http:") and not is_loopback(base_url):
            receivers["proxy"] = proxy  # without encryption it reads all that passes
        for name, address in receivers.items():
            origin, flag = self.origin(name), f"--{_dashed(name)}"
            if origin.kind == "file" and key.origin.kind != "file":
                raise SettingsError(
                    _(
                        "{place} sends to {host}, but the key comes from {key}: an address in a folder only receives "
                        "keys of that folder; unset {key} and put the key into envs/openai_key, or pass {flag}"
                    ).format(place=origin, host=host_of(address), key=key.origin, flag=flag)
                )

    @property
    def _proxy(self) -> Proxy | None:
        origin = self.origin("proxy")
        if not self["proxy"]:
            return None
        return Proxy(self["proxy"], str(origin), said=origin.kind != "file", flagged=origin.kind == "flag")

    def _proxy_before(self, own: Proxy | None) -> Proxy | None:
        """Choose between a service's own proxy and the one for all: what was said for this run comes first."""
        general = self._proxy
        return general if own is None or (general is not None and general.said) else own


def _dashed(name: str) -> str:
    return name.replace("_", "-")
