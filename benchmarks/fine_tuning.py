"""Fine-tuning against training from scratch, on a minute of an instrument that the voice has not met.

    python -m benchmarks.fine_tuning NOTES OUT [--voice orchestra] [--seconds 60] [--steps 300] [--scratch 2100]
                                     [--notes 12]

NOTES is a folder of single notes. Every second or third of them, up to --seconds of sound, is trained on (a tenth of
those validates, another is left out); the model is judged by others of the same instrument, --notes of them spread over
its range. Printed are the voice as it ships, fine-tuned, and a model of the same form from new weights: CPU seconds of
training, distance of the resynthesis, and how far the bare decoder misses each knob at five positions, in tolerances
(JND where one is known). One thread. What is trained already is not trained again.
"""

import argparse
import json
import os
import resource
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import run
from typing import NamedTuple

import numpy as np
import soundfile
import torch

from benchmarks.exact_requests import judge, requests, spread
from benchmarks.recipes import mss
from datamodules import Recordings
from datamodules.clip_dataset import collate
from datamodules.splits import SPLITS
from lightning_modules.checkpoint import load_model
from lightning_modules.timbre_model import TimbreModel
from sounds.sound_file import sound_files
from studies.run_folder import checkpoint_in
from synths import Clip

EXPERIMENT = Path(__file__).parents[1] / "configs" / "experiments" / "fine_tuning.yaml"
HEADER = "| | CPU s | MSS | control error | by knob |\n|---|---|---|---|---|"


class JudgedTuning(NamedTuple):
    """What one model is worth: distance of resyntheses, tolerances off over all knobs, and by knob."""

    mss: float
    control_error: float
    by_knob: dict[str, float]


def shared_out(notes: Sequence[Path], seconds: float) -> tuple[list[Path], list[Path]]:
    """Notes to train on, spread over all and about so many seconds together, and the others.

    Raises:
        ValueError: too little is left to judge by
    """
    lasting = [soundfile.info(path).duration for path in notes]
    wanted = min(len(notes), max(3, round(seconds / float(np.mean(lasting)))))
    chosen = {round(place) for place in np.linspace(0, len(notes) - 1, wanted)}
    trained = [path for index, path in enumerate(notes) if index in chosen]
    others = [path for index, path in enumerate(notes) if index not in chosen]
    if len(others) < 3:
        raise ValueError(f"of {len(notes)} notes {len(others)} are left to judge by: lower --seconds.")
    return trained, others


def train(root: Path, out: Path, name: str, options: Sequence[str]) -> float:
    """Fit, or go on where it stopped; CPU seconds of it in all, start of the process included."""
    folder, spent = out / name, out / name / "cpu_s.json"
    before = json.loads(spent.read_text()) if spent.is_file() else 0.0
    if not (folder / "DONE").is_file():
        begun = (folder / "checkpoints" / "last.ckpt").is_file()
        fit = [str(folder), "--ckpt_path", "last"] if begun else _begin(root, out, name, options)
        program = [sys.executable, "-c", "from timbre import main; main()", "fit", *fit]
        start = _children_s()
        with open(out / f"{name}.log", "a") as log:
            run(program, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True)
        before += _children_s() - start
        spent.write_text(json.dumps(before))
    return float(before)


def _begin(root: Path, out: Path, name: str, options: Sequence[str]) -> list[str]:
    place = ["--data.init_args.root", str(root), "--runs", str(out), "--name", name, "--trainer.logger", "false"]
    return ["-c", str(EXPERIMENT), *place, *options]


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@torch.no_grad()
def judged(model: TimbreModel, notes: Sequence[Clip]) -> JudgedTuning:
    """How near the resynthesis is, and how far turned knobs are off."""
    off = []
    for note in notes:
        torch.manual_seed(0)
        asked = requests(model, note)
        met = judge(model, asked, lambda which: model.put_together(which.f0_hz, which.encoding).audio)
        off.append(met.off[:-1][asked.turned[:-1]].abs().reshape(len(model.encoder.knobs), -1))
    by_knob = torch.cat(off, 1).mean(1)
    named = dict(zip(model.encoder.knobs, by_knob.tolist(), strict=True))
    return JudgedTuning(mss(model, notes), float(by_knob.mean()), named)  # type: ignore[arg-type]


def held_notes(model: TimbreModel, root: Path, most: int) -> list[Clip]:
    """The first clip of every note of a folder, of a few spread over it."""
    data = Recordings(model.clip, str(root))
    data.prepare_data()
    clips = [data.dataset(split)[index] for split in SPLITS for index in range(len(data.dataset(split)))]  # type: ignore[attr-defined,arg-type]
    firsts = sorted((clip for clip in clips if clip.name.endswith("#0")), key=lambda clip: clip.name)
    return [collate([clip]) for clip in spread(firsts, most)]


def row(name: str, cpu_s: float, result: JudgedTuning) -> str:
    """One line of the table."""
    knobs = ", ".join(f"{knob} {off:.2f}" for knob, off in result.by_knob.items())
    return f"| {name} | {cpu_s:.0f} | {result.mss:.3f} | {result.control_error:.2f} | {knobs} |"


def _copied(notes: Sequence[Path], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path in notes:
        if not (folder / path.name).exists():
            shutil.copy(path, folder / path.name)
    return folder


def main() -> None:
    """Train both, judge three, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", metavar="NOTES", type=Path)
    parser.add_argument("out", metavar="OUT", type=Path)
    parser.add_argument("--voice", default="orchestra")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=300, help="of fine-tuning")
    parser.add_argument("--scratch", type=int, default=2100, help="steps from new weights")
    parser.add_argument("--notes", type=int, default=12, help="that judge")
    given = parser.parse_args()
    torch.set_num_threads(1)
    trained, others = shared_out(sound_files(str(given.sounds)), given.seconds)
    roots = [_copied(notes, given.out / name) for notes, name in ((trained, "train"), (others, "held"))]
    seconds = sum(soundfile.info(path).duration for path in trained)
    voice = load_model(checkpoint_in(Path(given.voice)))
    notes = held_notes(voice, roots[1], given.notes)
    print(f"{given.sounds.name}: {len(trained)} notes, {seconds:.0f} s; judged by {len(notes)} others\n\n{HEADER}")
    print(row(f"{given.voice}, as it ships", 0.0, judged(voice, notes)), flush=True)
    plans = [
        (f"tuned-{given.steps}", ["--init_from", given.voice, "--trainer.max_steps", str(given.steps)]),
        (f"scratch-{given.scratch}", ["--trainer.max_steps", str(given.scratch), "--model.learning_rate", "2e-3"]),
    ]
    for name, options in plans:
        cpu_s = train(roots[0], given.out, name, options)
        print(row(name, cpu_s, judged(load_model(given.out / name / "checkpoints" / "best.ckpt"), notes)), flush=True)


if __name__ == "__main__":
    main()
