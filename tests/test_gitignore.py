"""No key and no history can be committed; examples can."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

KEPT_OUT = [
    "envs/openai_key",
    "envs/configs",
    "envs/settings.toml",
    "envs/personas/mine.md",
    "below/envs/openai_key",
    "history/u/20261120T213005Z-3f2a.json",
    "history/u/20261120T213005Z-3f2a.jsonl",
    "below/history/u/20261120T213005Z-3f2a.json",
    "user_messages.json",
    "gateway.sqlite3",
]
LET_IN = ["envs/openai_key.example", "envs/settings.toml.example", "chatcmd/history/file.py", "tests/history/made.py"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_keys_and_histories_stay_out_and_examples_travel() -> None:
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", *KEPT_OUT, *LET_IN], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.stdout.split() == KEPT_OUT
