"""A name server that does not answer: the prompt comes back, and the program ends, without it."""

import signal
import sys

import pytest

from tests.chat.stage import Stage
from tests.terminal_driver import Terminal

STUCK = """
import socket, sys, threading
real = socket.getaddrinfo

def getaddrinfo(host, *rest, **named):
    if host in ("model.test", b"model.test"):
        threading.Event().wait()
    return real(host, *rest, **named)

socket.getaddrinfo = getaddrinfo
from chatcmd.cli import main
sys.exit(main())
"""

ENV = {"OPENAI_BASE_URL": "http://model.test/v1", "CHATCMD_BAR": "false"}


def terminal(stage: Stage) -> Terminal:
    return Terminal([sys.executable, "-c", STUCK, "-u", "u"], env=stage.environ | ENV)


@pytest.mark.faults(1, 22)
def test_one_can_leave_while_a_name_is_still_looked_up(stage: Stage) -> None:
    with terminal(stage) as program:
        program.expect("【u】")
        program.line("q")
        program.expect("1 s")
        program.send("\x03")
        program.expect("stopped before the first word")
        program.expect_screen(lambda text: text.endswith("【u】q"))
        program.send("\x15")
        program.line("0")
        assert program.wait() == 0
    assert stage.sessions() == []


@pytest.mark.faults(1, 40)
def test_a_signal_ends_the_program_while_a_name_is_still_looked_up(stage: Stage) -> None:
    with terminal(stage) as program:
        program.expect("【u】")
        program.line("q")
        program.expect("1 s")
        program.signal(signal.SIGTERM)
        assert program.wait() == 143
