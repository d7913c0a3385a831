"""`chatcmd --help`: the commands, and where to read on."""

from chatcmd.cells import wrapped
from chatcmd.cli.page import listed
from chatcmd.language import _


def overview(room: int) -> str:
    """Lay the page out in lines of at most `room` cells."""
    commands = (
        (_("chatcmd [chat] [options]"), _("talk (the default)")),
        (_("chatcmd ask QUESTION ..."), _("one question, one answer")),
        (_("chatcmd history COMMAND"), _("what was saved: list, search, show, export, import, stats, ...")),
        (_("chatcmd replay SESSION"), _("watch it, or ask its questions again")),
        ("chatcmd doctor", _("what is configured, where from, and whether it works")),
        (_("chatcmd COMMAND --help"), _("all that a command takes")),
        ("chatcmd --offline", _("try it at once: a demo model, no key and no network")),
        ("chatcmd --lang en|zh", _("speak English or Chinese; else as LC_ALL, LC_MESSAGES or LANG say")),
        ("chatcmd --version", _("which version this is")),
    )
    head = _("chatcmd: a console chat for OpenAI-compatible models that counts every token and never loses a word")
    inside = (
        _("Inside the chat: 0 saves and leaves, 1 starts over, /help lists the commands."),
        _("Enter sends, Ctrl-J makes a new line, @path attaches a file, Ctrl-C stops an answer."),
        _("A key is read from OPENAI_API_KEY, envs/openai_key or envs/configs."),
    )
    foot = (line for sentence in inside for line in wrapped(sentence, room))
    return "\n".join((*wrapped(head, room), "", listed(commands, room), "", *foot, ""))
