"""Where a request goes, as sentences name it; no sentence names the key or the proxy's password."""

from base64 import b64encode
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from chatcmd.language import _
from chatcmd.provider.request import Clocks
from chatcmd.settings.redaction import without, without_known
from chatcmd.settings.settings import Service
from chatcmd.settings.url import Proxy, host_of


class Place(Struct, frozen=True):
    """What a sentence may name: the service, the proxy before it, the model, and how long was waited."""

    service: Service
    proxy: Proxy | None
    model: str
    clocks: Clocks

    @property
    def host(self) -> str:
        return host_of(self.service.base_url)

    @property
    def way(self) -> str:
        if self.proxy is None:
            return self.host
        sentence = _("{host} through the proxy {proxy} ({place})")
        return sentence.format(host=self.host, proxy=host_of(self.proxy.url), place=self.proxy.origin)

    @property
    def key(self) -> str:
        return str(self.service.key.origin) if self.service.key else _("nowhere: none was sent")

    def masked(self, text: str) -> str:
        """Put dots in place of the key and the proxy's password, and of all else that is known to be secret."""
        return without_known(without(self._secrets(), text))

    def _secrets(self) -> set[str]:
        parts = urlsplit(self.proxy.url if self.proxy else "")
        password = parts.password or ""
        sent = b64encode(unquote(f"{parts.username or ''}:{password}").encode()).decode() if password else ""
        key = self.service.key.secret.reveal() if self.service.key else ""
        return {key, password, unquote(password), sent} - {""}
