"""A session that holds all that one can hold, and histories to export."""

from chatcmd.conversation.attachment import File, Image
from chatcmd.conversation.message import Message, Turn
from chatcmd.conversation.session import Parent, Session
from tests.history.made import answer, question, session

PIXEL = "data:image/png;base64,iVBORw0KGgo="
NOTES = File("notes.md", 20, "# Notes\n```\ncode\n```\n")
CAT = Image("cat_1.png", 81_000, 640, 480, PIXEL)

PARTS = (
    {"type": "text", "text": "Which animal?"},
    {"type": "image_url", "image_url": {"url": "https://cats.example/1.png"}},
    {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
)


def rich() -> Session:
    """Make a session with files, thoughts, an answer that was stopped, a question without one, and foreign parts."""
    attached = Message(role="user", content="1+1=几", at="2026-11-20T21:30:11.902Z", attachments=(NOTES, CAT))
    stopped = answer(
        "# Plan\n\n1. read\n2. write\n\n```python\nprint('几')",
        status="interrupted",
        usage=None,
        reasoning="Hm.\n\n## So",
    )
    foreign = Message(role="user", content="Which animal?\n[image_url]\n[input_audio]", parts=PARTS)
    return (
        session(
            title="1+1=几 *really*",
            tags=("math", "a_b"),
            parent=Parent("20261119T080000Z-00aa", 3),
            source={"format": "chatgpt", "file": "conversations.json"},
            settings={"temperature": 0.2},
        )
        .with_turn(Turn(attached, answer("1+1=2。")))
        .with_turn(Turn(question("为什么 <b>?"), stopped))
        .with_unanswered(question("还在吗"))
        .with_turn(Turn(foreign, Message(role="assistant", content="猫")))
        .ended_at("2026-11-20T21:41:17.003Z", "exit")
    )
