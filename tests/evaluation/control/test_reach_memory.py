"""A search is done once for the same requests, and again for others."""

import numpy as np
import torch

from evaluation.control import reach_memory
from evaluation.control.reach_memory import remembered_reach
from synths import ClipFormat, Sharpness, SMSSynth

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)


def test_what_can_be_met_is_searched_once(tmp_path, monkeypatch):
    """The second asking reads the answer; another range, pitch or position asks anew."""
    asked_for = []

    def search(knobs, synth, f0_hz, asked):
        asked_for.append(len(asked))
        return asked[:, 0] < 0.5

    monkeypatch.setattr(reach_memory, "reachable_in_sound", search)
    knobs, synth, f0_hz = [Sharpness(CLIP)], SMSSynth(CLIP), torch.tensor([100.0, 200.0])
    asked = torch.tensor([[0.2], [0.8]])
    for _ in range(2):
        assert remembered_reach(knobs, synth, f0_hz, asked, tmp_path).tolist() == [True, False]
    assert len(asked_for) == 1
    (answer,) = tmp_path.iterdir()
    for damaged in (b"", answer.read_bytes()[:-1], b"no array"):
        answer.write_bytes(damaged)
        assert remembered_reach(knobs, synth, f0_hz, asked, tmp_path).tolist() == [True, False]
    assert len(asked_for) == 4 and np.load(answer).tolist() == [True, False]
    remembered_reach(knobs, synth, 2 * f0_hz, asked, tmp_path)
    remembered_reach(knobs, synth, f0_hz, 0.5 * asked, tmp_path)
    knobs[0].range.span.mul_(2.0)
    remembered_reach(knobs, synth, f0_hz, asked, tmp_path)
    assert len(asked_for) == 7
