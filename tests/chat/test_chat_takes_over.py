"""What is said at once, and not only after the answer: which key takes over, and that sessions are left unsaved."""

import json
import re

from tests.chat.stage import Stage
from tests.loopback import FAULTS, Exchange, Loopback, gated

ALONE = {"NO_COLOR": "1", "CHATCMD_BAR": "false"}


def two_keys(stage: Stage) -> None:
    """Write two keys on one line in place of the one in the environment."""
    (stage.root / "envs").mkdir(parents=True)
    file = stage.root / "envs" / "openai_key"
    file.write_text(json.dumps({"api": ["sk-0123456789-0123456789-AAAA", "sk-0123456789-0123456789-BBBB"]}))
    file.chmod(0o600)
    del stage.environ["OPENAI_API_KEY"]


def test_a_key_that_takes_over_is_named_before_the_answer_begins(stage: Stage, server: Loopback) -> None:
    gate = gated(["fine"])

    def respond(exchange: Exchange) -> None:
        (FAULTS["401"] if len(server.chats) == 1 else gate)(exchange)

    server.default = respond
    two_keys(stage)
    with stage.terminal("-u", "u", env=ALONE) as terminal:
        terminal.expect("【u】")
        terminal.line("q")
        terminal.expect(re.compile(r"\(from\s+envs/openai_key\s+line\s+1,\s+key\s+[12]\)\s+takes\s+over"))
        assert "fine" not in terminal.text
        gate.release()
        terminal.expect("【ChatGPT】fine")
        terminal.line("0")
        assert terminal.wait() == 0
    assert terminal.text.count("takes over") == 1


def test_of_several_keys_on_one_line_each_refusal_says_which(stage: Stage, server: Loopback) -> None:
    server.default = FAULTS["401"]
    two_keys(stage)
    done = stage.pipe("", "ask", "q")
    refused = re.findall(r"refused the key \(it comes from envs/openai_key line 1, key ([12])\)", done.err)
    assert sorted(refused) == ["1", "2"]
    assert "AAAA" not in done.err.replace("••••AAAA", "")
