"""All encoders on the same notes, budget, decoder and synth: control beside quality, one table and one plot.

    python -m benchmarks.head_to_head RELEASE OUT [--steps 800] [--seeds 3] [--workers 2] [--only ae adversarial ...]
                                                  [--notes 96] [--examined 24] [--faithful 24]

RELEASE is an NSynth release (recordings laid out like it will do); OUT gets the held-out split, the runs and the
comparison, whose columns are of open, exact and live sounds; and faithful.md, where the first seed of each of ours is
asked by benchmarks.faithful for open, exact and faithful sounds, one request to each knob of some test notes. What is
finished is not done again, an interrupted training goes on. Each training has one thread.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.held_out import hold_out
from output.whole_files import write_text

CONFIGS = Path(__file__).parents[1] / "configs" / "experiments"
SECONDS, RATE = 2, 16000
N_EXAMINED = 24
"""How many test notes have their knobs turned: 24 take about three minutes per model."""
OURS = {"descriptor": "descriptor", "disentangled": "disentangled", "adversarial": "adversarial"}
"""Name of a model -> its experiment; these with several seeds."""
RIVALS = {
    name: name
    for name in (
        *("ae", "vae", "ae_timbre", "vae_timbre"),
        *("c_ddsp_published", "f_ddsp_published", "c_ddsp_mended", "f_ddsp_mended"),
    )
}
SAXOPHONES = (940, 941, 945)
"""Instruments of the laid-out Philharmonia notes that training never hears."""


class TrainingRun(NamedTuple):
    """One training: model and seed, and what is trained otherwise than its experiment says, with a name for that."""

    model: str
    seed: int
    recipe: str = ""
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.recipe or self.model}-s{self.seed}"

    @property
    def experiment(self) -> Path:
        """Its configuration."""
        return CONFIGS / f"{(OURS | RIVALS)[self.model]}_nsynth.yaml"


def all_runs(n_seeds: int, only: Sequence[str]) -> list[TrainingRun]:
    """Every training of the comparison, first seeds first."""
    runs = [TrainingRun(model, seed) for seed in range(n_seeds) for model in (*OURS, *(RIVALS if seed == 0 else ()))]
    return [run for run in runs if not only or run.model in only]


def train_and_test(run: TrainingRun, release: Path, runs: Path, steps: int, n_examined: int = N_EXAMINED) -> str:
    """Train and test what is not done yet -> the run's name and what went wrong."""
    folder = runs / run.name
    if (folder / "control.json").is_file():
        return f"{run.name}: there already"
    if failed := train(run, release, runs, steps):
        return failed
    if _timbre("test", [str(folder), "--control.n_notes", str(n_examined)], runs / f"{run.name}.log"):
        return f"{run.name}: testing failed, see {runs / run.name}.log"
    return f"{run.name}: done"


def train(run: TrainingRun, release: Path, runs: Path, steps: int) -> str:
    """Train what is not trained yet -> what went wrong, or nothing."""
    runs.mkdir(parents=True, exist_ok=True)
    done = runs / run.name / "trained"
    if not done.is_file():
        if _timbre("fit", _how_to_fit(run, release, runs, steps), runs / f"{run.name}.log"):
            return f"{run.name}: training failed, see {runs / run.name}.log"
        done.touch()
    return ""


def _timbre(verb: str, arguments: Sequence[str], log: Path) -> int:
    """Run a verb of the command line on one thread; its exit code."""
    program = [sys.executable, "-c", "from timbre import main; main()", verb, *arguments]
    with open(log, "a") as file:
        return subprocess.run(program, stdout=file, stderr=file, env={**os.environ, "OMP_NUM_THREADS": "1"}).returncode


def _how_to_fit(run: TrainingRun, release: Path, runs: Path, steps: int) -> list[str]:
    """Arguments of `timbre fit`: go on where there is a checkpoint, otherwise begin."""
    if (runs / run.name / "checkpoints" / "last.ckpt").is_file():
        return [str(runs / run.name), "--ckpt_path", "last"]
    place = ["--name", run.name, "--runs", str(runs), "--data.root", str(release), "--data.num_workers", "0"]
    # All notes, also those of whose label the recording is up to a semitone off: no label is used.
    return [
        "-c",
        str(run.experiment),
        *place,
        "--data.pitch_tolerance_cents",
        "null",
        *_budget(run, steps),
        *run.options,
    ]


def _budget(run: TrainingRun, steps: int) -> list[str]:
    """Equal steps on equal clips, but for the published models' longer frames."""
    hop = 1024 if "published" in run.model else 160
    clip = ["--clip.n_samples", str(SECONDS * RATE // hop * hop), "--seed_everything", str(run.seed)]
    return [
        *clip,
        "--trainer.max_steps",
        str(steps),
        "--trainer.val_check_interval",
        str(min(100, steps)),
        "--trainer.limit_val_batches",
        "8",
    ]


def faithful_tables(runs: Sequence[Path], release: Path, n_notes: int) -> str:
    """Open, exact and faithful sounds of some test notes, a table for each run."""
    from benchmarks.faithful import N_STEPS, report

    return "\n\n".join(report(run, release, n_notes, N_STEPS, True, False) for run in runs) + "\n"


def main() -> None:
    """Split, train, test, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--notes", type=int, default=96, help="of the test split, when it is made")
    parser.add_argument("--examined", type=int, default=N_EXAMINED, help="of them, those whose knobs are turned")
    parser.add_argument("--faithful", type=int, default=N_EXAMINED, help="of them, those for faithful.md; 0 for none")
    parser.add_argument("--only", nargs="*", default=[], choices=[*OURS, *RIVALS])
    parser.add_argument("--instruments", type=int, nargs="+", default=SAXOPHONES, help="that training never hears")
    given = parser.parse_args()
    release, runs = given.out / "release", given.out / "runs"
    if not (release / "nsynth-test" / "examples.json").is_file():
        print(hold_out(given.release, release, given.instruments, every=6, most=given.notes))
    chosen = all_runs(given.seeds, given.only)
    with ThreadPoolExecutor(given.workers) as pool:
        for said in pool.map(lambda run: train_and_test(run, release, runs, given.steps, given.examined), chosen):
            print(said, flush=True)
    from timbre import main as timbre

    timbre(["compare", *(str(runs / run.name) for run in chosen), "--out", str(given.out / "compare")])
    ours = [runs / run.name for run in chosen if run.model in OURS and run.seed == 0]
    if given.faithful and ours:
        write_text(given.out / "faithful.md", faithful_tables(ours, release, given.faithful))


if __name__ == "__main__":
    main()
