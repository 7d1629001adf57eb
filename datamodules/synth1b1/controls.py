"""What sounds of synth1B1 are made of, from the control signals of the synthesiser: pitch and level without audio."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datamodules.synth1b1.voice import N_SAMPLES, SAMPLE_RATE, Voice
from sounds.pitch import Pitch
from synths.clip import ClipFormat
from synths.signal import midi_to_hz

N_POINTS = 1764
SAMPLES_PER_POINT = (N_SAMPLES - 1) / (N_POINTS - 1)
"""The synthesiser stretches its 441 control points a second so that the first and last meet the ends of the sound."""
SILENCE = 1e-4
N_PHASES = 256


class Tones(NamedTuple):
    """The parts of n sounds at T = 1764 points of time: two oscillators, a sine and a square-to-saw, and noise.

    Shapes: midi (n, 2, T) the pitch of the oscillators; level (n, 3, T) the rms of each part, as it is in the sound.
    """

    midi: np.ndarray
    level: np.ndarray

    def heard(self, clip: ClipFormat) -> "Tones":
        """As much as a clip has of them: its duration, and no oscillator beyond its Nyquist frequency."""
        n_points = int(clip.duration_s * SAMPLE_RATE / SAMPLES_PER_POINT) + 1
        midi, level = self.midi[..., :n_points], self.level[..., :n_points].copy()
        level[:, :2][midi_to_hz(midi) >= clip.nyquist_hz] = 0
        return Tones(midi, level)

    def dominant(self) -> np.ndarray:
        """(n,) the oscillator that has more energy, 0 or 1."""
        return np.asarray((self.level[:, :2] ** 2).sum(axis=-1).argmax(axis=-1))


class PartSizes(NamedTuple):
    """How large sine, square-to-saw and noise are in the mix at full amplitude: rms (n, 3) and peak (n, 3)."""

    rms: np.ndarray
    peak: np.ndarray


def tones(voice: Voice, ids: Sequence[int]) -> Tones:
    """The parts of up to 32 sounds by id."""
    voice.turn_knobs(ids)
    knob = voice.in_units(voice.parameters(ids))
    pitch_1, amplitude_1, pitch_2, amplitude_2, noise_amplitude = (
        signal.as_subclass(Tensor).numpy()[: len(ids)] for signal in _modulation(voice)
    )
    rms, peak = part_sizes(knob)
    amplitude = np.stack([amplitude_1, amplitude_2, noise_amplitude], axis=1)
    # The synthesiser turns a sound down that would clip.
    loudest = (amplitude * peak[..., None]).sum(axis=1).max(axis=-1).clip(min=1)
    midi = [
        (knob["keyboard.midi_f0"] + knob[f"{vco}.tuning"])[:, None] + knob[f"{vco}.mod_depth"][:, None] * signal
        for vco, signal in (("vco_1", pitch_1), ("vco_2", pitch_2))
    ]
    return Tones(np.stack(midi, axis=1).clip(0, 127), amplitude * (rms / loudest[:, None])[..., None])


def _modulation(voice: Voice) -> tuple[Tensor, ...]:
    """Pitch and amplitude of the first oscillator, of the second, amplitude of the noise: (32, T) each."""
    synth = voice.synth
    with torch.no_grad():
        _, duration = synth.keyboard()
        lfo_1 = synth.control_vca(synth.lfo_1(synth.lfo_1_rate_adsr(duration)), synth.lfo_1_amp_adsr(duration))
        lfo_2 = synth.control_vca(synth.lfo_2(synth.lfo_2_rate_adsr(duration)), synth.lfo_2_amp_adsr(duration))
        signals: tuple[Tensor, ...] = synth.mod_matrix(synth.adsr_1(duration), synth.adsr_2(duration), lfo_1, lfo_2)
    return signals


def part_sizes(knob: dict[str, np.ndarray]) -> PartSizes:
    """Knobs in units -> how large the parts of n sounds are."""
    highest = knob["keyboard.midi_f0"] + knob["vco_2.tuning"] + knob["vco_2.mod_depth"].clip(min=0)
    highest_hz = midi_to_hz(highest)[:, None]
    phase = np.arange(N_PHASES) * 2 * np.pi / N_PHASES
    # The wave of Lazzarini & Timoney (2010), as torchsynth shapes it: the higher, the fewer overtones.
    square = np.tanh(np.pi / 2 * 12000 / (highest_hz * np.log10(highest_hz)) * np.sin(phase))
    shape = knob["vco_2.shape"][:, None]
    wave = (1 - shape / 2) * square * (1 + shape * np.cos(phase))
    same = np.ones(len(wave))
    rms = np.stack([np.sqrt(1 / 2) * same, np.sqrt((wave**2).mean(axis=1)), np.sqrt(1 / 3) * same], axis=1)
    peak = np.stack([same, np.abs(wave).max(axis=1), same], axis=1)
    mix = np.stack([knob[f"mixer.{part}"] for part in ("vco_1", "vco_2", "noise")], axis=1)
    return PartSizes((mix * rms).astype(np.float32), (mix * peak).astype(np.float32))


def pitch_of(sounds: Tones, row: int, clip: ClipFormat) -> Pitch:
    """The pitch of the dominant oscillator of one sound in the frames of a clip.

    Confidence is its share of the power, falling to 0 towards silence.
    """
    heard = sounds.heard(clip)
    dominant = int(heard.dominant()[row])
    point = np.arange(clip.n_frames) * clip.hop * (SAMPLE_RATE / clip.sample_rate) / SAMPLES_PER_POINT
    known = np.arange(heard.level.shape[-1])
    midi = np.interp(point, known, heard.midi[row, dominant])
    power = np.stack([np.interp(point, known, level, right=0) ** 2 for level in heard.level[row]])
    confidence = power[dominant] / (power.sum(axis=0) + SILENCE**2)
    return Pitch(midi_to_hz(midi).astype(np.float32), confidence.astype(np.float32))
