"""What doctor says of a service that misbehaves: how far it was reached, what it says of the key, what to do."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from chatcmd.cli.doctor.case import Case
from chatcmd.cli.doctor.finding import Finding
from chatcmd.cli.doctor.page import sentence_of
from chatcmd.cli.doctor.service import look_at
from chatcmd.cli.doctor.ways import Way, ways
from chatcmd.settings.load import load
from chatcmd.settings.origin import Origin
from chatcmd.settings.root import Root
from tests.certificates import certificate
from tests.cli.examined import KEY, MASKED, guarded, written
from tests.loopback import FAULTS, Loopback, Reply, error, raw, redirect, say, status
from tests.proxies import Encrypted, OpenProxy


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        loopback.on("/v1/models", guarded(loopback, KEY))
        yield loopback


def look(
    root: Path,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    patience: float = 10,
    asks: bool = False,
) -> dict[str, Finding]:
    """Look at every service of a root's settings; give what is found by id."""
    found_root = Root(root, Origin("flag", "--root"))
    case = Case(found_root, load(flags or {}, environ or {}, found_root), (), environ or {}, True, patience, asks)
    assert case.settings is not None
    findings = [
        finding for way in ways(case.settings) for finding in (look_at(case, way) if isinstance(way, Way) else [way])
    ]
    assert all(KEY not in repr(finding) for finding in findings)
    return {finding.id.removeprefix("service."): finding for finding in findings}


def states(found: Mapping[str, Finding]) -> dict[str, str]:
    return {name: finding.status for name, finding in found.items()}


def test_a_service_that_is_well_is_said_to_be_step_by_step(tmp_path: Path, server: Loopback) -> None:
    found = look(written(tmp_path), {"base_url": server.base_url})
    assert states(found) == {
        "address": "ok",
        "proxy": "ok",
        "connection": "ok",
        "encryption": "skipped",
        "answer": "ok",
        "key": "ok",
        "model": "ok",
    }
    assert sentence_of(found["address"]) == f"{server.base_url} (from --base-url)"
    assert sentence_of(found["proxy"]) == "none: it is on this machine"
    assert sentence_of(found["key"]) == f"{MASKED} is accepted (from envs/openai_key line 1)"
    assert sentence_of(found["model"]) == "gpt-3.5-turbo is there, one of 2"
    assert all((found[name].seconds or 0) > 0 for name in ("connection", "answer"))
    assert not server.chats, "a question costs money"
    sent = [request.headers.get("authorization") for request in server.requests]
    assert sent == [f"Bearer {KEY}", None], "once with the key, once to see whether the key made a difference"


SAID: list[tuple[str, Reply, dict[str, str], str, str]] = [
    ("a refused key", FAULTS["401"], {"key": "failed", "answer": "ok"}, "key", "refused the key (it comes from envs/"),
    ("a forbidden country", FAULTS["403"], {"key": "failed", "answer": "ok"}, "key", "Country, region, or territory"),
    ("a spent quota", FAULTS["429quota"], {"key": "failed", "answer": "ok"}, "key", "is used up"),
    ("too many requests", FAULTS["429ra1"], {"key": "warning", "answer": "ok"}, "key", "too many requests"),
    ("no list of models", error(404, "?"), {"key": "skipped", "model": "skipped", "answer": "ok"}, "key", "--ask"),
    ("another list", status(200, {"x": 1}), {"key": "skipped", "model": "skipped", "answer": "ok"}, "model", "--ask"),
    ("a web page", FAULTS["200html"], {"answer": "failed", "key": "skipped"}, "answer", "but a web page"),
    ("a redirect", redirect(), {"answer": "failed", "key": "skipped"}, "answer", "redirects to elsewhere.invalid"),
    ("a failing server", FAULTS["500"], {"answer": "failed", "key": "skipped"}, "answer", "failed (500)"),
    ("a failing proxy before it", FAULTS["502html"], {"answer": "failed", "key": "skipped"}, "answer", "failed (502)"),
    ("a hang-up", raw(b""), {"answer": "failed", "key": "skipped"}, "answer", "closed the connection without an"),
    ("no HTTP", raw(b"220 smtp\r\n"), {"answer": "failed", "key": "skipped"}, "answer", "closed the connection"),
    ("endless headers", raw(b"HTTP/1.1 200 OK\r\nX: ", "hold"), {"answer": "failed"}, "answer", "did not answer in 1 "),
    ("silence", FAULTS["hang_headers"], {"answer": "failed", "key": "skipped"}, "answer", "did not answer in 1 "),
    ("an echo of the key", status(500, f"no {KEY}"), {"answer": "failed", "key": "skipped"}, "answer", "no ••••"),
]  # fmt: skip


