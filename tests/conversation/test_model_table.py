import pytest

from chatcmd.conversation.models import CL100K, CL100K_0301, FAMILIES, O200K, UNKNOWN_WINDOW, Model, look_up

UNKNOWN = Model(UNKNOWN_WINDOW, None)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_found_by_its_name_its_dates_and_a_service_before_it(family: str) -> None:
    known = FAMILIES[family]
    assert look_up(family) == known
    assert look_up(family.upper()) == known
    assert look_up(f"{family}-2031-12-24") == known
    assert look_up(f"local/{family}") == known
    assert look_up(f"ft:{family}:my-org::7p4lURel") == known
    assert known.known


@pytest.mark.parametrize(
    ("name", "window", "rules", "reasons"),
    [
        ("gpt-3.5-turbo-0613", 4096, CL100K, False),
        ("gpt-3.5-turbo-0301", 4096, CL100K_0301, False),
        ("gpt-3.5-turbo-16k-0613", 16_385, CL100K, False),
        ("gpt-3.5-turbo-1106", 16_385, CL100K, False),
        ("gpt-35-turbo-0613", 4096, CL100K, False),
        ("gpt-4-0613", 8192, CL100K, False),
        ("gpt-4-32k-0613", 32_768, CL100K, False),
        ("gpt-4-turbo-2024-04-09", 128_000, CL100K, False),
        ("gpt-4-1106-preview", 128_000, CL100K, False),
        ("gpt-4o-2024-08-06", 128_000, O200K, False),
        ("gpt-4o-mini", 128_000, O200K, False),
        ("gpt-4o-mini-2024-07-18", 128_000, O200K, False),
        ("chatgpt-4o-latest", 128_000, O200K, False),
        ("gpt-4.1-nano", 1_047_576, O200K, False),
        ("gpt-4.1-2025-04-14", 1_047_576, O200K, False),
        ("o1-2024-12-17", 200_000, O200K, True),
        ("o1-mini-2024-09-12", 128_000, O200K, True),
        ("o3-mini", 200_000, O200K, True),
        ("o4-mini-2025-04-16", 200_000, O200K, True),
        ("gpt-5-mini", 400_000, O200K, True),
        ("gpt-5-chat-latest", 128_000, O200K, False),
        ("ft:gpt-3.5-turbo-0613:my-org:my-suffix:7p4lURel", 4096, CL100K, False),
        ("local/ft:gpt-4o-mini:org::id", 128_000, O200K, False),
        ("openrouter/openai/gpt-4o:free", 128_000, O200K, False),
        ("azure/gpt-4", 8192, CL100K, False),
    ],
)
def test_variants_belong_to_their_family(name: str, window: int, rules: object, reasons: bool) -> None:  # noqa: FBT001
    assert look_up(name) == Model(window, rules, reasons)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "-",
        "gpt",
        "gpt-3.5",
        "gpt-3.5-turbox",
        "gpt-4.5-preview",
        "gpt-4all",
        "gpt-4ofake",
        "gpt-45",
        "gpt-50",
        "gpt-5.9",
        "gpt-5o",
        "gpt-oss-20b",
        "o10",
        "o1x",
        "o2",
        "o33-mini",
        "marco-o1",
        "my-gpt-4",
        "gpt-4/llama3",
        "llama3",
        "qwen2.5:7b",
        "通义千问",
    ],
)
def test_there_are_no_false_friends(name: str) -> None:
    assert (look_up(name).window, look_up(name).rules) == (UNKNOWN.window, None)
    assert not look_up(name).known


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("o2", True),
        ("o10-mini", True),
        ("gpt-5.9", True),
        ("gpt-5.9-chat-latest", False),
        ("gpt-5o", False),
        ("o1x", False),
    ],
)
def test_a_new_model_of_a_family_that_reasons_is_taken_to_reason(name: str, reasons: bool) -> None:  # noqa: FBT001
    assert look_up(name).reasons is reasons
