from pathlib import Path

import pytest

from chatcmd.errors import KeyMissing, SettingsError, UsageError
from chatcmd.settings.settings import Service
from chatcmd.settings.url import Proxy
from tests.settings.envs_folder import KEY, faults, read

SETTINGS = "envs/settings.toml"
PROVIDERS = f"""
[providers.far]
base_url = "https://far.example/v1"
key = "{KEY}-far"

[providers.near]
base_url = "http://127.0.0.1:11434/v1"
"""


def _facts(service: Service) -> tuple[str, str, str | None]:
    return service.name, service.base_url, service.key.secret.reveal() if service.key else None


# Where the address comes from, where the key comes from, and whether they go together.
TOGETHER = {
    ("default", "environment"): True,
    ("default", "file"): True,
    ("environment", "environment"): True,
    ("environment", "file"): True,
    ("flag", "environment"): True,
    ("flag", "file"): True,
    ("file", "file"): True,
    ("file", "environment"): False,
}


@pytest.mark.parametrize("address", ["https://other.example/v1", "http://127.0.0.1:1/v1"])
@pytest.mark.parametrize(("base_url", "key"), TOGETHER)
def test_an_address_in_a_folder_only_receives_keys_of_that_folder(
    tmp_path: Path, base_url: str, key: str, address: str
) -> None:
    settings = read(
        tmp_path,
        settings=f'base_url = "{address}"' if base_url == "file" else "",
        **({"key": KEY} if key == "file" else {}),
        environ={
            **({"OPENAI_BASE_URL": address} if base_url == "environment" else {}),
            **({"OPENAI_API_KEY": KEY} if key == "environment" else {}),
        },
        flags={"base_url": address} if base_url == "flag" else {},
    )
    if TOGETHER[base_url, key]:
        (service,), _ = settings.services("gpt-4o")
        expected = "https://api.openai.com/v1" if base_url == "default" else address
        assert _facts(service) == ("", expected, KEY)
    else:
        with pytest.raises(SettingsError) as caught:
            settings.services("gpt-4o")
        host = address.split("/")[2]
        assert str(caught.value) == (
            f"{SETTINGS} line 1 sends to {host}, but the key comes from OPENAI_API_KEY: an address in a folder only "
            "receives keys of that folder; unset OPENAI_API_KEY and put the key into envs/openai_key, "
            "or pass --base-url"
        )
        assert caught.value.exit_code == 2


def test_a_folders_proxy_does_not_read_a_key_from_elsewhere_either(tmp_path: Path) -> None:
    text = 'proxy = "http://theirs.example:8080"'
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://ours.example/v1"}
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, settings=text, environ=environ).services("gpt-4o")
    assert str(caught.value) == (
        f"{SETTINGS} line 1 sends to theirs.example:8080, but the key comes from OPENAI_API_KEY: an address in a "
        "folder only receives keys of that folder; unset OPENAI_API_KEY and put the key into "
        "envs/openai_key, or pass --proxy"
    )


@pytest.mark.parametrize("address", ["https://ours.example/v1", "http://127.0.0.1:1/v1"])
def test_a_folders_proxy_may_carry_what_it_cannot_read(tmp_path: Path, address: str) -> None:
    text = 'proxy = "http://theirs.example:8080"'
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": address}
    (service,), _ = read(tmp_path, settings=text, environ=environ).services("gpt-4o")
    assert (service.base_url, service.proxy) == (address, Proxy("http://theirs.example:8080", f"{SETTINGS} line 1"))


def test_a_named_service_never_receives_the_default_services_key(tmp_path: Path) -> None:
    text = "[providers.x]\nbase_url = 'https://x.example/v1'\n[providers.y]\nbase_url = 'http://localhost:1/v1'"
    settings = read(tmp_path, settings=text, key=KEY, environ={"OPENAI_API_KEY": KEY})
    with pytest.raises(KeyMissing) as caught:
        settings.services("x/model")
    assert str(caught.value) == f'no key for x.example: add key = "..." to [providers.x] in {SETTINGS}'
    (service,), _ = settings.services("y/model")
    assert _facts(service) == ("y", "http://localhost:1/v1", None)


def test_the_default_services_key_is_not_changed_by_a_named_services(tmp_path: Path) -> None:
    settings = read(tmp_path, settings=PROVIDERS, environ={"OPENAI_API_KEY": KEY})
    assert _facts(settings.services("gpt-4o")[0][0]) == ("", "https://api.openai.com/v1", KEY)


