"""Rows 16 to 18: redirects, proxies, and variables that would send a key or a question elsewhere."""

from collections.abc import Iterator

import pytest

from tests.faults.invariants import KEY
from tests.faults.scene import NAME, Said, Scene, answer_to
from tests.loopback import FAULTS, Loopback, redirect


@pytest.fixture
def elsewhere() -> Iterator[Loopback]:
    """Start a second server, which ought to hear nothing."""
    with Loopback() as other:
        yield other
        assert other.requests == []
        assert other.connections == 0


@pytest.mark.faults(16)
def test_redirect_to_another_host_is_refused_and_nothing_is_sent_there(
    scene: Scene, server: Loopback, elsewhere: Loopback
) -> None:
    server.elsewhere = elsewhere.base_url
    (out,) = (FAULTS[name] for name in scene.row.replies)
    with scene.chat() as chat:
        chat.well()
        for number, reply in enumerate((out, *(redirect(elsewhere.base_url, code) for code in (301, 302, 303, 308)))):
            server.answer(reply)
            chat.gives_back(f"where to, {number}?", f"redirects to 127.0.0.1:{elsewhere.port}", "correct base_url")
            assert len(server.chats) == 2 + number
        chat.leave()


# Where it stands, what stands there, and a word of what is said of it.
PROXIES = [
    ("ALL_PROXY", "socks4://127.0.0.1:9", "socks4"),
    ("ALL_PROXY", "socks://127.0.0.1:9", "socks"),
    ("https_proxy", "ftp://127.0.0.1:9", "ftp"),
    ("HTTPS_PROXY", "http://", "HTTPS_PROXY"),
    ("HTTPS_PROXY", "http://127.0.0.1:99999", "HTTPS_PROXY"),
    ("CHATCMD_PROXY", "http://[::1", "CHATCMD_PROXY"),
    ("CHATCMD_PROXY", "   ", "CHATCMD_PROXY"),
]
FAR = "https://model.test/v1"
"""A service that is never asked by name: the name is the proxy's to find."""


@pytest.mark.faults(17)
@pytest.mark.parametrize(("variable", "value", "word"), PROXIES)
def test_variable_that_holds_no_proxy_is_one_sentence_and_exit_code_2(
    scene: Scene, variable: str, value: str, word: str
) -> None:
    done = scene.pipe("", "ask", "--base-url", FAR, "anyone?", env={variable: value}, code=2)
    assert done.out == ""
    assert len(done.err.splitlines()) == 1, done.err
    assert word in done.err


@pytest.mark.faults(17)
def test_proxy_that_is_not_there_is_named_and_the_chat_goes_on(scene: Scene) -> None:
    far = f'[providers.far]\nbase_url = "{FAR}"\nkey = "{KEY}"'
    scene.settings(far)
    with scene.chat(env={"HTTPS_PROXY": "http://me:secret-word@127.0.0.1:1"}) as chat:
        chat.well()
        chat.command("/model far/m", "its window is not known")
        chat.gives_back("anyone?", "127.0.0.1:1", "HTTPS_PROXY")
        assert "secret-word" not in chat.shown
        chat.command("/model default", "gpt-3.5-turbo")
        chat.leave()


OTHERS_KEY = "-".join(("sk", "another", "key" * 9))


def foreign(elsewhere: Loopback) -> dict[str, str]:
    return {
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer stolen\nX-Foreign: yes",
        "OPENAI_ORG_ID": "org-foreign",
        "OPENAI_PROJECT_ID": "proj-foreign",
        "OPENAI_WEBHOOK_SECRET": "foreign",
        "OPENAI_LOG": "debug",
        "OPENAI_API_BASE": elsewhere.base_url,
        "NETRC": "/dev/null",
    }


@pytest.mark.faults(18)
def test_foreign_variables_change_neither_host_nor_key_nor_headers(
    scene: Scene, server: Loopback, elsewhere: Loopback
) -> None:
    scene.pipe("one?\n", "-u", NAME, env=foreign(elsewhere), said=[Said(NAME, "one?", answer_to("one?"))])
    (request,) = server.chats
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert not [name for name in request.headers if name.startswith(("x-foreign", "openai-"))]
    assert "foreign" not in repr(request)


@pytest.mark.faults(18)
def test_address_of_the_environment_gets_no_key_of_a_folder_that_has_its_own(
    scene: Scene, server: Loopback, elsewhere: Loopback
) -> None:
    # The environment's key with the folder's address: the folder may be someone else's.
    (scene.root / "envs" / "openai_key").unlink()
    done = scene.pipe("one?\n", "-u", NAME, env={"OPENAI_API_KEY": OTHERS_KEY}, code=2)
    assert "OPENAI_API_KEY" in done.err
    assert OTHERS_KEY not in done.err
    # A folder's address for one service is no address for the key of another.
    scene.settings("[providers.other]", f'base_url = "{elsewhere.base_url}"', f'key = "{OTHERS_KEY}"')
    scene.write("openai_key", KEY)
    scene.pipe("two?\n", "-u", NAME, said=[Said(NAME, "two?", answer_to("two?"))])
    assert [request.headers["authorization"] for request in server.chats] == [f"Bearer {KEY}"]
