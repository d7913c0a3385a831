"""All that is fuzzed, by name."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.fuzz import configured, looked_up, shown, stored, streamed, taken_in
from tests.fuzz.damage import documents
from tests.fuzz.target import Target


def _encoded(*texts: str) -> Callable[[], list[bytes]]:
    return lambda: [text.encode() for text in texts]


def _documents(samples: Callable[[], list[bytes]]) -> Callable[[], st.SearchStrategy[bytes]]:
    return lambda: documents(samples())


def _importer(form: str) -> Target:
    def given() -> list[bytes]:
        return taken_in.samples(form)

    more = () if form in ("llm", "zip", "aichat") else (_documents(given),)
    return Target(taken_in.importer(form), given, *more)


_ALL = (
    Target(stored.session_file, stored.sessions, _documents(stored.sessions)),
    Target(stored.export, stored.sessions),
    Target(stored.played, stored.sessions),
    Target(stored.journal, stored.journals),
    Target(stored.recall, _encoded('["one"]\n\n["", "pasted\\n2"]\n["三"]')),
    Target(looked_up.verify, stored.sessions, _documents(stored.sessions)),
    Target(looked_up.index, stored.sessions),
    Target(looked_up.index_file, looked_up.indexes),
    Target(configured.settings, _encoded(*configured.TOML)),
    Target(configured.keys, _encoded(*configured.KEYS), _documents(_encoded(*configured.KEYS))),
    Target(configured.persona, _encoded("# 角色\n\nYou are kind.\n", "con", "../x"), shown.pieces_of_text),
    Target(configured.environment, _encoded(*configured.ENVIRONMENT)),
    Target(streamed.events, streamed.streams, lambda: st.binary(max_size=60)),
    Target(streamed.answer, streamed.streams, _documents(streamed.streams)),
    Target(streamed.refusal, streamed.bodies, _documents(streamed.bodies)),
    Target(shown.cleaner, shown.texts, shown.pieces_of_text),
    Target(shown.image, shown.images),
    Target(shown.query, _encoded(*shown.QUERIES), shown.pieces_of_text),
    Target(shown.markdown, _encoded(*shown.MARKDOWN), shown.pieces_of_text),
    *map(_importer, ("chatgpt", "tutorial", "llm", "aichat", "shell_gpt", "chatcmd", "zip")),
)

TARGETS = {target.name: target for target in _ALL}
