"""`timbre status`: where runs stand."""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from studies.job_queue import jobs
from studies.run_status import ORDER, RunStatus, runs_in, status_of

WIDTH = 80
LONG_AGO = ((86400, "d"), (3600, "h"), (60, "min"))


def run(verb: str, args: list[str]) -> None:
    """Look at runs, and at Slurm's queue where there is one."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Where runs stand: failed, stopped, running, waiting in Slurm's queue, trained, tested. Whatever "
        "needs you comes first. Nothing is changed.",
    )
    parser.add_argument(
        "runs",
        type=Path,
        nargs="*",
        default=[Path("runs")],
        metavar="RUN",
        help="runs, or folders of runs, such as runs/SWEEP (default: runs)",
    )
    parser.add_argument("--json", action="store_true", help="a line of JSON for each run instead of the table")
    given = parser.parse_args(args)
    queue = jobs()
    found = sorted((status_of(path, queue) for path in runs_in(given.runs)), key=lambda one: ORDER.index(one.state))
    if given.json:
        for one in found:
            print(json.dumps({**one._asdict(), "run": str(one.run)}))
        return
    console = Console(width=None if sys.stdout.isatty() else WIDTH, markup=False, highlight=False)
    console.print(_table(found, time.time()))
    counts = Counter(one.state for one in found)
    print(", ".join(f"{counts[state]} {state}" for state in ORDER if counts[state]))
    for one in found:
        if one.remark and one.state not in ("trained", "new", "ended early"):
            print(f"{one.run}: {one.remark}")


def _table(found: list[RunStatus], now_s: float) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    table.add_column("state")
    table.add_column("step", justify="right")
    table.add_column("last change", justify="right")
    for one in found:
        steps = f"{'–' if one.step is None else one.step} of {one.steps or '?'}"
        table.add_row(str(one.run), one.state, steps, _ago(now_s - one.changed_s))
    return table


def _ago(seconds: float) -> str:
    """In one unit, the largest that fits."""
    for length_s, unit in LONG_AGO:
        if seconds >= length_s:
            return f"{seconds / length_s:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
