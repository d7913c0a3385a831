import pytest

from tests import catalogue, prose

# Prose that nobody reads as a sentence of ours, by file and the top-level name that holds it.
EXCEPTIONS = {
    ("cli/consent.py", "YES"): "words that are typed",
    ("cli/fault.py", "_in_loop"): "what a report says",
    ("cli/fault.py", "_in_thread"): "what a report says",
    ("cli/fault.py", "_thrown_away"): "what a report says",
    ("cli/history/__init__.py", "COMMANDS"): "words that are typed",
    ("cli/loop.py", "Loop"): "the name of a thread",
    ("cli/period.py", "_WORDS"): "words that are typed",
    ("cli/setup.py", "_Setup"): "what is written into settings.toml",
    ("fault.py", "_places"): "a report, the same in every language",
    ("cli/fault.py", "_scarce"): "what Python says",
    ("fault.py", "_surroundings"): "a report, the same in every language",
    ("fault.py", "_told"): "a report, the same in every language",
    ("history/export/html/frame.py", "_policy"): "a policy",
    ("history/export/html/frame.py", "framed"): "names of schemes",
    ("history/export/html/statistics.py", "_table"): "names of styles",
    ("history/foreign/found.py", "TOOL_CALL"): "what is saved, the same in every language",
    ("history/index/lookup.py", "_LISTED"): "names of columns",
    ("history/verify/pieces.py", "_characters"): "a reason that nobody is shown",
    ("provider/chunk.py", "parse"): "a reason that nobody is shown",
    ("provider/nearby.py", "PORTS"): "names of programs",
    ("provider/too_long.py", "_LIMIT"): "patterns",
    ("provider/too_long.py", "_TOKENS"): "patterns",
    ("provider/unreached.py", "WANTS_PASSWORD"): "what proxies say",
    ("settings/json.py", "EXAMPLE"): "JSON",
    ("settings/keys.py", "ENTRY"): "JSON",
    ("settings/persona.py", "DEFAULT"): "the tutorials' persona, as it is sent",
    ("settings/secret.py", "Secret"): "a programmer's error",
    ("slash/help.py", "KEYS"): "names of keys, and words that are typed",
    ("terminal/prompt/field.py", "_STYLE"): "names of styles",
    ("terminal/prompt/picker.py", "FOUND"): "names of styles",
    ("terminal/recall.py", "_opened"): "a reason that nobody is shown",
    ("terminal/screen.py", "_SAMPLE"): "a text that nobody is shown",
    ("terminal/theme.py", "THEMES"): "names of styles",
    ("terminal/theme.py", "_markdown"): "names of styles",
}

SOURCES = [path.relative_to(catalogue.SOURCE).as_posix() for path in catalogue.sources()]


@pytest.mark.parametrize("name", SOURCES)
def test_no_prose_stands_outside_gettext(name: str) -> None:
    found = prose.outside((catalogue.SOURCE / name).read_text())
    assert [each for each in found if (name, each.owner) not in EXCEPTIONS] == []


@pytest.mark.parametrize("name", SOURCES)
def test_gettext_is_given_literals_and_nothing_hides_it(name: str) -> None:
    assert prose.misused((catalogue.SOURCE / name).read_text()) == []


