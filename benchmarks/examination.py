"""What `timbre test` costs, part by part, and beside it another version of this repository on the same notes.

    python -m benchmarks.examination RUN [--notes 8] [--limit 4] [--before CHECKOUT] [--renderings open exact live]

The run is copied to a temporary folder, and nothing is remembered of what its notes reach. One thread, CPU time of the
process. `--limit` tests so many batches only: ViSQOL's part goes with the notes of the split, all else with those whose
knobs are turned.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = """
import sys, time
import evaluation.keeping as keeping
from evaluation.progress import Progress
from timbre import main

kept = []

class Timed(Progress):
    def __init__(self, *given, **named):
        super().__init__(clock=time.process_time, shown=False)
        kept.append(self)

keeping.Progress = Timed
main(sys.argv[1:])
for progress in kept:
    for name, part in progress.parts.items():
        print(f"PART|{name}|{part.n_done}|{part.taken_s:.3f}")
"""
WHOLE = "import sys; from timbre import main; main(sys.argv[1:])"


def tested(
    run: Path, options: Sequence[str], checkout: Path, program: str
) -> tuple[float, list[tuple[str, int, float]]]:
    """Test a copy of a run by a checkout -> CPU seconds in all, and of each part: name, how many, seconds."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(run, Path(folder) / run.name, ignore=shutil.ignore_patterns("wandb", "examination"))
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(checkout)}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", program, "test", str(copy), "--trainer.logger", "false", *options]
        said = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = [line.split("|") for line in said.splitlines() if line.startswith("PART|")]
    return cpu_s, [(name, int(n), float(seconds)) for _, name, n, seconds in lines]


def table(cpu_s: float, parts: Sequence[tuple[str, int, float]]) -> str:
    """CPU seconds in all, and of each part -> a line for each and for the rest, with its share."""
    rest = ("start and reports", 1, cpu_s - sum(seconds for *_, seconds in parts))
    lines = [f"| {name} | {n} | {seconds:.1f} | {100 * seconds / cpu_s:.0f} % |" for name, n, seconds in [*parts, rest]]
    return "\n".join(["| part | n | CPU s | share |", "|---|---|---|---|", *lines, f"| all | | {cpu_s:.1f} | |"])


def main() -> None:
    """Print a table of parts, and of versions if there are two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--notes", type=int, default=8, help="whose knobs are turned")
    parser.add_argument("--limit", type=int, help="batches of the test split")
    parser.add_argument("--renderings", nargs="+", default=["open", "exact", "live"])
    parser.add_argument("--before", type=Path, help="another checkout, to compare with")
    given = parser.parse_args()
    options = ["--control.n_notes", str(given.notes), "--control.renderings", f"[{', '.join(given.renderings)}]"]
    options += ["--trainer.limit_test_batches", str(given.limit)] if given.limit else []
    cpu_s, parts = tested(given.run, options, ROOT, PARTS)
    print(table(cpu_s, parts))
    if given.before:
        before_s, _ = tested(given.run, options, given.before, WHOLE)
        print(f"\nBefore: {before_s:.1f} CPU s, {before_s / cpu_s:.2f} times as much.")


if __name__ == "__main__":
    main()
