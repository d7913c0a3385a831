"""The ways through a conversation that branches (pure)."""

from collections.abc import Mapping

LONGEST = 200_000
"""Steps of all ways together; a conversation that needs more is cut to its first ways."""


def ways(parents: Mapping[str, str | None], current: str | None) -> tuple[list[list[str]], int]:
    """List the ways from a root to each leaf, the one to `current` first; also count those that were too many.

    Parents that lead in a circle, or nowhere, end a way where it would repeat itself or where nothing is known.
    """
    inner = set(parents.values())
    leaves = [node for node in parents if node not in inner]
    if current not in parents:
        current = leaves[-1] if leaves else next(iter(parents), None)
    found: list[list[str]] = []
    covered: set[str] = set()
    steps = left = 0
    for end in filter(
        None, dict.fromkeys((current, *leaves, *parents))
    ):  # of a circle without a leaf any node ends a way
        if end in covered:
            continue
        if steps >= LONGEST:
            left += end not in inner
            continue
        found.append(_way(parents, end))
        covered.update(found[-1])
        steps += len(found[-1])
    return found, left


def _way(parents: Mapping[str, str | None], end: str) -> list[str]:
    way: dict[str, None] = {}
    node: str | None = end
    while node is not None and node in parents and node not in way:
        way[node] = None
        node = parents[node]
    return list(reversed(way))
