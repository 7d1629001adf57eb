"""What the knobs of synth1B1 alone tell of a sound, so that few control signals need computing to choose sounds."""

from typing import NamedTuple

import numpy as np

from datamodules.synth1b1.controls import PartSizes, part_sizes
from datamodules.synth1b1.notes import CleanNote, hz_to_midi
from synths.clip import ClipFormat

OSCILLATORS = ("vco_1", "vco_2")
SIGNALS = ("adsr_1", "adsr_2", "lfo_1", "lfo_2")
ROUNDING_SEMITONES = 1e-3
ROUNDING_S = 0.02
"""Covers that envelopes have a value every 2.3 ms only, and meet them a thousandth later than they say."""


class Reach(NamedTuple):
    """MIDI numbers, (n,) each, that an oscillator stays between."""

    lowest: np.ndarray
    highest: np.ndarray


def can_be_met(rule: CleanNote, knob: dict[str, np.ndarray], clip: ClipFormat) -> np.ndarray:
    """Knobs in units -> (n,) False where a sound does not meet the rule, whatever its control signals are.

    The amplitudes of both oscillators are sums of the same four signals with different weights: one can be so much
    above the other only if one of its weights is, or if the other goes beyond what the clip can hold.
    """
    rms = part_sizes(knob).rms
    amplitude = [rms[:, [row]] * _weights(knob, f"{vco}_amp") for row, vco in enumerate(OSCILLATORS)]
    reach = [_reach(knob, vco) for vco in OSCILLATORS]
    gain = 10 ** (rule.dominance_db / 20)
    possible = np.zeros(len(rms), dtype=bool)
    for one, other in ((0, 1), (1, 0)):
        is_louder = (amplitude[one] > 0) & (amplitude[one] >= 0.999 * gain * amplitude[other])
        can_dominate = is_louder.any(axis=1) | (reach[other].highest >= hz_to_midi(clip.nyquist_hz))
        in_reach = (reach[one].highest >= rule.lowest_midi) & (reach[one].lowest <= rule.highest_midi)
        possible |= can_dominate & in_reach
    return possible


def is_surely_met(rule: CleanNote, knob: dict[str, np.ndarray], clip: ClipFormat) -> np.ndarray:
    """Knobs in units -> (n,) True where a sound meets the rule, whatever its control signals are.

    Only of rules that ask neither for dominance nor for a steady pitch.
    """
    sizes = part_sizes(knob)
    if rule.dominance_db > -np.inf or rule.spread_semitones < np.inf:
        return np.zeros(len(sizes.rms), dtype=bool)
    is_long = np.zeros(len(sizes.rms), dtype=bool)
    all_in_range = np.ones(len(sizes.rms), dtype=bool)
    for row, vco in enumerate(OSCILLATORS):
        reach = _reach(knob, vco)
        audible_s = _surely_audible_s(rule, knob, sizes, vco, clip.duration_s)
        is_long |= (audible_s >= rule.needed_s(clip) + ROUNDING_S) & (reach.highest < hz_to_midi(clip.nyquist_hz))
        in_range = (reach.lowest >= rule.lowest_midi) & (reach.highest <= rule.highest_midi)
        all_in_range &= in_range | (sizes.rms[:, row] == 0)
    return is_long & all_in_range


def _surely_audible_s(
    rule: CleanNote, knob: dict[str, np.ndarray], sizes: PartSizes, vco: str, until_s: float
) -> np.ndarray:
    """(n,) for how long one envelope alone keeps an oscillator audible, at the least."""
    threshold = 10 ** (rule.audible_db / 20) * _loudest(knob, sizes) / sizes.rms[:, OSCILLATORS.index(vco)].clip(1e-9)
    longest_s = np.zeros(len(threshold))
    for envelope in ("adsr_1", "adsr_2"):
        weight = knob[f"mod_matrix.{envelope}->{vco}_amp"]
        attack, sustain, release, alpha = (knob[f"{envelope}.{of}"] for of in ("attack", "sustain", "release", "alpha"))
        held_s = knob["keyboard.duration"]
        # How far up the attack, and how far down the release from the sustained level, the threshold lies.
        up = (threshold / weight.clip(1e-9)).clip(max=1) ** (1 / alpha)
        down = (threshold / (weight * sustain).clip(1e-9)).clip(max=1) ** (1 / alpha)
        from_s = up * np.minimum(attack, held_s)
        to_s = np.minimum(held_s + (1 - down) * release, until_s)
        longest_s = np.maximum(longest_s, np.where(down < 1, to_s - from_s, 0))
    return longest_s


def _loudest(knob: dict[str, np.ndarray], sizes: PartSizes) -> np.ndarray:
    """(n,) what the peak of the mix cannot exceed, 1 at the least: beyond that the synthesiser turns it down."""
    weights = [_weights(knob, f"{part}_amp").sum(axis=1) for part in (*OSCILLATORS, "noise")]
    return np.asarray((sizes.peak * np.stack(weights, axis=1)).sum(axis=1).clip(min=1))


def _reach(knob: dict[str, np.ndarray], vco: str) -> Reach:
    still = knob["keyboard.midi_f0"] + knob[f"{vco}.tuning"]
    bent = still + knob[f"{vco}.mod_depth"] * _weights(knob, f"{vco}_pitch").sum(axis=1)
    return Reach(np.minimum(still, bent) - ROUNDING_SEMITONES, np.maximum(still, bent) + ROUNDING_SEMITONES)


def _weights(knob: dict[str, np.ndarray], target: str) -> np.ndarray:
    """(n, 4) how much of each control signal, which are all 0 to 1, goes into a target."""
    return np.stack([knob[f"mod_matrix.{signal}->{target}"] for signal in SIGNALS], axis=1)
