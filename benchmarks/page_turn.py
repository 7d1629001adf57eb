"""Recordings turned by the page: how far knobs are off on the sound, those that were turned and those that hold.

    python -m benchmarks.page_turn FOLDER... [--model MODEL] [--notes 10]

FOLDERs hold recorded notes, from which some are chosen evenly. Needs Chromium and Playwright.
"""

import argparse
import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor

from benchmarks.page import chromium, say
from instrument.page import AUDIO_THREAD, page_file
from instrument.page_code import page_code
from lightning_modules.checkpoint import load_model
from projection import Target
from sounds.sound_file import sound_files
from studies.run_folder import checkpoint_in
from studies.voices import DEFAULT
from synths import Level
from timbre.playable import playable

LONGEST_S, RANGE_DB, EDGE_FRAMES = 2.0, 35.0, 4
MOVES = {"sharpness": (0.15, -0.1), "fundamental_share": (0.2,), "odd_even_balance": (0.15,), "noisiness": (0.15,)}
"""In shares of what notes of the pitch reach; the end of the reach is as far as a slider goes."""
TURNED = """([about, blob, code, sound, moves]) => {
  const opened = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const recording = takenApart(Float32Array.from(sound), about);
  if (!recording) return null;
  const player = new Player(about, opened(blob), opened(code));
  const moved = [];
  const sounds = [[0, 0], ...moves].map(([index, move]) => {
    player.turn(recording);
    const begins = player.shares[index];
    player.shares[index] = Math.min(1, Math.max(0, begins + move));
    moved.push([index, player.shares[index] - begins]);
    player.turner.begin();
    const out = new Float32Array((recording.n - 1) * about.hop);
    for (let at = 0; at < out.length; at += about.hop) player.render(out.subarray(at, at + about.hop), about.hop);
    return Array.from(out);
  });
  return [Array.from(recording.f0_hz), sounds, moved.slice(1)];
}"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="of recorded notes")
    parser.add_argument("--model", type=Path, default=Path(DEFAULT), help="whose knobs are turned")
    parser.add_argument("--notes", type=int, default=10, help="how many")
    given = parser.parse_args()
    torch.set_num_threads(1)
    parts, model = playable(given.model, given.model.stem), load_model(checkpoint_in(given.model))
    target = Target(list(model.encoder.each_descriptor()))
    asked = [(index, move) for index, knob in enumerate(target.knobs) for move in MOVES.get(knob.name, ())]
    turned: list[float] = []
    held: dict[str, list[float]] = {knob.name: [] for knob in target.knobs}
    with chromium() as browser:
        bare = browser.new_page()
        bare.add_script_tag(content="\n".join(page_file(name) for name in AUDIO_THREAD[:-2]))
        numbers = [base64.b64encode(each).decode() for each in (parts.blob, page_code())]
        for path in _chosen(given.folders, given.notes):
            sound = _read(path, parts.about["sample_rate"])
            made = bare.evaluate(TURNED, [parts.about, *numbers, sound.tolist(), asked])
            if made is None:
                print(f"{path.name}: no clear pitch")
                continue
            every = _off(target, *made)
            row, index = divmod(int(np.abs(every).argmax()), len(target.knobs))
            worst = f"{target.knobs[index].name} {every[row][index]:+.2f}"
            say(path.name, f"worst {worst}, {target.knobs[asked[row][0]].name} turned")
            for (turned_index, _), off in zip(asked, every, strict=True):
                for index, knob in enumerate(target.knobs):
                    (turned if index == turned_index else held[knob.name]).append(abs(off[index]))
    say("turned", _spread(turned))
    for name, values in held.items():
        say(f"held: {name}", _spread(values))


def _chosen(folders: Sequence[Path], n: int) -> list[Path]:
    files = [path for folder in folders for path in sound_files(str(folder)) if soundfile.info(path).duration > 1.0]
    return files[:: max(1, len(files) // n)][:n]


def _read(path: Path, rate: int) -> np.ndarray:
    sound, own = soundfile.read(path, always_2d=True)
    mono = sound.mean(axis=1)[: int(LONGEST_S * own)]
    return np.asarray(mono if own == rate else soxr.resample(mono, own, rate), np.float32)


@torch.no_grad()
def _off(
    target: Target, f0_hz: Sequence[float], sounds: Sequence[Any], asked: Sequence[tuple[int, float]]
) -> list[list[float]]:
    """For each move, JNDs that every knob is off in the mean over what sounds; the first sound is the recording."""
    pitch = torch.tensor(f0_hz[:-1])[None].float()
    own, *turned = (target.of_sound(torch.tensor(sound)[None], pitch, 1)[0] for sound in sounds)
    level: Tensor = next(knob for knob in target.knobs if isinstance(knob, Level)).measure(
        torch.tensor(sounds[0])[None], pitch
    )[0]
    sounding = level > level.max() - RANGE_DB
    sounding[:EDGE_FRAMES] = sounding[-EDGE_FRAMES:] = False
    found = []
    for (index, move), now in zip(asked, turned, strict=True):
        wanted = own.clone()
        low, high = target.knobs[index].range.reach(pitch)
        wanted[:, index] += move * (high - low)[0]
        found.append([float(off) for off in _jnds(target, now, wanted)[sounding].mean(0)])
    return found


def _jnds(target: Target, now: Tensor, wanted: Tensor) -> Tensor:
    each = [
        (knob.value_at(now[:, index]) - knob.value_at(wanted[:, index])) / (knob.jnd or 1.0)
        for index, knob in enumerate(target.knobs)
    ]
    return torch.stack(each, dim=1)


def _spread(off: Sequence[float]) -> str:
    if not off:
        return "none"
    return f"n {len(off)}, median {np.median(off):.2f}, p95 {np.quantile(off, 0.95):.2f}, largest {max(off):.2f}"


if __name__ == "__main__":
    main()
