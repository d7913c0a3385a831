"""The page in a real browser: nothing that was said runs or calls home, and search, copying and colours work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatcmd.conversation.attachment import File
from chatcmd.conversation.message import Turn
from tests.browser import CHROMIUM, Browser
from tests.history.made import answer, question, session
from tests.history.test_html_page import everywhere
from tests.hostile import HOSTILE
from tests.loopback import Loopback
from tests.pages import SCRIPTS, TRAP, page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

VISIBLE = "[...document.querySelectorAll('.turn')].filter((turn) => turn.offsetParent).map((turn) => turn.id).join(' ')"
COUNT = "document.getElementById('count').textContent"
FOUND = "[...CSS.highlights.get('found')].map(String).join('|')"
HERE = "[...CSS.highlights.get('here')].map((range) => range.startContainer.parentElement.closest('.turn').id).join()"
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as started:
        yield started


@pytest.fixture
def trap() -> Iterator[Loopback]:
    with Loopback() as server:
        yield server


def shown(browser: Browser, folder: Path, html: str) -> None:
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    browser.open(path)


def search(browser: Browser, text: str) -> None:
    """Type what is looked for in place of what stands there; Enter does not wait for another letter."""
    browser.run("document.activeElement.blur()")
    browser.press("/")
    browser.type(text)
    browser.press("Enter")


def test_nothing_that_was_said_runs_or_calls_home(browser: Browser, trap: Loopback, tmp_path: Path) -> None:
    address = TRAP.format(port=trap.port)
    texts = [text.replace(TRAP, address) for text in (*SCRIPTS.values(), *HOSTILE.values())]
    shown(browser, tmp_path, page([everywhere(text) for text in texts]))
    browser.run("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    browser.run("document.querySelectorAll('img').forEach((each) => (each.loading = 'eager'))")
    browser.run("document.querySelectorAll('.turn').forEach((each) => (each.style.contentVisibility = 'visible'))")
    browser.run(PAINTED)
    assert browser.run("window.ran") is None
    assert browser.run("document.querySelectorAll('.session').length") == len(texts)
    assert browser.run("document.querySelectorAll('script, style').length") == 2
    assert not [url for url in browser.requests if not url.startswith(("file:", "data:image/png;base64,"))]
    assert (trap.connections, browser.dialogs, browser.errors) == (0, [], [])
    assert browser.run("[...document.images].every((image) => image.naturalWidth === 3)")
    search(browser, "ran")
    assert browser.run(COUNT).startswith("1 of ")


def test_the_trap_would_have_caught_it(browser: Browser, trap: Loopback, tmp_path: Path) -> None:
    shown(browser, tmp_path, f'<script>window.ran = 1</script><img src="{TRAP.format(port=trap.port)}/i.png">')
    trap.wait_for_request()
    assert browser.run("window.ran") == 1


def test_what_the_policy_forbids_does_not_run_even_where_it_stands(
    browser: Browser, trap: Loopback, tmp_path: Path
) -> None:
    address = TRAP.format(port=trap.port)
    planted = f'<main><script>window.ran = 1</script><img src="{address}/i.png" onerror="window.ran = 1">'
    shown(browser, tmp_path, page([session(1)]).replace("<main>", planted))
    browser.run(PAINTED)
    assert browser.run("window.ran") is None
    assert trap.connections == 0


def test_search_keeps_the_turns_that_hold_all_words(browser: Browser, tmp_path: Path) -> None:
    talked = session()
    for text in ("A *wide* window", "the Window is <b>closed</b>", "关上窗户。Window", "a window, wide"):
        talked = talked.with_turn(Turn(question("问题 [x] (y)"), answer(text)))
    other = replace(session(1), title="other")
    shown(browser, tmp_path, page([talked, other]))
    everything = "s1t1 s1t2 s1t3 s1t4 s2t1"
    assert browser.run(VISIBLE) == everything
    table = {
        "window": ("s1t1 s1t2 s1t3 s1t4", "window|Window|Window|window"),
        "window wide": ("s1t1 s1t4", "wide|window|window|wide"),
        '"wide window"': ("s1t1", "wide window"),
        "窗户": ("s1t3", "窗户"),
        "<b>": ("s1t2", "<b>"),
        "[x] (": ("s1t1 s1t2 s1t3 s1t4", "|".join(["[x]", "("] * 4)),
        "nowhere": ("", ""),
        "  ": (everything, ""),
        "回答": ("s2t1", "回答"),
    }
    for text, (turns, found) in table.items():
        search(browser, text)
        assert browser.run(VISIBLE) == turns, text
        assert browser.run(FOUND) == found, text
        count = len(found.split("|")) if found else 0
        assert browser.run(COUNT) == (f"1 of {count}" if count else "none" if text.strip() else ""), text
    assert browser.run("document.getElementById('s1').hidden")
    browser.press("Escape")
    assert browser.run(VISIBLE) == everything
    assert browser.run(COUNT) == ""


def test_keys_walk_through_what_is_found_and_open_what_is_folded(browser: Browser, tmp_path: Path) -> None:
    attached = replace(question("q"), attachments=(File("a.txt", 6, "needle\n"),))
    talked = session().with_turn(Turn(question("needle"), answer("x")))
    talked = talked.with_turn(Turn(attached, answer("x", reasoning="a needle")))
    shown(browser, tmp_path, page([talked]))
    search(browser, "needle")
    walked = []
    for shift in (False, False, False, True):
        walked.append((browser.run(COUNT), browser.run(HERE)))
        browser.press("Enter", shift=shift)
    assert walked == [("1 of 3", "s1t1"), ("2 of 3", "s1t2"), ("3 of 3", "s1t2"), ("1 of 3", "s1t1")]
    assert (browser.run(COUNT), browser.run(HERE)) == ("3 of 3", "s1t2")
    assert browser.run("document.querySelector('.reasoning').open && document.querySelector('.attachment').open")
    assert not browser.run("document.querySelector('.persona').open")


def test_code_and_answers_are_copied_as_they_are(browser: Browser, tmp_path: Path) -> None:
    code = 'if a < b:\n\tprint("水 & 仙")\n'
    made = page([session().with_turn(Turn(question("how?"), answer(f"So:\n\n```python\n{code}```")))])
    shown(browser, tmp_path, made)
    browser.run("navigator.clipboard.writeText = async (text) => { window.kept = text }")
    browser.run("document.querySelector('.code .copy').click()")
    assert browser.run("window.kept") == code
    browser.run("document.querySelector('.question .copy').click()")
    assert browser.run("window.kept") == "how?"
    browser.run("document.querySelector('.answer > header .copy').click()")
    copied = browser.run("window.kept")
    assert copied.startswith("So:")
    assert 'print("水 & 仙")' in copied
    assert "copy" not in copied


def test_the_page_is_dark_or_light_as_the_system_is_until_its_reader_chooses(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, page([session(1)]))
    paper = "getComputedStyle(document.body).backgroundColor"
    papers = []
    for scheme in ("light", "dark"):
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        papers.append(browser.run(paper))
    light, dark = papers
    assert light != dark
    browser.run("document.getElementById('shade').click()")
    assert browser.run(paper) == light
    browser.open(tmp_path / "page.html")
    assert browser.run(paper) == light
    browser.run("document.getElementById('shade').click()")
    assert browser.run(paper) == dark
    browser.run("localStorage.clear()")


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, tmp_path: Path) -> None:
    wide = (
        "```\n" + "x" * 500 + "\n```\n\n|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n\n`" + "y" * 300 + "`\n\n" + "z" * 300
    )
    long = replace(everywhere("长" * 300), title="w" * 300)
    shown(browser, tmp_path, page([session().with_turn(Turn(question("q" * 300), answer(wide))), long]))
    for width in (320, 390, 1280):
        browser.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 800
        )
        browser.run("document.querySelectorAll('.turn').forEach((each) => (each.style.contentVisibility = 'visible'))")
        assert browser.run("document.documentElement.scrollWidth") == width
    browser.call("Emulation.clearDeviceMetricsOverride")


def test_times_are_those_of_the_reader(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, page([session(1)]))
    assert browser.run("document.querySelector('.question time').textContent") == "2026-11-21 05:30"
    assert browser.run("document.querySelector('.question time').title") == "2026-11-20 21:30 UTC"
