"""`chatcmd replay`: a saved session watched, or its questions asked again."""

from chatcmd.cli import asking_again, fault, watching
from chatcmd.cli.flags import add_service
from chatcmd.cli.parser import Parser
from chatcmd.cli.recovery import recover
from chatcmd.cli.run import prepare, trusted
from chatcmd.cli.screens import pipe_screen
from chatcmd.cli.whose import add_session, add_user, user_of
from chatcmd.errors import UsageError
from chatcmd.history.library import Library
from chatcmd.language import _


def run(words: list[str]) -> int:
    """Parse the words, and show the session or ask its questions again."""
    parser = Parser(
        prog="chatcmd replay",
        usage=_("[options] SESSION ..."),
        description=_("Watch a saved session, or ask its questions again and compare the answers."),
        epilog=_(watching.KEYS) + "\n" + _(asking_again.AGAIN),
    )
    add_user(parser)
    watching.add(parser)
    asking_again.add(parser)
    add_service(parser, offline=_("ask the recording itself: no key, no network"))
    add_session(parser, nargs="+")
    arguments = parser.parse_args(words)
    again = asking_again.is_wanted(arguments)
    if again and (arguments.speed is not None or arguments.instant):
        raise UsageError(_("--speed and --instant are for watching; leave them out, or what asks again"))
    if not again and len(arguments.session) > 1:
        raise UsageError(_("only one session can be watched at a time; to ask several again, add --against MODEL"))
    prepared = prepare(arguments)
    library = Library(prepared.root.history)
    recover(library, pipe_screen())
    if again:
        return int(fault.run(asking_again.ask(trusted(prepared, arguments), arguments, library)))
    session = library.read(library.find(arguments.session[0], user_of(arguments)))
    return int(fault.run(watching.show(prepared, session, arguments)))