@pytest.mark.parametrize(("name", "owner"), EXCEPTIONS)
def test_no_exception_is_made_in_vain(name: str, owner: str) -> None:
    assert owner in {each.owner for each in prose.outside((catalogue.SOURCE / name).read_text())}


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('raise Failed("it did not work")', ["it did not work"]),
        ('raise Failed(f"{path} is gone")', ["\0 is gone"]),
        ('OurFault(fault, "an answer", said="it is gone")', ["it is gone"]),
        ('raise Failed("no key for {host}".format(host=host))', ["no key for {host}"]),
        ('raise Failed("no key for %s" % host)', ["no key for %s"]),
        ('f"{number:,} turns"', ["\0 turns"]),
        ("f\"{word} {'left out'}\"", ["left out"]),
        ('x = {"a": ["what it is for"]}', ["what it is for"]),
        ('say("你好", end="完成")', ["你好", "完成"]),
        ('help(text="two words")', ["two words"]),
        ('ngettext("{n} turn", "{n} turns", n, "not taken")', ["not taken"]),
        ('marked("taken") + " and not"', [" and not"]),
        ('print("chatcmd: cannot be read")', ["chatcmd: cannot be read"]),
        ('self._app.screen.note("saved")', ["saved"]),
        ('screen.show(f"{name}: none")', ["\0: none"]),
        ('screen.table(rows, ("user", "turns" if many else "turn"))', ["user", "turns", "turn"]),
        ('def f():\n    """It does this."""\n    return "it did that"', ["it did that"]),
        ('note("chatcmd history is damaged")', ["chatcmd history is damaged"]),
        ('note(f"see chatcmd history show {id}")', ["see chatcmd history show \0"]),
        ('element("p", "some words", class_="two words")', ["some words"]),
        ('Markup("<p>some words</p>")', ["<p>some words</p>"]),
        ('A, B = "one thing", 1', ["one thing"]),
    ],
)
def test_the_walk_finds_prose(source: str, texts: list[str]) -> None:
    assert sorted(each.text for each in prose.outside(source)) == sorted(texts)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring of a module."""\nX = 1\n"""What X is for."""',
        'raise Failed(_("it did not work, {name}").format(name=name))',
        'say(ngettext("{n} turn left", "{n} turns left", n).format(n=n))',
        'HELP = {"a": marked("what it is for")}',
        'assert whole, "there is a session by now"',
        're.compile(r"not supported|not allowed")',
        'x: "Mapping of things" = {}\ndef f(y: "this or that") -> "that or this": ...',
        'f"{place}: {error}"',
        'f"{a} {b}"',
        '"--no-save", "gpt-3.5-turbo", "user", "chatcmd ask", "[providers.NAME]", "\\x1b[2K", "a b"',
        'f"chatcmd --resume {id}"',
        'f"chatcmd history trash restore {id}", f"chatcmd history {name}", "chatcmd history list --all", f"/edit {n}"',
        'f"SELECT name FROM {table} ORDER BY id", f"{one} AND {other}", f"{query} DESC"',
        'element("a", rel="noopener noreferrer", class_="said plain"), Markup(\'<div class="wide one">\')',
        'raise AssertionError("there is always another")',
        'fail(OurFault(fault, "keeping an answer")), str(errors.OurFault(fault, "a request"))',
        'screen.show(_("saved")), screen.note(f"{a}: {b}"), screen.table(rows, head), screen.fail(_(each["name"]))',
        'file.table("windows"), screen.show(f"{error}"), screen.show(names.get("user"))',
    ],
)
def test_the_walk_passes_over_what_is_none(source: str) -> None:
    assert prose.outside(source) == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('_(f"{name} is gone")', True),
        ('_("{name} is gone".format(name=name))', True),
        ('_("it is " + "gone")', True),
        ('_("gone" if gone else "here")', True),
        ('ngettext("{n} turn", f"{n} turns", n)', True),
        ("ngettext(one, many, n)", True),
        ("f'{_(\"a text\")}: {value}'", True),
        ("def f(_):\n    return _(text)", True),
        ('def f():\n    head, _ = pair\n    return _("a text")', True),
        ("def f():\n    head, _ = pair\n    return head", False),
        ('_("it " "is {name}").format(name=name)', False),
        ("_(TEXTS[name]), _(option.help), _(str(name))", False),
        ('ngettext("{n} turn", "{n} turns", len(turns))', False),
    ],
)
def test_misuse_of_gettext_is_found(source: str, *, wrong: bool) -> None:
    assert bool(prose.misused(source)) == wrong
