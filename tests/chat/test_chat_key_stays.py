"""A key reaches the one host that it was meant for: every place of an address by every place of a key, and redirects.

All servers there are listen at the same time; what any of them was sent is searched for every key and the question.
"""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatcmd.errors import SettingsError
from tests.certificates import Certificate
from tests.chat.stage import Stage, Talked
from tests.loopback import FAULTS, Loopback, status
from tests.proxies import Encrypted, OpenProxy

pytestmark = [pytest.mark.usefixtures("names"), pytest.mark.faults(16, 18)]

QUESTION = "a question that is nobody else's business"

ADDRESSES = ("--base-url", "CHATCMD_BASE_URL", "OPENAI_BASE_URL", "settings.toml")
"""Where the address of the service without a name may stand, the strongest first."""

KEYS = ("OPENAI_API_KEY", "openai_key", "configs", "providers.x")
"""Where a key may stand, the strongest first; the last is a named service's own."""

NAMED = "providers.x"


def secret(place: str) -> str:
    return f"sk-of-{place}-0123456789"


def subsets(places: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return itertools.chain.from_iterable(itertools.combinations(places, size) for size in range(len(places) + 1))


class Street:
    """A server for every place of an address, and what each was sent."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self.servers = {place: self._open.enter_context(Loopback()) for place in (*ADDRESSES, NAMED)}

    def close(self) -> None:
        self._open.close()

    def taken(self) -> dict[str, set[str]]:
        """Tell for each server that was asked whose keys and whether the question came to it, and forget it."""
        found = {}
        for place, server in self.servers.items():
            for received in server.requests:
                words = json.dumps(received.headers) + received.target + received.raw.decode()
                found[place] = {each for each in KEYS if secret(each) in words}
                found[place] |= {QUESTION} if QUESTION in words else set()
            server.requests.clear()
        return found


@pytest.fixture(scope="module")
def opened() -> Iterator[Street]:
    street = Street()
    yield street
    street.close()


@pytest.fixture
def street(opened: Street) -> Street:
    """Forget what a test before this one may have left when it failed."""
    opened.taken()
    return opened


async def ask(
    root: Path, street: Street, addresses: tuple[str, ...], keys: tuple[str, ...], model: str, **more: str
) -> Talked:
    """Ask a question with exactly these addresses and keys set."""
    urls = {place: street.servers[place].base_url for place in addresses}
    stage = Stage(root, environ={"CHATCMD_OFFLINE": "", **more})
    stage.environ |= {"CHATCMD_OFFLINE": ""}
    stage.environ |= {place: url for place, url in urls.items() if place.endswith("URL")}
    lines = [f'base_url = "{urls["settings.toml"]}"'] if "settings.toml" in urls else []
    if NAMED in urls:
        lines += ["[providers.x]", f'base_url = "{urls[NAMED]}"']
        lines += [f'key = "{secret(NAMED)}"'] if NAMED in keys else []
    envs = {"settings.toml": "\n".join(lines)}
    envs |= {"openai_key": json.dumps({"api": secret("openai_key")})} if "openai_key" in keys else {}
    envs |= {"configs": json.dumps({"api": secret("configs")})} if "configs" in keys else {}
    for name, text in envs.items():
        path = root / "envs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    for name in {"openai_key", "configs"} - envs.keys():
        (root / "envs" / name).unlink(missing_ok=True)
    if "OPENAI_API_KEY" in keys:
        stage.environ["OPENAI_API_KEY"] = secret("OPENAI_API_KEY")
    flags: dict[str, Any] = {"base_url": urls["--base-url"]} if "--base-url" in urls else {}
    return await stage.talk("u", QUESTION, model=model, **flags)


def meant_for(addresses: tuple[str, ...], keys: tuple[str, ...]) -> dict[str, set[str]]:
    """Say who is to be sent what, by the rules of the settings; nobody anything when the two do not go together."""
    place = addresses[0]
    given = next((key for key in keys if key != NAMED), None)
    if place == "settings.toml" and given == "OPENAI_API_KEY":
        return {}
    return {place: {QUESTION, given} if given else {QUESTION}}


@pytest.mark.parametrize("addresses", [each for each in subsets(ADDRESSES) if each], ids=" ".join)
async def test_the_first_key_reaches_the_first_address_alone_or_nobody(
    addresses: tuple[str, ...], tmp_path: Path, street: Street
) -> None:
    for keys in subsets(KEYS[:-1]):
        talked = await ask(tmp_path, street, (*addresses, NAMED), (*keys, NAMED), "m")
        expected = meant_for(addresses, keys)
        assert street.taken() == expected, keys
        assert talked.code == (0 if expected else 2)
        if not expected:
            assert "only receives keys of that folder; unset OPENAI_API_KEY" in talked.notes
        assert not any(secret(key) in talked.out + talked.notes for key in KEYS)


@pytest.mark.parametrize("addresses", [(), ADDRESSES[1:]], ids=["alone", "beside all others"])
async def test_a_named_service_is_sent_its_own_key_or_none(
    addresses: tuple[str, ...], tmp_path: Path, street: Street
) -> None:
    for keys in subsets(KEYS):
        talked = await ask(tmp_path, street, (*addresses, NAMED), keys, "x/m")
        assert talked.code == 0
        assert street.taken() == {NAMED: {QUESTION, NAMED} if NAMED in keys else {QUESTION}}, keys


async def test_each_of_two_services_is_sent_its_own_key_in_one_chat(tmp_path: Path, street: Street) -> None:
    stage = Stage(tmp_path, street.servers["OPENAI_BASE_URL"])
    stage.environ["OPENAI_API_KEY"] = secret("OPENAI_API_KEY")
    url = street.servers[NAMED].base_url
    stage.settings(f'[providers.x]\nbase_url = "{url}"\nkey = "{secret(NAMED)}"')
    (tmp_path / "envs" / "settings.toml").chmod(0o600)
    assert (await stage.talk("u", "one", "/model x/m", QUESTION, "/model m", QUESTION)).code == 0
    assert street.taken() == {"OPENAI_BASE_URL": {QUESTION, "OPENAI_API_KEY"}, NAMED: {QUESTION, NAMED}}


@pytest.mark.parametrize("refusal", ["401", "403", "429quota"])
async def test_a_key_that_takes_over_goes_to_its_own_address_and_no_other(
    refusal: str, tmp_path: Path, street: Street
) -> None:
    first, second, third = (street.servers[place] for place in ("settings.toml", "CHATCMD_BASE_URL", NAMED))
    listed: list[Any] = [
        {"key": secret("openai_key"), "base_url": first.base_url},
        {"key": secret("configs"), "base_url": second.base_url},
        secret(NAMED),
    ]
    stage = Stage(tmp_path, environ={"CHATCMD_OFFLINE": ""})
    stage.settings(f'base_url = "{third.base_url}"')
    stage.environ["CHATCMD_OFFLINE"] = ""
    path = tmp_path / "envs" / "openai_key"
    path.write_text(json.dumps({"api": listed}))
    path.chmod(0o600)
    for server in (first, second, third):
        server.answer(FAULTS[refusal])
    talked = await stage.talk("u", QUESTION)
    assert talked.code == 4, talked.notes
    assert street.taken() == {
        "settings.toml": {QUESTION, "openai_key"},
        "CHATCMD_BASE_URL": {QUESTION, "configs"},
        NAMED: {QUESTION, NAMED},
    }
    assert not any(secret(key) in talked.out + talked.notes for key in KEYS)


async def test_a_key_with_an_address_is_not_sent_to_one_that_was_said(tmp_path: Path, street: Street) -> None:
    stage = Stage(tmp_path, street.servers["OPENAI_BASE_URL"])
    del stage.environ["OPENAI_API_KEY"]
    own = street.servers["settings.toml"].base_url
    path = tmp_path / "envs" / "openai_key"
    path.parent.mkdir()
    path.write_text(json.dumps({"api": [{"key": secret("openai_key"), "base_url": own}]}))
    path.chmod(0o600)
    assert (await stage.talk("u", QUESTION)).code == 0
    assert street.taken() == {"OPENAI_BASE_URL": {QUESTION}}


NETRC = "default login netrc-name password sk-of-netrc\n"

FOREIGN = {
    "OPENAI_ORG_ID": "org-foreign",
    "OPENAI_PROJECT_ID": "foreign",
    "OPENAI_ADMIN_KEY": "sk-foreign",
    "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer sk-foreign\nX-Other: foreign",
    "OPENAI_WEBHOOK_SECRET": "foreign",
    "OPENAI_PROXY": "http://FOREIGN",
    "OPENAI_BASE_URL": "http://FOREIGN/v1",
    "OPENAI_API_BASE": "http://FOREIGN/v1",
    "OPENAI_API_HOST": "FOREIGN",
    "AZURE_OPENAI_ENDPOINT": "http://FOREIGN",
    "HTTP_PROXY": "http://FOREIGN",
    "ALL_PROXY": "http://FOREIGN",
    "WS_PROXY": "http://FOREIGN",
    "SSL_CERT_DIR": "",
}


@pytest.mark.parametrize("keyless", [False, True])
async def test_what_other_programs_read_changes_neither_the_host_nor_what_it_is_sent(
    keyless: bool,  # noqa: FBT001 - a table
    tmp_path: Path,
    street: Street,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every variable on its own, as some do their harm only where others are not set; and all of them at once."""
    (tmp_path / "netrc").write_text(NETRC)
    with Loopback() as other:
        for names in [*([name] for name in FOREIGN if not keyless), list(FOREIGN)]:
            values = {name: FOREIGN[name].replace("FOREIGN", f"127.0.0.1:{other.port}") for name in names}
            values["NETRC"] = str(tmp_path / "netrc")
            for name, value in values.items():
                monkeypatch.setenv(name, value)
            keys = () if keyless else ("OPENAI_API_KEY",)
            talked = await ask(tmp_path, street, ("--base-url",), keys, "m", **values)
            (received,) = street.servers["--base-url"].requests
            expected = "" if keyless else f"Bearer {secret('OPENAI_API_KEY')}"
            assert received.headers.get("authorization", "") == expected, names
            assert not any(word in str(received.headers) for word in ("foreign", "netrc")), names
            assert street.taken() == {"--base-url": {QUESTION, *keys}}
            assert (talked.code, other.connections) == (0, 0)


async def test_what_decrypts_a_connection_is_never_written(
    tmp_path: Path, trusted: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "secrets"))
    with (
        Loopback() as server,
        Encrypted(trusted.context(), server.port) as front,
        OpenProxy(tls=trusted.context()) as proxy,
    ):
        stage = Stage(tmp_path, server)
        stage.environ["OPENAI_BASE_URL"] = f"https://model.test:{front.port}/v1"
        assert (await stage.talk("u", QUESTION)).code == 0
        assert (await stage.talk("u", QUESTION, proxy=proxy.url("https"))).code == 0
        assert len(server.chats) == 2
    assert not (tmp_path / "secrets").exists()


