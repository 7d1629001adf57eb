"""The tables of benchmarks.strings: registers, ratios, and deviations of a curve from notes that are known."""

import numpy as np
import pytest
import torch

from benchmarks.strings import CLIP, StringNote, deviations, table
from synths import Strings


def test_each_register_has_its_row():
    """Two low notes, none in the middle, one high; the ratio is the mean over notes."""
    rows = np.array([[100.0, 0.2, 0.4, 10.0, 8.0], [120.0, 0.4, 0.4, 10.0, 10.0], [600.0, 0.3, 0.4, 9.0, 6.0]])
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(rows).splitlines()]
    assert [row[:2] for row in lines[2:]] == [["to D3", "2"], ["from C5", "1"], ["all", "3"]]
    assert lines[2][2:4] == ["0.300", "0.400"] and lines[2][4].startswith("0.75 (") and lines[2][5].startswith("1 (")


@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_deviations_are_shares_of_what_notes_say(factor):
    """Strings of B = 5e-4 against a curve of 5e-4 and of 6.5e-4."""
    true, part = Strings(CLIP, stiffness=5e-4), Strings(CLIP, stiffness=5e-4 * factor)
    f0_hz = torch.full((1, CLIP.n_frames), 220.0)
    raw = {"harmonic_gain": torch.linspace(2.0, -1.0, CLIP.n_frames)[None, :, None]}
    raw["harmonic_balance"] = -0.05 * torch.arange(100.0).expand(1, CLIP.n_frames, 100)
    pitch_hz, off = deviations(part, [StringNote("a", "test", true(f0_hz, raw), f0_hz)])
    assert pitch_hz[0] == pytest.approx(220.0, rel=1e-3) and off[0] == pytest.approx(factor - 1.0, abs=0.02)
