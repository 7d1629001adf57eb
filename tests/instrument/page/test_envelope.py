"""Notes follow a recorded level: up to the loop, back and forth in it, and down from where they are let go."""

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.browser

CELL = {"db": [-40, -20, 0, -2, -4, -6, -10, -30, -80], "loop": [2, 4], "release": 5, "midi": 60, "velocity": 0.5}


def levels(in_node, frames, cell=CELL):
    """Decibels below the top after so many hundredths of a second."""
    return in_node(
        "envelope.js", "given.frames.map((frame) => cellDb(given.cell, frame / 100))", frames=frames, cell=cell
    )


def test_a_held_note_goes_back_and_forth_in_its_loop(in_node):
    assert levels(in_node, [0, 0.5, 2, 4]) == pytest.approx([-40, -30, 0, -4])
    assert levels(in_node, [5, 6, 7, 8, 9]) == pytest.approx([-2, 0, -2, -4, -2])


def test_a_note_without_a_loop_plays_out(in_node):
    out = levels(in_node, [6, 8, 9, 18], {**CELL, "loop": None})
    assert out == pytest.approx([-10, -80, -84, -120])


def test_a_release_begins_where_the_note_is(in_node):
    fallen = in_node("envelope.js", "[0, 1, 3].map((frame) => releaseDb(given.cell, frame / 100))", cell=CELL)
    assert fallen == pytest.approx([0, -4, -74])


def test_the_note_of_the_bank_that_is_played_most_alike(in_node):
    cells = [{"midi": 48, "velocity": 0.2}, {"midi": 48, "velocity": 0.9}, {"midi": 72, "velocity": 0.2}]
    choose = "[[50, 0.3], [50, 1], [70, 0.4]].map(([m, v]) => given.cells.indexOf(cellOf(given, m, v)))"
    chosen = in_node("envelope.js", choose, cells=cells)
    assert chosen == [0, 1, 2]


def test_a_preset_is_read_between_semitones_and_held_beyond(in_node):
    """As torch's own interpolation has it."""
    table = np.random.default_rng(0).normal(size=(4, 3))
    midi = [59.0, 60.25, 62.5, 63.0, 70.0]
    read = in_node("envelope.js", """given.midi.map((midi) => { const into = new Float32Array(3);
        presetResidual({ lowest_midi: 60, residual: given.table }, midi, [1, 1, 1], into); return [...into]; })""",
                   midi=midi, table=table.tolist())  # fmt: skip
    place = (torch.tensor(midi) - 60.0).clamp(0.0, 3.0)
    below = place.floor().clamp_max(2.0).long()
    known = torch.from_numpy(table)
    expected = 1.0 + torch.lerp(known[below], known[below + 1], (place - below)[:, None].double())
    assert np.allclose(read, expected.numpy(), atol=1e-6)
