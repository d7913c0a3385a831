"""Secrets taken out of texts: those that are known, cut off ones too, and what looks like one."""

import pytest

from chatcmd.settings.redaction import redacted, without_known
from chatcmd.settings.secret import DOTS, LEAST_KNOWN, LEAST_MASKED, Secret, holds_secret

KEY = "sk-CANARY-redaction+0123/456789=="
PLAIN = "zq7-plain-looking"


@pytest.fixture(autouse=True)
def loaded() -> None:
    for text in (KEY, PLAIN, "none"):
        Secret(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Incorrect API key provided: {KEY}.", f"Incorrect API key provided: {DOTS}."),
        (f"{KEY}{KEY} {PLAIN}", f"{DOTS}{DOTS} {DOTS}"),
        (f"cut {KEY[:20]}… and {KEY[:4]}...", f"cut {DOTS}… and {DOTS}..."),
        ("/v1?a=sk-CANARY-redaction%2B0123%2F456789%3D%3D&b=1", f"/v1?a={DOTS}&b=1"),
        ("a key that nobody loaded: sk-proj-4711081547110815", f"a key that nobody loaded: {DOTS}"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: Bearer {DOTS}"),
        ("Proxy-Authorization: Basic bWU6c2VjcmV0", f"Proxy-Authorization: Basic {DOTS}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", DOTS),
        ('{"api_key": "whatever", "a": 1}', f'{{"api_key": "{DOTS}", "a": 1}}'),
        ("GET /v1?key=whatever&page=2", f"GET /v1?key={DOTS}&page=2"),
        ("http://me:secret@127.0.0.1:8080/path", f"http://{DOTS}@127.0.0.1:8080/path"),
    ],
)
def test_secrets_become_dots(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "none of it",
        'write it like {"api": "sk-..."}',
        "the key (it comes from OPENAI_API_KEY)",
        "no key for api.openai.com: set OPENAI_API_KEY",
        "https://api.openai.com/v1/chat",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_known_secrets_alone_can_be_taken_out() -> None:
    assert without_known(f"key=value {PLAIN}") == f"key=value {DOTS}"


@pytest.mark.parametrize("piece", ["key=", "://", "a@", "eyJ", "bearer ", "sk-", "…", "sk-C...", "x"])
def test_redaction_of_a_huge_text_comes_to_its_end(piece: str) -> None:
    assert len(redacted(piece * 30_000)) >= 1  # the square of it would take minutes, more than a test has


def test_last_characters_tell_a_long_key_and_nothing_of_a_short_one() -> None:
    assert Secret("k" * (LEAST_MASKED - 4) + "last").masked == f"{DOTS}last"
    assert Secret("k" * (LEAST_MASKED - 5) + "last").masked == DOTS


def test_words_that_stand_for_no_key_are_no_secret() -> None:
    assert not holds_secret("none", "ollama", "x" * (LEAST_KNOWN - 1))
    assert holds_secret("nothing", f"what about {PLAIN}?")
