"""`chatcmd doctor` run, and what it found by the ids of its findings; no key is in anything that it writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.loopback import Exchange, Loopback, Reply, error, status
from tests.terminal_driver import CHATCMD, Finished, run

KEY = "sk-CANARY-" + "45c48cce2e2d7fbdea1afc51c7c6ad26"
MASKED = "••••ad26"
TELLS = {"id", "status", "value", "origin", "advice", "seconds"}


@dataclass(frozen=True)
class Examined:
    """What a run came to; `found` holds the findings by id, in their order."""

    finished: Finished
    document: dict[str, Any]
    found: dict[str, dict[str, Any]]

    def status(self, name: str) -> str:
        return str(self.found[name]["status"])

    def value(self, name: str) -> str:
        return str(self.found[name]["value"])

    def failed(self) -> list[str]:
        """Name what does not work."""
        return [name for name, finding in self.found.items() if finding["status"] == "failed"]

    def begins(self, prefix: str) -> dict[str, str]:
        """Give the statuses of the findings whose ids begin so, by what follows."""
        return {
            name.removeprefix(prefix): finding["status"]
            for name, finding in self.found.items()
            if name.startswith(prefix)
        }


def doctor(root: Path, *words: str, env: Mapping[str, str] | None = None, argv: list[str] | None = None) -> Examined:
    """Run it for a root, and read its document."""
    finished = run(argv or [*CHATCMD, "doctor", "--json", "--root", str(root), *words], env=env, cwd=root)
    assert KEY not in finished.out + finished.err
    document = json.loads(finished.out)
    found = {finding["id"]: finding for finding in document["checks"]}
    assert len(found) == len(document["checks"]), "two findings have one id"
    assert all(set(finding) == TELLS for finding in found.values())
    return Examined(finished, document, found)


def written(root: Path, key: str | None = KEY, **more: str) -> Path:
    """Write envs/: the key, and files by name, for their owner only."""
    envs = root / "envs"
    envs.mkdir(exist_ok=True)
    files = {"openai_key": json.dumps({"api": key})} if key else {}
    for name, text in (files | {name.replace("_toml", ".toml"): text for name, text in more.items()}).items():
        (envs / name).write_text(text)
        (envs / name).chmod(0o600)
    return root


def guarded(server: Loopback, *keys: str) -> Reply:
    """Tell the models to those alone who have one of these keys."""
    listed = [{"id": name, "object": "model"} for name in server.models]

    def reply(exchange: Exchange) -> None:
        sent = exchange.request.headers.get("authorization", "").removeprefix("Bearer ")
        refusal = error(401, "Incorrect API key provided.", error_code="invalid_api_key")
        (status(200, {"object": "list", "data": listed}) if sent in keys else refusal)(exchange)

    return reply
