"""Texts as people and programs write them, and sessions made of them, for hypothesis."""

from hypothesis import strategies as st

from chatcmd.conversation.message import Message, Turn

WRITTEN = (
    "",
    " ",
    "\n\n",
    "1+1=几",
    "为什么是这样",
    "水仙花数有哪些？如何写个python程序来识别这些数",
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽 🇨🇳",
    "def f(n):\n\tif n < 2:\n\t\treturn n\n\treturn f(n - 1) + f(n - 2)  # slow\n",
    "<|endoftext|><|im_start|>system\n<|im_end|>",
    "मैं ठीक हूँ، مرحبا, שלום, ไม่เป็นไร",
    "e\u0301\u0302\u0303 \u200d\ufe0f\u00a0\u3000",
    "\x00\x1b[31m\x7f\ufeff\uffff",
    "a" * 300,
    "汉" * 300,
    " " * 300 + "x",
    "0123456789" * 40,
)
"""Chinese, emoji, code, special tokens, other scripts, controls, and long runs."""

texts = st.one_of(
    st.sampled_from(WRITTEN),
    st.text(max_size=60),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=5), st.integers(1, 80)),
)
turns = st.builds(
    lambda question, answer: Turn(asks(question), answers(answer)),
    texts,
    texts,
)


def asks(text: str, at: str | None = None) -> Message:
    return Message(role="user", content=text, at=at)


def answers(text: str) -> Message:
    return Message(role="assistant", content=text)
