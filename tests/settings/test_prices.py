"""[prices]: what models cost, as their user says; and whose list prices hold without it."""

from pathlib import Path

import pytest

from chatcmd.conversation.price import Price
from tests.settings.envs_folder import faults, read

SERVICES = (
    '[providers.near]\nbase_url = "http://127.0.0.1:1/v1"\n[providers.own]\nbase_url = "https://API.openai.com/v1"\n'
)


@pytest.mark.parametrize(
    ("settings", "model", "answered", "prompt"),
    [
        ("", "gpt-4o", None, 2.5),
        ("", "gpt-4o", "gpt-4o-2024-05-13", 5),
        ("", "gpt-3.5-turbo", "gpt-3.5-turbo-0125", 0.5),
        ("", "gpt-4o", "something-else", None),
        ("", "llama", None, None),
        ('base_url = "http://127.0.0.1:1/v1"', "gpt-4o", None, None),
        ('base_url = "https://eu.api.openai.com/v1"', "gpt-4o", None, None),
        ('base_url = "https://api.openai.com.example.org/v1"', "gpt-4o", None, None),
        ("offline = true", "gpt-4o", None, None),
        (SERVICES, "near/gpt-4o", "gpt-4o", None),
        (SERVICES, "own/gpt-4o", None, 2.5),
        (f'provider = "near"\n{SERVICES}', "gpt-4o", None, None),
        (f'provider = "gone"\n{SERVICES}', "gpt-4o", None, None),
        ('[prices]\n"gpt-4o" = [7, 8]', "gpt-4o", "gpt-4o-2024-05-13", 7),
        ('[prices]\n"gpt-4o" = [7, 8]', "gpt-4o-2024-08-06", None, 7),
        ("[prices]\nllama = [0.1, 0]", "llama", "other", 0.1),
        (f'[prices]\n"gpt-4o" = [7, 8]\n{SERVICES}', "near/gpt-4o", None, 7),
        (f'[prices]\n"near/gpt-4o" = [9, 9]\n"gpt-4o" = [7, 8]\n{SERVICES}', "near/gpt-4o", None, 9),
        (f'[prices]\n"near/gpt-4o" = [9, 9]\n{SERVICES}', "gpt-4o", None, 2.5),
        ('base_url = "http://127.0.0.1:1/v1"\n[prices]\nllama = [0, 0]', "llama", None, 0),
    ],
)
def test_the_price_is_the_users_else_openais_for_its_own_models(
    tmp_path: Path, settings: str, model: str, answered: str | None, prompt: float | None
) -> None:
    price = read(tmp_path, settings=settings).price_of(model, answered)
    assert (price and price.prompt) == prompt


def test_prices_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, settings='[prices]\n"a b" = [0.15, 0.6]\nc = [1, 2]').prices == {
        "a b": Price(0.15, 0.6),
        "c": Price(1, 2),
    }


@pytest.mark.parametrize(
    "price", ["5", '"12"', "[]", "[1]", "[1, 2, 3]", "[-1, 2]", "[1, true]", "[nan, 1]", "[[1], 2]", "{a = 1, b = 2}"]
)
def test_a_wrong_price_is_told_with_its_line(tmp_path: Path, price: str) -> None:
    assert faults(tmp_path, settings=f"\n[prices]\nx = {price}") == (
        "envs/settings.toml line 3: the price of x must be [PROMPT, ANSWER] in US dollars per million tokens",
    )


def test_prices_that_are_no_table_are_told(tmp_path: Path) -> None:
    assert faults(tmp_path, settings="prices = 5") == (
        "envs/settings.toml line 1: prices must be a table; write it as [prices]",
    )
