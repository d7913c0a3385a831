import pytest
from hypothesis import given, strategies as st

from chatcmd.conversation.attachment import File, Image
from chatcmd.conversation.image import MOST_PATCHES, Counted, Header, NotAnImage, Patches, Tiles, header
from chatcmd.conversation.message import Message
from chatcmd.conversation.models import FAMILIES, IMAGES, SEES, check_images, images_of
from chatcmd.errors import NotAttached
from tests.images import KINDS, gif, jpeg, png, webp_extended

sides = st.integers(1, 16_383)


@pytest.mark.parametrize("kind", KINDS)
@given(width=sides, height=sides)
def test_size_is_read_from_the_header(kind: str, width: int, height: int) -> None:
    media, made = KINDS[kind]
    assert header(made(width, height)) == Header(media, width, height)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF\x10\0\0\0WAVEfmt ", b"RIFFRAFF is a word", b"%PDF-1.7", b"\xff\xd8", b"BM6"]
)
def test_anything_else_is_no_image(data: bytes) -> None:
    assert header(data) is None


@pytest.mark.parametrize(
    "data",
    [
        png(640, 480)[:20],
        png(640, 480).replace(b"IHDR", b"XXXX"),
        png(0, 480),
        gif(640, 0),
        gif(640, 480)[:9],
        jpeg(640, 480)[:150],
        b"\xff\xd8\xff\xe0\x00\x04ab" + b"no marker",
        webp_extended(640, 480)[:29],
        b"RIFF\x10\0\0\0WEBPVP9 and so on and on",
    ],
)
def test_damaged_image_is_told_from_what_is_none(data: bytes) -> None:
    with pytest.raises(NotAnImage):
        header(data)


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 200), st.binary(max_size=40))
def test_no_bytes_are_too_much_for_it(kind: str, kept: int, noise: bytes) -> None:
    try:
        found = header(KINDS[kind][1](640, 480)[:kept] + noise)
    except NotAnImage:
        return
    assert found is None or found.width > 0 < found.height


@pytest.mark.parametrize(
    ("rule", "width", "height", "tokens"),
    [
        (Tiles(85, 170), 1024, 1024, 765),  # both of the guide's examples
        (Tiles(85, 170), 2048, 4096, 1105),
        (Tiles(85, 170), 512, 512, 255),  # never scaled up
        (Tiles(85, 170), 513, 512, 425),
        (Tiles(85, 170), 640, 480, 425),
        (Tiles(85, 170), 1, 1, 255),
        (Tiles(85, 170), 1, 100_000, 85 + 170 * 4),
        (Tiles(85, 170), 1920, 1080, 1105),
        (Tiles(2833, 5667), 1024, 1024, 2833 + 4 * 5667),
        (Patches(1), 1024, 1024, 1024),  # and both of those for patches
        (Patches(1), 1800, 2400, 1452),
        (Patches(1.62), 1024, 1024, 1659),
        (Patches(2.46), 1, 1, 3),
    ],
)
def test_rules_count_as_published(rule: Counted, width: int, height: int, tokens: int) -> None:
    assert rule.tokens(width, height) == tokens


@given(st.integers(1, 2**31), st.integers(1, 2**31))
def test_no_image_costs_more_than_the_largest(width: int, height: int) -> None:
    assert 255 <= Tiles(85, 170).tokens(width, height) <= 85 + 170 * 8
    assert 1 <= Patches(1).tokens(width, height) <= MOST_PATCHES


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        ("gpt-4o-2024-08-06", Tiles(85, 170)),
        ("gpt-4o-mini-2024-07-18", Tiles(2833, 5667)),
        ("ft:gpt-4o-mini:me::id", Tiles(2833, 5667)),
        ("openrouter/openai/gpt-4.1-nano:free", Patches(2.46)),
        ("gpt-4-turbo-2024-04-09", Tiles(85, 170)),
        ("o3", Tiles(75, 150)),
        ("gpt-5-chat-latest", Tiles(70, 140)),
        ("llava", Tiles(85, 170)),  # its service decides, and counts as it likes
        ("gpt-3.5-turbo", None),
        ("gpt-3.5-turbo-16k", None),
        ("gpt-4", None),
        ("gpt-4-turbo-preview", None),
        ("gpt-4-1106-preview", None),
        ("o1-mini", None),
        ("o3-mini-2025-01-31", None),
    ],
)
def test_models_take_images_by_their_family(model: str, rule: Counted | None) -> None:
    assert images_of(model) == rule


def test_the_table_of_images_is_of_models_that_are_known() -> None:
    assert images_of(SEES) is not None
    assert {family for family, rule in IMAGES.items() if rule} - set(FAMILIES) <= {
        "gpt-4-vision-preview",
        "gpt-4o-mini",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-5-mini",
        "gpt-5-nano",
    }


def test_a_model_without_eyes_is_refused_with_the_name_of_one_that_sees() -> None:
    seen = Message(role="user", content="look", attachments=(Image("cat.png", 9, 2, 2, "data:"),))
    read = Message(role="user", content="read", attachments=(File("a.txt", 1, "a"),))
    check_images("gpt-4o", [read, seen])
    check_images("llava", [read, seen])
    check_images("gpt-3.5-turbo", [read])
    with pytest.raises(NotAttached, match=r"^gpt-3\.5-turbo takes no images, and cat\.png is one.*/model gpt-4o$"):
        check_images("gpt-3.5-turbo", [read, seen])
