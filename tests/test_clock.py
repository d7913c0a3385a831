"""The clock: times that sort as they pass."""

import re

from chatcmd.clock import Clock


def test_ids_sort_as_they_were_made_within_one_second_too() -> None:
    clock = Clock()
    ids: list[str] = []
    while len(ids) < 50:
        made = clock.session_id()
        if not ids or made != ids[-1]:
            ids.append(made)
    assert ids == sorted(set(ids))
    assert all(re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", made) for made in ids)


def test_now_is_utc_with_milliseconds() -> None:
    now = Clock().now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now)