@pytest.mark.faults(2, 9, 10, 13, 14, 15, 16)
@pytest.mark.parametrize("case", SAID, ids=lambda case: case[0].replace(" ", "-"))
def test_what_a_service_answers_is_told_where_it_belongs(
    case: tuple[str, Reply, dict[str, str], str, str], tmp_path: Path, server: Loopback
) -> None:
    _name, reply, expected, where, words = case
    server.on("/v1/models", reply)
    found = look(written(tmp_path), {"base_url": server.base_url}, patience=1 if "did not answer" in words else 10)
    assert {name: found[name].status for name in expected} == expected
    assert found["connection"].status == "ok"
    assert words in sentence_of(found[where])
    if expected.get("key") == "skipped":
        assert MASKED in found["key"].value


@pytest.mark.faults(1)
def test_nobody_at_the_address_is_said_of_the_connection_and_the_key_was_not_tried(tmp_path: Path) -> None:
    with Loopback() as server:
        address = server.base_url
    found = look(written(tmp_path), {"base_url": address})
    assert states(found) == {"address": "ok", "proxy": "ok", "connection": "failed", "key": "skipped"}
    assert "connection refused; check address" in found["connection"].value
    assert found["key"].value == f"{MASKED}: not tried"


@pytest.mark.faults(1)
def test_a_name_that_there_is_not_is_said_of_the_connection(tmp_path: Path) -> None:
    found = look(written(tmp_path), {"base_url": "https://model.invalid/v1"})
    assert found["connection"].status == "failed"
    assert "cannot reach model.invalid" in found["connection"].value


def test_a_key_that_everyone_does_as_well_without_was_not_proved(tmp_path: Path, server: Loopback) -> None:
    server.on("/v1/models", status(200, {"data": [{"id": "gpt-3.5-turbo"}]}))
    found = look(written(tmp_path), {"base_url": server.base_url})
    assert (found["key"].status, found["model"].status) == ("skipped", "ok")
    assert found["key"].value == f"{MASKED}: the service did not tell whether it accepts it"


def test_a_model_that_is_not_listed_fails_with_the_nearest(tmp_path: Path, server: Loopback) -> None:
    found = look(written(tmp_path), {"base_url": server.base_url, "model": "gpt-4p"})
    assert found["key"].status == "ok"
    assert found["model"].status == "failed"
    assert found["model"].value == "gpt-4p is not among the 2 that it has; did you mean gpt-4o?"


@pytest.mark.parametrize("listed", ["llama3", "llama3:latest", "models/llama3"])
def test_a_model_is_found_under_the_names_that_services_give_it(listed: str, tmp_path: Path, server: Loopback) -> None:
    server.on("/v1/models", status(200, {"data": [{"id": listed}]}))
    found = look(written(tmp_path, key=None), {"base_url": server.base_url, "model": "llama3"})
    assert (found["key"].status, found["key"].value) == ("ok", "none is needed")
    assert (found["model"].status, found["model"].value) == ("ok", "llama3 is there, its only one")


def test_a_service_on_this_machine_that_wants_a_key_says_so(tmp_path: Path, server: Loopback) -> None:
    found = look(written(tmp_path, key=None), {"base_url": server.base_url})
    assert found["key"].status == "failed"
    assert "wants a key, and none was sent" in found["key"].value


ASKED: list[tuple[str, Reply, dict[str, str], str]] = [
    ("an answer", say("ok"), {"key": "ok", "model": "ok"}, "gpt-3.5-turbo answers"),
    ("an unknown model", FAULTS["404"], {"key": "ok", "model": "failed"}, "does not have the model gpt-3.5-turbo"),
    ("a failing server", FAULTS["500"], {"answer": "failed", "key": "skipped"}, ""),
    ("silence", FAULTS["hang_headers"], {"answer": "failed", "key": "skipped"}, ""),
]


@pytest.mark.parametrize("case", ASKED, ids=lambda case: case[0].replace(" ", "-"))
def test_a_question_that_was_asked_for_tells_more_than_a_list(
    case: tuple[str, Reply, dict[str, str], str], tmp_path: Path, server: Loopback
) -> None:
    _name, reply, expected, words = case
    server.on("/v1/models", error(404, "no such page"))
    server.answer(reply)
    found = look(written(tmp_path), {"base_url": server.base_url}, patience=2, asks=True)
    assert {name: found[name].status for name in expected} == expected
    assert words in found.get("model", found["key"]).value
    (chat,) = server.chats
    assert chat.body["max_tokens"] <= 16


def test_a_refused_key_is_not_asked_with(tmp_path: Path, server: Loopback) -> None:
    server.on("/v1/models", FAULTS["401"])
    assert look(written(tmp_path), {"base_url": server.base_url}, asks=True)["key"].status == "failed"
    assert not server.chats


