"""Mutants that no test can notice, and why: by module, and by what was done."""

EXPLAINED: dict[tuple[str, str], str] = {}
