"""Start-up: the version, the prompt in its variants, and a single question in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.bench.disk import fill_history
from tests.bench.measure import Bench, Bound, Pair, Row
from tests.bench.process import CHATCMD, PYTHON, Watched, environment, whole
from tests.loopback import Loopback, say

IMPORT_PROMPT = "import prompt_toolkit"
IMPORT_CLIENT = "import openai; openai.AsyncOpenAI(api_key='x')"
NAME, USER = "Your name:", "小明"


@contextmanager
def version(folder: Path) -> Iterator[Pair]:
    environ = environment(folder)
    yield Pair(
        lambda: (whole([CHATCMD, "--version"], environ, folder),),
        lambda: (whole([PYTHON, "-c", "pass"], environ, folder),),
    )


PROMISED = Bound("ratio", 1.2)


@contextmanager
def prompt(folder: Path, *, needle: str, flags: tuple[str, ...], users: int, sessions: int) -> Iterator[Pair]:
    """Measure from the start of the process to the prompt's last byte, against a whole import of the line editor."""
    environ = environment(folder) if "--offline" in flags else environment(folder, OPENAI_API_KEY="sk-benchmark")
    fill_history(folder / "history", users=users, sessions=sessions)

    def ours() -> tuple[float]:
        with Watched([CHATCMD, *flags, "--root", str(folder)], environ, folder) as chat:
            return (chat.until(needle) - chat.began,)

    yield Pair(ours, lambda: (whole([PYTHON, "-c", IMPORT_PROMPT], environ, folder),))


@contextmanager
def ask(folder: Path) -> Iterator[Pair]:
    with Loopback(default=say("2.")) as server:
        environ = environment(folder, OPENAI_API_KEY="sk-benchmark", OPENAI_BASE_URL=server.base_url)
        yield Pair(
            lambda: (whole([CHATCMD, "ask", "--root", str(folder), "1+1=?"], environ, folder),),
            lambda: (whole([PYTHON, "-c", IMPORT_CLIENT], environment(folder), folder),),
        )


def _prompt(
    name: str, needle: str, *flags: str, users: int = 0, sessions: int = 0, bound: Bound | None = PROMISED
) -> Bench:
    prepare = partial(prompt, needle=needle, flags=flags, users=users, sessions=sessions)
    return Bench((Row(name, "ms", f'python -c "{IMPORT_PROMPT}"', bound),), 11, prepare)


BENCHES = (
    Bench((Row("version", "ms", "python -c pass", Bound("ratio", 2)),), 25, version),
    _prompt("prompt.name.offline", NAME, "--offline"),
    _prompt("prompt.name.key", NAME),
    _prompt("prompt.user.offline", f"【{USER}】", "--offline", "--user", USER),
    _prompt("prompt.user.key", f"【{USER}】", "--user", USER),
    _prompt("prompt.name.history", NAME, "--offline", users=20, sessions=10_000, bound=Bound("ratio", 1.25)),
    _prompt("prompt.name.crowd", NAME, "--offline", users=1_000, sessions=10_000, bound=None),
    Bench((Row("ask", "ms", f'python -c "{IMPORT_CLIENT}"', Bound("ratio", 1.2)),), 11, ask),
)