def test_each_key_of_a_list_is_tried_by_itself(tmp_path: Path, server: Loopback) -> None:
    other = KEY[:-1] + "Z"
    written(tmp_path, key=None, openai_key=f'{{"api": ["{KEY}",\n"{other}"]}}')
    found = look(tmp_path, {"base_url": server.base_url})
    assert (found["key"].status, found["key"].origin) == ("ok", "envs/openai_key line 1")
    assert (found["2.key"].status, found["2.key"].origin) == ("failed", "envs/openai_key line 2")
    assert "••••ad2Z" in found["2.key"].value
    assert other not in repr(found)


def test_every_named_provider_is_tried_with_its_own_key_and_no_other(tmp_path: Path, server: Loopback) -> None:
    with Loopback() as another:
        another.on("/v1/models", guarded(another, "sk-of-the-other-000000000"))
        text = f'[providers.other]\nbase_url = "{another.base_url}"\nkey = "sk-of-the-other-000000000"\n'
        found = look(written(tmp_path, settings_toml=text), {"base_url": server.base_url})
    assert found["key"].status == "ok"
    assert found["providers.other.key"].status == "ok"
    assert found["providers.other.address"].origin == "envs/settings.toml line 2"
    assert "providers.other.model" not in found
    assert KEY not in repr([request.headers for request in another.requests])


def test_a_service_without_a_key_is_reached_all_the_same(tmp_path: Path, server: Loopback) -> None:
    with OpenProxy() as proxy:
        found = look(tmp_path, {"base_url": f"http://model.test:{server.port}/v1", "proxy": proxy.url()})
    assert states(found) == {
        "address": "ok",
        "proxy": "ok",
        "connection": "ok",
        "encryption": "skipped",
        "answer": "ok",
        "key": "failed",
    }
    assert "no key for model.test" in found["key"].value
    assert found["proxy"].origin == "--proxy"


def test_an_address_of_the_folder_and_a_key_from_elsewhere_never_meet(tmp_path: Path, server: Loopback) -> None:
    written(tmp_path, key=None, settings_toml=f'base_url = "http://model.test:{server.port}/v1"\n')
    found = look(tmp_path, environ={"OPENAI_API_KEY": KEY})
    assert states(found) == {"key": "failed"}
    assert "only receives keys of that folder" in found["key"].value
    assert not server.requests


@pytest.mark.faults(17)
def test_a_proxy_is_named_with_where_it_is_set_and_never_with_its_password(tmp_path: Path, server: Loopback) -> None:
    with OpenProxy(password="pr0xy-secret") as proxy:
        environ = {"HTTP_PROXY": proxy.url(sign_in="me:pr0xy-secret")}
        flags = {"base_url": f"http://model.test:{server.port}/v1"}
        found = look(written(tmp_path), flags, environ)
        assert sentence_of(found["proxy"]) == f"127.0.0.1:{proxy.port} (from HTTP_PROXY)"
        assert (found["key"].status, found["model"].status) == ("ok", "ok")
        assert "pr0xy-secret" not in repr(found)
        found = look(written(tmp_path), flags, {"HTTP_PROXY": proxy.url(sign_in="me:wrong-secret")})
        assert "does not accept the name and password" in sentence_of(found["answer"])
        assert "wrong-secret" not in repr(found)


def test_a_proxy_that_no_proxy_rules_out_is_named(tmp_path: Path) -> None:
    environ = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "model.invalid"}
    found = look(written(tmp_path), {"base_url": "https://model.invalid/v1"}, environ)
    assert found["proxy"].value == "none: NO_PROXY names this host, so that HTTPS_PROXY does not count"
    assert found["connection"].status == "failed"


@pytest.mark.faults(17)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_variable_that_holds_no_proxy_is_said_of_it(variable: str, tmp_path: Path) -> None:
    found = look(written(tmp_path), {"base_url": "https://model.invalid/v1"}, {variable: "gopher://127.0.0.1:1"})
    assert states(found) == {"address": "ok", "connection": "failed"}
    assert f"{variable} has the scheme 'gopher'" in found["connection"].value


@pytest.mark.faults(1)
def test_a_certificate_that_nobody_trusts_is_said_of_the_encryption(tmp_path: Path, server: Loopback) -> None:
    made = certificate(tmp_path)
    with Encrypted(made.context(), server.port) as front:
        flags = {"base_url": f"https://127.0.0.1:{front.port}/v1"}
        found = look(written(tmp_path), flags)
        assert states(found) == {
            "address": "ok", "proxy": "ok", "connection": "ok", "encryption": "failed", "key": "skipped",
        }  # fmt: skip
        assert "is not trusted: self-signed certificate" in found["encryption"].value
    assert not server.requests
