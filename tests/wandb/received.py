"""What arrived at the server: runs with their rows, and sweeps with the points that are not handed out yet."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HISTORY, SUMMARY = "wandb-history.jsonl", "wandb-summary.json"


@dataclass
class Run:
    """What arrived of a run."""

    id: str
    project: str
    display_name: str = ""
    group: str = ""
    job_type: str = ""
    sweep: str = ""
    tags: list[str] = field(default_factory=list)
    state: str = "pending"
    exit_code: int | None = None
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, dict[int, str]] = field(default_factory=dict)
    overwritten: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    n_starts: int = 0
    preempting: bool = False

    @property
    def history(self) -> list[dict[str, Any]]:
        """Its rows, in order."""
        return [json.loads(line) for _, line in sorted(self.lines.get(HISTORY, {}).items())]

    def place(self, name: str, offset: int, content: list[str]) -> None:
        """Put lines of a streamed file where they belong, and remember history that they replace."""
        lines = self.lines.setdefault(name, {})
        for number, line in enumerate(content, offset):
            if name == HISTORY and lines.get(number, line) != line:
                self.overwritten.append(lines[number])
            lines[number] = line
        if name == SUMMARY and content:
            self.summary = json.loads(content[-1])

    def end(self, exit_code: int) -> None:
        """Note how a start of it ended."""
        self.exit_code = exit_code
        self.state = "finished" if exit_code == 0 else "preempted" if self.preempting else "failed"


@dataclass
class Sweep:
    """A sweep that was created, and the points that are not handed out yet."""

    id: str
    config: dict[str, Any]
    points: Iterator[dict[str, Any]]


def grid(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every point of a sweep's `parameters`; of a range, both ends: what is worth trying is not asked here."""
    names = list(config["parameters"])
    choices = [
        given["values"] if "values" in given else [given["value"]] if "value" in given else [given["min"], given["max"]]
        for given in config["parameters"].values()
    ]
    for point in itertools.product(*choices):
        yield dict(zip(names, point, strict=True))
