"""Pitch of both sides: no note costs the others their numbers, and what cannot be heard is not judged."""

import math

import torch

from evaluation.resynthesis.tracking import TrackedTarget, track
from tests.evaluation.resynthesis.told import CLIP, Told, sounds


def test_a_note_that_fails_in_any_way_has_no_pitch_and_costs_the_others_nothing():
    f0_hz, confidence = track(Told(), sounds(440.0, 0.0, -1.0, -2.0, -3.0, 220.0), CLIP)
    assert f0_hz[:, 0].tolist() == [440, 1, 1, 1, 1, 220]
    assert confidence.mean(dim=1).tolist() == [1, 0, 0, 0, 0, 1]


def test_a_target_is_paired_with_any_output():
    """Told 40 Hz, below what the tracker hears, it judges no pitch; what is not finite is silence to it."""
    told_hz = torch.tensor([440.0, 40.0])[:, None].expand(2, CLIP.n_frames)
    target, output = TrackedTarget(Told(), sounds(440.0, 80.0), told_hz, CLIP), sounds(220.0, 80.0)
    output[1, 5:] = math.nan
    pair = target.with_output(output)
    assert pair.target_f0_hz[:, 0].tolist() == [440, 80] and pair.output_f0_hz[:, 0].tolist() == [220, 80]
    assert pair.target_confidence.mean(1).tolist() == [1, 0] and pair.output_confidence.mean(1).tolist() == [1, 1]
    assert pair.output.isnan().any()
