"""All benchmarks in one run; the tables replace those of docs/performance.md.

One thread, CPU time of the process, interleaved, medians of ratios within a round. About twenty
minutes on one core.

    python -m benchmarks [--rounds 3] [--print]
"""

import argparse
import platform
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import descriptors, growth, loading, parts, step, streaming
from output.whole_files import written_whole

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
START, STOP = "<!-- measured: begin -->", "<!-- measured: end -->"
SECTIONS: dict[str, Callable[[int], str]] = {
    "Parts": parts.table,
    "Descriptors": lambda rounds: descriptors.table(max(1, rounds // 3)),
    "Whole training step": lambda rounds: step.table(max(2, rounds // 2)),
    "Streaming": lambda rounds: streaming.table(),
    "Loading": lambda rounds: "\n\n".join([loading.loading_table(rounds), loading.preparation_table()]),
    "Growth": lambda rounds: growth.table(max(1, rounds // 2)),
}


def machine() -> str:
    """Date, processor and the versions that matter."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numba", "auraloss", "torchaudio", "mosqito"))
    return f"{date.today()}, {_processor()}, one thread, Python {platform.python_version()}, {versions}."


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def replace_tables(page: str, measured: str) -> str:
    """The page with what stands between its two marks replaced."""
    before, found, rest = page.partition(START)
    _, end, after = rest.partition(STOP)
    if not (found and end):
        raise ValueError(f"{PAGE.name} has no marks {START} and {STOP} to write the tables between.")
    return f"{before}{START}\n{measured}\n{STOP}{after}"


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--print", action="store_true", dest="only_print", help="leave docs/performance.md as it is")
    given = parser.parse_args()
    torch.set_num_threads(1)
    written = [machine()]
    print(written[0], flush=True)
    for name, section in SECTIONS.items():
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        written.append(f"### {name}\n\n{section(given.rounds)}")
        print(f"\n{written[-1]}", flush=True)
    if not given.only_print:
        page = replace_tables(PAGE.read_text(), "\n\n".join(written))
        with written_whole(PAGE) as partial:
            partial.write_text(page)


if __name__ == "__main__":
    main()
