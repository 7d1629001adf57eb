"""What starting a command costs: seconds and memory of help, of a wrong path and of a rendering, one after the other.

python -m benchmarks.startup                 # help and wrong arguments
python -m benchmarks.startup RUN SOUND.wav   # and a rendering of a sound by a trained run
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

from timbre.verbs import VERBS


class Cost(NamedTuple):
    """What one process took: CPU seconds, and the most memory in MB."""

    cpu_s: float
    memory_mb: float


def cost_of(command: Sequence[str]) -> Cost:
    """Run it once; whether it fails does not matter."""
    variables = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def least(command: Sequence[str], rounds: int) -> Cost:
    """The cheapest of some rounds: others' work on the machine only adds."""
    costs = [cost_of(command) for _ in range(rounds)]
    return Cost(min(cost.cpu_s for cost in costs), min(cost.memory_mb for cost in costs))


def commands(run: str | None, sound: str | None, folder: str) -> dict[str, list[str]]:
    """Name -> arguments of `timbre`, or of Python where the first is -c."""
    shown = {
        "import torch": ["-c", "import torch"],
        "timbre": [],
        **{f"{verb} --help": [verb, "--help"] for verb in VERBS},
    }
    shown["fit -c typo.yaml"] = ["fit", "-c", "typo.yaml"]
    shown["test nosuch"] = ["test", "nosuch"]
    shown["render nosuch in.wav out.wav"] = ["render", "nosuch", "in.wav", f"{folder}/out.wav"]
    shown["turn nosuch.wav out.wav"] = ["turn", "nosuch.wav", f"{folder}/out.wav"]
    if run and sound:
        shown["render RUN nosuch.wav out.wav"] = ["render", run, "nosuch.wav", f"{folder}/out.wav"]
        shown["render RUN SOUND out.wav"] = ["render", run, sound, f"{folder}/out.wav"]
    return shown


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser("python -m benchmarks.startup", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", nargs="?", help="the folder of a trained run")
    parser.add_argument("sound", nargs="?", help="a sound file")
    parser.add_argument("--rounds", type=int, default=3, help="of each command; the cheapest counts")
    given = parser.parse_args()
    print("| command | CPU seconds | MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in commands(given.run, given.sound, folder).items():
            timbre = [] if arguments[:1] == ["-c"] else ["-c", "from timbre import main; main()"]
            cost = least([sys.executable, *timbre, *arguments], given.rounds)
            print(f"| `{name}` | {cost.cpu_s:.2f} | {cost.memory_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main()
