"""What turning does to a recording besides: a predicted opinion, beside an equaliser's; pitch; the way back.

    python -m benchmarks.turn_quality DATA [--rate 16000] [--notes 8] [--seconds 2]

Opinions are ViSQOL's (1 to 4.73) of the turned sound against the recording. The equaliser tilts the spectrum along the
Bark scale until sharpness is where it was asked and level where it was: what it drags along is printed in JNDs. "Back"
is +2 JND and then -2 JND on what came out. Pitch is tracked anew on the turned sound. Flux is what moves from frame to
frame, turned over recorded.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.turn import NAMES, off, read, spread
from evaluation.resynthesis.pair import Pair
from evaluation.resynthesis.visqol import ViSQOL
from projection.prior import bark
from sounds.sound_file import sound_files
from synths import SpectralFlux
from synths.descriptors.request import JND, KnobRequest
from turning.knobs import PITCHED
from turning.listened import Listened
from turning.sound_in import ArrayIn
from turning.turn import asked_of, changes


def turned(audio: np.ndarray, rate: int, requests: Sequence[KnobRequest]) -> np.ndarray:
    """(n,) and one request each -> (R, n)."""
    listened = Listened(ArrayIn(audio, rate))
    asked = asked_of(listened, [[request] for request in requests])
    return audio + np.concatenate(list(changes(listened, asked)), axis=1)[..., 0]


def equalised(audio: np.ndarray, rate: int, jnds: float) -> tuple[np.ndarray, torch.Tensor]:
    """A tilt with the same change of sharpness, level held, and the JNDs (5,) that all knobs then are off."""
    listened = Listened(ArrayIn(audio, rate))
    asked = asked_of(listened, [[KnobRequest("sharpness", jnds, JND, moves=True)]])
    place = bark(torch.fft.rfftfreq(len(audio), 1.0 / rate)).clamp_min(0.0).numpy() / 12.0 - 1.0
    spectrum, settings = np.fft.rfft(audio), np.zeros(2)

    def heard(settings: np.ndarray) -> tuple[np.ndarray, torch.Tensor]:
        sound = np.fft.irfft(spectrum * np.exp(settings[0] * place + settings[1]), len(audio))
        misses = off(asked, listened.readings(PITCHED, ArrayIn(sound, rate)), asked.positions[0])
        return sound, listened.mean(misses)

    for _ in range(8):
        misses = heard(settings)[1]
        slopes = np.stack([(heard(settings + step)[1] - misses)[:2].numpy() / 0.02 for step in 0.02 * np.eye(2)], 1)
        settings = settings - np.clip(np.linalg.solve(slopes, misses[:2].numpy()), -0.5, 0.5)
    return heard(settings)


def opinions(listened: Listened, sounds: np.ndarray) -> list[float]:
    """(R, n) sounds -> MOS each against the recording."""
    clip = listened.clip(listened.n_frames)
    padded = np.pad(sounds, ((0, 0), (0, clip.n_samples - sounds.shape[1])))
    own = listened.recording(listened.passages[0]).audio
    score, pitch = ViSQOL(clip), listened.f0_hz[None]
    sure = torch.ones_like(pitch)
    pairs = [Pair(own[None], torch.from_numpy(each).float()[None], pitch, pitch, sure, sure) for each in padded]
    return [float(score(pair)) for pair in pairs]


def cents_moved(listened: Listened, sound: np.ndarray) -> float:
    """Median of how far the pitch is from where it was."""
    again = Listened(ArrayIn(sound, listened.sound.rate))
    moved = 1200.0 * torch.log2(again.f0_hz / listened.f0_hz)[listened.sounding]
    return float(moved.abs().median())


def flux(listened: Listened, sound: np.ndarray | None) -> float:
    """Mean over what sounds."""
    other = None if sound is None else ArrayIn(sound, listened.sound.rate)
    return float(listened.mean(listened.readings([SpectralFlux], other))[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--notes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    scores: dict[str, list[float]] = {}
    for path in spread(sound_files(str(given.data)), given.notes):
        audio = read(path, given.rate, given.seconds)
        listened = Listened(ArrayIn(audio, given.rate))
        if not listened.has_pitch:
            continue
        ones = turned(audio, given.rate, [KnobRequest(name, 1.0, JND, moves=True) for name in NAMES])
        twos = turned(audio, given.rate, [KnobRequest(name, 2.0, JND, moves=True) for name in NAMES])
        back = [
            turned(two, given.rate, [KnobRequest(name, -2.0, JND, moves=True)])[0]
            for name, two in zip(NAMES, twos, strict=True)
        ]
        tilt, dragged = equalised(audio, given.rate, 1.0)
        heard = opinions(listened, np.stack([*ones, tilt, *back]))
        names = [*(f"{name} +1" for name in NAMES), "equaliser, sharpness +1", *(f"{name} back" for name in NAMES)]
        for name, score in zip(names, heard, strict=True):
            scores.setdefault(name, []).append(score)
        own_flux = flux(listened, None)
        scores.setdefault("cents moved", []).extend(cents_moved(listened, one) for one in ones)
        scores.setdefault("flux, turned over recorded", []).extend(flux(listened, one) / own_flux for one in ones)
        scores.setdefault("equaliser drags, worst knob, JND", []).append(float(dragged.abs().max()))
        print(f"{path.name}: " + ", ".join(f"{score:.2f}" for score in heard), flush=True)
    print("| | n | mean | least | most |\n|---|---|---|---|---|")
    for name, values in scores.items():
        print(f"| {name} | {len(values)} | {np.mean(values):.2f} | {min(values):.2f} | {max(values):.2f} |")


if __name__ == "__main__":
    main()