def test_no_variable_makes_a_certificate_trusted_that_is_not(tmp_path: Path, shown: Certificate) -> None:
    with Loopback() as server, Encrypted(shown.context(), server.port) as front:
        env = {"PYTHONHTTPSVERIFY": "0", "NODE_TLS_REJECT_UNAUTHORIZED": "0", "GIT_SSL_NO_VERIFY": "1"}
        stage = Stage(tmp_path, server, env)
        stage.environ["OPENAI_BASE_URL"] = f"https://127.0.0.1:{front.port}/v1"
        done = stage.pipe("", "ask", QUESTION)
        assert (done.code, done.out, server.requests) == (4, "", [])
        assert done.err.startswith(f"chatcmd: the certificate of 127.0.0.1:{front.port} is not trusted: ")


LOCATIONS = {
    "another port": "http://127.0.0.1:OTHER/v1/chat/completions",
    "another host": "http://localhost:OTHER/v1/chat/completions",
    "another scheme": "https://127.0.0.1:OTHER/v1/chat/completions",
    "another host, by the same scheme": "//127.0.0.1:OTHER/v1/chat/completions",
    "the same server, elsewhere": "/v2/chat/completions",
    "the same server, in whole": "http://127.0.0.1:SAME/v2/chat/completions",
    "a name and a password": "http://me:sk-redirected@127.0.0.1:OTHER/",
    "another kind of address": "file:///etc/passwd",
    "nothing": "",
    "nonsense": "http://[::1",
    "a sentence for the terminal": "http://\x1b]0;owned\x07/",
}


