from pathlib import Path

import pytest

from chatcmd.conversation.window import Budget
from chatcmd.errors import UsageError
from tests.settings.envs_folder import read

# The settings, the model, and the window, reserve and turns that they come to.
BUDGETS = {
    "1,024 of 4,096": ("", "gpt-3.5-turbo", Budget(4096, 1024, None)),
    "4,096 of a large window": ("", "gpt-4o", Budget(128_000, 4096, None)),
    "a quarter of a small window": ("windows.tiny = 1000", "tiny", Budget(1000, 250, None)),
    "a quarter of the smallest": ("windows.tiny = 256", "tiny", Budget(256, 64, None)),
    "the setting": ("reserve = 2000", "gpt-3.5-turbo", Budget(4096, 2000, None)),
    "max_tokens": ("max_tokens = 300", "gpt-3.5-turbo", Budget(4096, 300, None)),
    "max_tokens before the setting": ("max_tokens = 300\nreserve = 2000", "gpt-3.5-turbo", Budget(4096, 300, None)),
    "all but one token": ("reserve = 4095", "gpt-3.5-turbo", Budget(4096, 4095, None)),
    "turns": ("max_turns = 0", "gpt-3.5-turbo", Budget(4096, 1024, 0)),
}


@pytest.mark.parametrize("case", BUDGETS)
def test_the_reserve_follows_from_settings_and_window(tmp_path: Path, case: str) -> None:
    text, model, expected = BUDGETS[case]
    assert read(tmp_path, settings=text).budget(model) == expected


@pytest.mark.parametrize(
    ("name", "value"), [("max_tokens", 4096), ("max_tokens", 9000), ("reserve", 4096), ("reserve", 2**53)]
)
def test_a_reserve_that_swallows_the_window_is_refused_with_its_origin(tmp_path: Path, name: str, value: int) -> None:
    settings = read(tmp_path, settings=f"seed = 1\n{name} = {value}")
    with pytest.raises(UsageError) as caught:
        settings.budget("gpt-3.5-turbo")
    assert str(caught.value) == (
        f"{name} (envs/settings.toml line 2) keeps {value:,} tokens for the answer, and the window of gpt-3.5-turbo "
        "has only 4,096; make it smaller, or set the model's window in [windows]"
    )


def test_of_both_the_one_that_counts_is_named(tmp_path: Path) -> None:
    settings = read(tmp_path, settings="reserve = 5", flags={"max_tokens": "5000"})
    with pytest.raises(UsageError, match=r"^max_tokens \(--max-tokens\) keeps 5,000 tokens"):
        settings.budget("gpt-3.5-turbo")
