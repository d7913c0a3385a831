"""/help: the commands."""

from chatcmd.app import App
from chatcmd.slash.registry import command, commands

KEYS = """\
0, quit, exit   save everything and leave; so does Ctrl-D, or Ctrl-C twice
1               save this session, start over, and ask who is talking
\\0  \\1          send 0 or 1 itself      //text   send a line that begins with a slash
Ctrl-C          stop an answer, or clear the line"""


@command("help", "", "this list")
async def show_help(app: App, argument: str) -> None:  # noqa: ARG001 - all commands are called alike
    app.screen.show(KEYS)
    rows = [(f"/{each.name} {each.usage}".strip(), each.help) for each in commands().values() if each.name != "reset"]
    app.screen.table(rows, (), wrap=True)