@pytest.mark.parametrize("name", LOCATIONS)
@pytest.mark.parametrize("way", ["the server's", "a proxy's"])
async def test_no_redirect_is_followed_and_nothing_is_sent_on(
    name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Loopback() as server, Loopback() as other:
        where = LOCATIONS[name].replace("OTHER", str(other.port)).replace("SAME", str(server.port))
        stage = Stage(tmp_path, server)
        if way == "a proxy's":
            stage.environ |= {"OPENAI_BASE_URL": "http://model.test/v1", "http_proxy": f"127.0.0.1:{server.port}"}
        for number, code in enumerate((301, 302, 303, 307, 308), 1):
            headers = {"Location": where, "Refresh": f"0; url={other.base_url}", "Alt-Svc": f'h2=":{other.port}"'}
            server.answer(status(code, "moved", headers))
            talked = await stage.talk("u", QUESTION)
            assert talked.code == 4
            assert " redirects to " in talked.notes
            assert "and no question follows it there; correct base_url" in talked.notes
            assert "sk-redirected" not in talked.notes
            assert "\x1b" not in talked.notes
            assert (len(server.requests), other.connections) == (number, 0)


async def test_a_tunnel_that_is_led_elsewhere_is_no_way(tmp_path: Path) -> None:
    """A proxy that answers CONNECT with a redirect gets neither key nor question, and is not followed."""
    with Loopback() as proxy, Loopback() as other:
        proxy.on("443", status(307, "moved", {"Location": other.base_url}))
        stage = Stage(tmp_path, proxy, {"https_proxy": f"127.0.0.1:{proxy.port}"})
        stage.environ["OPENAI_BASE_URL"] = "https://model.test/v1"
        talked = await stage.talk("u", QUESTION)
        assert (talked.code, other.connections) == (4, 0)
        assert {received.method for received in proxy.requests} == {"CONNECT"}
        sent = repr(proxy.requests)
        assert QUESTION not in sent
        assert "authorization" not in sent


@pytest.mark.parametrize("linked", ["openai_key", "configs", "settings.toml"])
async def test_a_link_out_of_a_foreign_folder_brings_no_key_to_its_address(
    linked: str, tmp_path: Path, street: Street
) -> None:
    """A repository that someone cloned names its own server, and links to where a key of the user may stand."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    (theirs / "envs").mkdir(parents=True)
    url = street.servers["settings.toml"].base_url
    key = secret("openai_key")
    files = {"openai_key": key, "configs": json.dumps({"api": key}), "settings.toml": f'base_url = "{url}"'}
    (ours / linked).write_text(files[linked])
    (theirs / "envs" / linked).symlink_to(ours / linked)
    if linked != "settings.toml":
        (theirs / "envs" / "settings.toml").write_text(files["settings.toml"])
    with pytest.raises(SettingsError, match="is a link that leads out of envs/; put the file itself there"):
        await Stage(theirs, environ={}).talk("u", QUESTION)
    assert street.taken() == {}


@pytest.mark.parametrize("where", ["base_url", "proxy"])
async def test_a_foreign_folder_draws_no_key_of_the_environment(where: str, tmp_path: Path) -> None:
    with Loopback() as server, OpenProxy() as proxy:
        stage = Stage(tmp_path, server)
        if where == "base_url":
            del stage.environ["OPENAI_BASE_URL"]
            stage.settings(f'base_url = "{server.base_url}"')
        else:
            stage.environ["OPENAI_BASE_URL"] = f"http://model.test:{server.port}/v1"
            stage.settings(f'proxy = "{proxy.url()}"')
        talked = await stage.talk("u", QUESTION)
        assert talked.code == 2
        assert "envs/settings.toml line 1 sends to 127.0.0.1:" in talked.notes
        assert "but the key comes from OPENAI_API_KEY" in talked.notes
        assert (server.connections, proxy.asked) == (0, [])
