import re
from itertools import product
from unicodedata import category, normalize

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from chatcmd.conversation.name import MAX_CHARACTERS, checked, decoded, encoded, folder_for
from chatcmd.errors import NameRefused

# Written by hand and apart from the source's own table, so that one checks the other.
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)
LONGEST_COMPONENT = 255


def safe(component: str) -> bool:
    """Tell whether a name is one component of a path, for POSIX and for Windows."""
    return (
        component not in ("", ".", "..")
        and not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', component)
        and component[-1] not in ". "
        and component[0] not in ". "
        and not DEVICES.fullmatch(component)
        and len(component.encode()) <= LONGEST_COMPONENT - len(".jsonl")
    )


def folded(component: str) -> str:
    """Fold case and compatibility until nothing changes."""
    once = normalize("NFKC", normalize("NFKC", component).casefold())
    return once if once == component else folded(once)


def is_name(text: str) -> bool:
    try:
        checked(text, "user")
    except NameRefused:
        return False
    return True


special = st.text(
    st.sampled_from('%~./\\:*?"<>| -aABbcCoOnN1¹ＡＢ％～Ⅷ①ﬁßſK\u200d\ufe0fé汉😀'), min_size=1, max_size=12
)
devices = st.builds(
    str.__add__,
    st.sampled_from(("CON", "con", "Aux", "NUL", "COM¹", "lpt9")),
    st.sampled_from(("", ".txt", " .x", "-")),
)
names = (special | devices | st.text(min_size=1, max_size=20)).filter(is_name).map(lambda name: checked(name, "user"))


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("简说Python", "简说Python"),
        ("张三 李四", "张三 李四"),
        ("😀👩‍👩‍👧", "😀👩‍👩‍👧"),
        ("🫨", "🫨"),
        ("naïve", "naïve"),
        ("~", "~"),
        ("-rf", "-rf"),
        ("../x", "%2E.%2Fx"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("dots...", "dots..%2E"),
        ("100%", "100%25"),
        ("a%~b", "a%25~b"),
        ("C:", "C%3A"),
        ("CON", "%43ON"),
        ("con.txt", "%63on.txt"),
        ("nul .txt", "%6Eul .txt"),
        ("COM¹", "%43OM¹"),
        ("conin$", "%63onin$"),
        ("console", "console"),
    ],
)
def test_a_folder_is_the_name_itself_wherever_that_is_safe(name: str, folder: str) -> None:
    assert checked(name, "user") == name
    assert encoded(name) == folder
    assert folder_for(name, []) == folder
    assert decoded(folder) == name


@settings(max_examples=200)
@given(names)
def test_a_folder_is_one_safe_component_and_the_name_can_be_read_back(name: str) -> None:
    assert safe(encoded(name))
    assert decoded(encoded(name)) == name


@settings(max_examples=200)
@given(st.lists(names, max_size=8))
@example(["Bob", "bob", "BOB", "bOB"])
@example(["Ａ", "a", "A", "ａ", "𝐀", "Ⓐ"])
@example(["ß", "SS", "ẞ", "ss", "ſs"])
@example(["Bo\u200db", "Bob", "❤", "❤\ufe0f"])
@example(["%", "％", "%25", "％25"])
def test_no_two_names_get_folders_that_a_file_system_could_take_for_one(added: list[str]) -> None:
    folders: dict[str, str] = {}
    for name in added:
        folder = folder_for(name, list(folders.values()))
        assert safe(folder)
        assert decoded(folder) == name
        assert folders.setdefault(name, folder) == folder
    assert len({folded(folder) for folder in folders.values()}) == len(folders)
    for name, folder in folders.items():
        assert folder_for(name, list(folders.values())) == folder
        assert folder_for(name, list(reversed(folders.values()))) == folder


@given(names)
def test_both_unicode_forms_are_one_name(name: str) -> None:
    other = normalize("NFD", name)
    assume(len(other) <= MAX_CHARACTERS)
    assert checked(other, "user") == name


def test_a_folder_in_the_other_unicode_form_is_found_as_it_stands() -> None:
    composed, apart = normalize("NFC", "José"), normalize("NFD", "José")
    assert folder_for(composed, [apart]) == apart
    assert folder_for(composed, ["x", composed]) == composed