# A model's name, the service that it is of, and its name there.
NAMES = {
    "gpt-4o": ("", "gpt-4o"),
    "far/gpt-4o": ("far", "gpt-4o"),
    "near/library/qwen:7b": ("near", "library/qwen:7b"),
    "meta/llama-3": ("", "meta/llama-3"),
    "Far/x": ("", "Far/x"),
    "far": ("", "far"),
    "/x": ("", "/x"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_found_by_name_or_by_its_services_name(tmp_path: Path, name: str) -> None:
    settings = read(tmp_path, settings=PROVIDERS, key=KEY, flags={"base_url": "https://router.example/v1"})
    (service,), model = settings.services(name)
    assert (service.name, model) == NAMES[name]


ELSE = "add it there, or choose another model"


@pytest.mark.parametrize(("name", "hint"), [("Far/x", "did you mean far?"), ("meta/llama-3", ELSE), ("/x", ELSE)])
def test_a_model_of_a_service_that_is_not_there_does_not_go_to_openai(tmp_path: Path, name: str, hint: str) -> None:
    settings = read(tmp_path, settings='[providers.far]\nbase_url = "https://far.example/v1"\nkey = "k"', key=KEY)
    with pytest.raises(UsageError) as caught:
        settings.services(name)
    prefix = name.split("/", maxsplit=1)[0]
    expected = f"there is no [providers.{prefix}] for the model {name} in envs/settings.toml; {hint}"
    assert str(caught.value) == expected


def test_a_chosen_provider_needs_no_name_before_its_models(tmp_path: Path) -> None:
    settings = read(tmp_path, settings=PROVIDERS, flags={"provider": "far"})
    (service,), model = settings.services("meta/llama-3")
    assert (_facts(service), model) == (("far", "https://far.example/v1", f"{KEY}-far"), "meta/llama-3")
    (service,), model = settings.services("near/qwen")
    assert (service.name, model) == ("near", "qwen")


def test_a_provider_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    settings = read(tmp_path, settings=PROVIDERS, environ={"CHATCMD_PROVIDER": "nera"})
    with pytest.raises(UsageError) as caught:
        settings.services("x")
    expected = f"CHATCMD_PROVIDER: there is no [providers.nera] in {SETTINGS}; did you mean near?"
    assert str(caught.value) == expected


def test_an_address_said_on_the_command_line_wins_over_the_files_provider(tmp_path: Path) -> None:
    text = f'provider = "far"\n{PROVIDERS}'
    said = {"base_url": "http://127.0.0.1:5/v1"}
    (service,), _ = read(tmp_path, settings=text, flags=said).services("x")
    assert _facts(service) == ("", "http://127.0.0.1:5/v1", None)
    (service,), _ = read(tmp_path, environ={"OPENAI_BASE_URL": said["base_url"]}).services("x")
    assert service.base_url == said["base_url"]
    (service,), _ = read(tmp_path, environ={"OPENAI_BASE_URL": said["base_url"]}, flags={"provider": "near"}).services(
        "x"
    )
    assert service.name == "near"


@pytest.mark.parametrize("flags", [{"provider": "far"}, {"model": "far/x"}])
def test_an_address_that_would_not_be_used_is_refused(tmp_path: Path, flags: dict[str, str]) -> None:
    (sentence,) = faults(tmp_path, settings=PROVIDERS, flags={"base_url": "https://h/v1", **flags})
    model = flags.get("model", "gpt-3.5-turbo")
    assert sentence == (
        f"--base-url: the model {model} is one of [providers.far], which has an address of its own; leave out "
        "--base-url, or choose another --model or --provider"
    )


def test_a_server_on_this_machine_needs_no_key(tmp_path: Path) -> None:
    (service,), _ = read(tmp_path, settings='base_url = "http://localhost:1234/v1"').services("qwen")
    assert _facts(service) == ("", "http://localhost:1234/v1", None)


def test_a_missing_key_is_one_sentence_with_the_three_ways_and_the_demo(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing) as caught:
        read(tmp_path).services("gpt-4o")
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        "no key for api.openai.com: set OPENAI_API_KEY, or put the key into envs/openai_key or "
        f"envs/configs below {tmp_path}; or try the demo model with --offline"
    )


def test_a_services_own_proxy_comes_before_the_one_for_all(tmp_path: Path) -> None:
    text = (
        f'proxy = "http://all:1"\n{PROVIDERS}\n[providers.own]\nbase_url = "https://o/v1"\nkey = "k"\nproxy = "own:2"'
    )
    settings = read(tmp_path, settings=text, key=KEY)
    proxies = {name: settings.services(name)[0][0].proxy for name in ("x", "far/x", "own/x")}
    of_all = Proxy("http://all:1", f"{SETTINGS} line 1")
    own = Proxy("http://own:2", f"{SETTINGS} line {len(text.splitlines())}")
    assert proxies == {"x": of_all, "far/x": of_all, "own/x": own}


def test_each_of_several_keys_is_a_way_of_its_own(tmp_path: Path) -> None:
    services, _ = read(tmp_path, key=f'["{KEY}", "sk-second"]').services("x")
    assert [each.key and each.key.secret.reveal() for each in services] == [KEY, "sk-second"]
    assert {each.base_url for each in services} == {"https://api.openai.com/v1"}
