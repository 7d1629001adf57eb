"""Whether a rendering is as loud as the recording: over its gain, over time, and in pauses.

    python -m benchmarks.render_level RUN SOUND ... [--minutes 3]

Every sound is rendered at five input gains, as the decoder plays it and with knobs met, without and with the level
matched. "error" is the mean over a sound's sounding frames of output minus input, in dB of the A-weighted level; the
table has the mean of its size over the sounds, and the largest. Pauses are the frames that do not sound: how many are
louder than in the input by more than 1 dB. Last, all sounds in a row, again and again, for some minutes: the error in
each sixth of it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from instrument.matching import Matching
from instrument.playing import Wish
from instrument.render import render_wish
from lightning_modules.checkpoint import load_model
from lightning_modules.timbre_model import TimbreModel
from sounds.audio import read_audio
from studies.run_folder import checkpoint_in
from timbre.tracked_pitch import tracked_pitch

GAINS_DB = (-20, -10, 0, 10, 20)
WAYS = {
    f"{name}, {matched}": Wish(exact=name == "met", matching=Matching(level=matched == "matched"), rings_out=True)
    for name in ("open", "met")
    for matched in ("not matched", "matched")
}
PAUSE_DB = -60.0


class LevelError(NamedTuple):
    """One rendering: dB in every judged frame, output minus input, and (J,) True where the input sounds."""

    error_db: Tensor
    sounding: Tensor

    @property
    def mean_db(self) -> float:
        """Over what sounds."""
        return float(self.error_db[self.sounding].mean())

    @property
    def louder_pauses(self) -> float:
        """Share of the other frames that are louder by more than 1 dB; NaN where there are none."""
        return float((self.error_db[~self.sounding] > 1.0).double().mean())

    def of_parts(self, n: int = 6) -> list[float]:
        """The mean error in each n-th of the recording."""
        parts = zip(self.error_db.chunk(n), self.sounding.chunk(n), strict=True)
        return [float(error[sounds].mean()) for error, sounds in parts]


def level_error(model: TimbreModel, audio: np.ndarray, f0_hz: np.ndarray, wish: Wish) -> LevelError:
    """Render (N,) audio of (F,) pitch and compare levels."""
    torch.manual_seed(0)
    made = render_wish(model, torch.from_numpy(audio), torch.from_numpy(f0_hz), wish)
    heard_db, played_db = (_level_db(model, sound) for sound in (torch.from_numpy(audio), made.audio))
    return LevelError(played_db[: len(heard_db)] - heard_db, made.sounding[0].bool())


def _level_db(model: TimbreModel, audio: Tensor) -> Tensor:
    padded = torch.nn.functional.pad(audio, (0, -len(audio) % model.clip.hop))
    return model.encoder.level_db(padded[None], model.encoder.judged_every)[0]


def phrase(sounds: Sequence[np.ndarray], sample_rate: int, pause_s: float = 0.4) -> np.ndarray:
    """Sounds one after the other, pauses of noise at -60 dB between them."""
    noise = np.random.default_rng(0)
    n_pause, scale = round(pause_s * sample_rate), 10 ** (PAUSE_DB / 20)
    pauses = [scale * noise.standard_normal(n_pause).astype(np.float32) for _ in sounds]
    return np.concatenate([part for pair in zip(sounds, pauses, strict=True) for part in pair])


def gain_table(model: TimbreModel, sounds: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[str]:
    """Lines of the table of sounds, each with its pitch."""
    lines = ["| rendering | " + " | ".join(f"{gain:+d} dB" for gain in GAINS_DB) + " | pauses louder |"]
    lines.append("|---" * (len(GAINS_DB) + 2) + "|")
    for name, wish in WAYS.items():
        cells, pauses = [], []
        for gain_db in GAINS_DB:
            scale = np.float32(10 ** (gain_db / 20))
            errors = [level_error(model, scale * audio, f0_hz, wish) for audio, f0_hz in sounds]
            sizes = [abs(error.mean_db) for error in errors]
            pauses += [error.louder_pauses for error in errors]
            cells.append(f"{np.mean(sizes):.2f}, at most {max(sizes):.2f}")
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {100 * np.nanmean(pauses):.0f} % |")
    return lines


def long_table(model: TimbreModel, audio: np.ndarray, f0_hz: np.ndarray) -> list[str]:
    """Lines of the table of one long recording."""
    lines = ["| rendering | error in each sixth, dB | pauses louder |", "|---|---|---|"]
    for name, wish in WAYS.items():
        error = level_error(model, audio, f0_hz, wish)
        parts = ", ".join(f"{part:+.2f}" for part in error.of_parts())
        lines.append(f"| {name} | {parts} | {100 * error.louder_pauses:.0f} % |")
    return lines


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("sounds", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=3.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(checkpoint_in(given.run))
    notes = [read_audio(str(path), model.clip) for path in given.sounds]
    row = phrase(notes, model.clip.sample_rate)
    sounds = [(audio, tracked_pitch(audio, model, path)) for audio, path in zip(notes, given.sounds, strict=True)]
    sounds.append((row, tracked_pitch(row, model, "phrase")))
    print(f"{given.run.name}, {len(notes)} notes and a phrase of them ({len(row) / model.clip.sample_rate:.0f} s)\n")
    print(*gain_table(model, sounds), sep="\n", flush=True)
    n_samples = round(60 * given.minutes * model.clip.sample_rate)
    long = np.resize(row, n_samples)
    print(f"\nThe phrase again and again, {given.minutes:g} minutes\n")
    print(*long_table(model, long, tracked_pitch(long, model, "phrase")), sep="\n")


if __name__ == "__main__":
    main()