def test_full_width_letters_are_another_name_in_another_folder() -> None:
    assert checked("Ｂｏｂ", "user") == "Ｂｏｂ"
    folder = folder_for("Ｂｏｂ", ["Bob"])
    assert folder.startswith("Ｂｏｂ%~")
    assert folder_for("Bob", ["Bob", folder]) == "Bob"
    assert folder_for("Bob", ["Ｂｏｂ"]).startswith("Bob%~")


def test_a_name_that_spells_the_mark_of_another_gets_its_own_folder() -> None:
    marked = folder_for("Bob", ["bob"])
    twin = marked.replace("%", "％")
    assert checked(twin, "user") == twin
    assert folded(folder_for(twin, ["bob", marked])) != folded(marked)


def test_marks_that_happen_to_be_the_same_are_told_apart() -> None:
    by_mark: dict[str, str] = {}
    for letters in product("aA", "bB", "cC", "dD", "eE", "fF", "gG", "hH", "iI", "jJ", "kK", "lL", "mM", "nN", "oO"):
        name = "".join(letters)
        mark = folder_for(name, ["abcdefghijklmno", "other"])
        first = by_mark.setdefault(folded(mark), name)
        if first != name and "abcdefghijklmno" not in (first, name):
            break
    else:
        pytest.fail("no two of these names have the same mark")
    existing = ["abcdefghijklmno", folder_for(first, ["abcdefghijklmno"])]
    existing.append(folder_for(name, existing))
    assert len({folded(folder) for folder in existing}) == 3
    assert folder_for(first, existing) == existing[1]
    assert folder_for(name, existing) == existing[2]


def test_a_name_keeps_its_folder_when_its_twin_is_gone() -> None:
    marked = folder_for("Bob", ["bob"])
    assert marked != "Bob"
    assert folder_for("Bob", [marked]) == marked


@pytest.mark.parametrize(
    "name",
    ["", " ", "\t\n", "\u3000", "\u200d", "\u200d \u200c", "\ufe0f", "\u2800", "\u3164"],
)
def test_a_name_needs_something_to_see(name: str) -> None:
    with pytest.raises(NameRefused, match=r"empty|invisible"):
        checked(name, "user")


@pytest.mark.parametrize(
    "char",
    [
        *"\x00\x07\x1b\x7f\x85\u00ad\u061c\u200b\u200e\u2028\u2029\u202e\u2060\u2066\ufeff\ud800\udcff\ue000",
        *"\u034f\u115f\u1160\u17b4\u180b\u180e\u2065\u2800\u3164\ufe00\uffa0\ufff0\uffff\ufdd0",
        *"\U000e0041\U000e0100\U0001ffff\U0010ffff",
    ],
    ids=lambda char: f"U+{ord(char):04X}",
)
def test_control_and_invisible_characters_are_refused(char: str) -> None:
    with pytest.raises(NameRefused, match="a persona's name cannot hold control or invisible characters"):
        checked(f"Bob{char}by", "persona")


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_is_a_name_or_is_refused_in_one_sentence(text: str) -> None:
    if not is_name(text):
        with pytest.raises(NameRefused, match=r"\Aa user's name can(not|) [^\n]+; [^\n]+\Z"):
            checked(text, "user")
        return
    name = checked(text, "user")
    assert checked(name, "user") == name
    assert not any(category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in name)
    assert safe(encoded(name))


@pytest.mark.parametrize("char", ["a", "汉", "é"])
def test_a_name_has_sixty_four_characters_at_most(char: str) -> None:
    assert checked(char * 64, "user") == char * 64
    with pytest.raises(NameRefused, match="too long"):
        checked(char * 65, "user")


@pytest.mark.parametrize(
    ("name", "fits"), [("😀" * 50, True), ("😀" * 51, False), ("/" * 64, True), ("汉/" * 32, True)]
)
def test_a_name_has_two_hundred_bytes_at_most_as_a_folder(name: str, fits: bool) -> None:  # noqa: FBT001
    if fits:
        assert checked(name, "user") == name
    else:
        with pytest.raises(NameRefused, match="200 bytes"):
            checked(name, "user")


def test_blanks_around_a_name_are_dropped() -> None:
    assert checked("  张三\t\n", "user") == "张三"
