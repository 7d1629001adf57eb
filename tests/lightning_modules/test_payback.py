"""What was missed is paid back, no faster than can be heard, and what does not sound is not counted."""

import pytest
import torch

from lightning_modules.payback import FRAMES_TO_PAY, MOST_PAID, HeardKnobs, Payback
from synths import ClipFormat, Level, Noisiness

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
LAG_SHORT, LAG_LONG, JND = torch.tensor([[6]]), torch.tensor([[11]]), torch.tensor([[0.02, 0.05]])


def played(missed, n_frames, level_db=(-20.0, -20.0), start=0):
    """What a payback of level and noisiness gives in every frame, when all frames miss by so many tolerances.

    That is of the first `n_frames` frames; after them nothing is missed.
    """
    payback = Payback([Level(CLIP), Noisiness(CLIP)], n_past=17)
    state, given = payback.initial_state(1), []
    for frame in range(start, start + 200):
        of_frame = frame - torch.tensor([[6, 11]])
        missed_then = torch.where((of_frame >= 0) & (of_frame < n_frames), torch.tensor(missed), 0.0)
        asked = torch.full((1, 2), 0.01 * frame)
        heard = HeardKnobs(0.01 * of_frame + missed_then * JND, LAG_SHORT, LAG_LONG, torch.tensor([[level_db[1]]]))
        level, age = torch.tensor([[level_db[0]]]), torch.tensor([[float(frame)]])
        paid, state = payback(asked, JND, heard, level, age, state)
        given.append(paid)
    return torch.cat(given), state


def test_a_miss_is_known_when_its_window_is_whole():
    """Each knob by its own window, against what was asked in that frame; nothing before, nor where all is met."""
    paid, state = played([3.0, 3.0], 1)
    assert (paid[:6, 0] == 0.0).all() and (paid[:11, 1].abs() < 1e-3).all()
    assert paid[6, 0] == pytest.approx(3.0 / FRAMES_TO_PAY, abs=1e-3)
    assert paid[11, 1] == pytest.approx(3.0 / FRAMES_TO_PAY, abs=1e-3)
    assert played([0.0, 0.0], 0)[0].abs().max() < 1e-3
    torch.testing.assert_close(state["owed"], torch.full((1, 2), 3.0), atol=1e-2, rtol=0)


def test_it_is_never_more_than_can_just_be_heard():
    """A hundred tolerances off in ten frames, either way."""
    paid, _ = played([100.0, -100.0], 10)
    assert paid[50:, 0] == pytest.approx(MOST_PAID) and paid[50:, 1] == pytest.approx(-MOST_PAID)


def test_what_does_not_sound_is_not_counted():
    """HeardKnobs 50 dB below the loudest of the note."""
    assert (played([5.0, 5.0], 20, level_db=(-10.0, -60.0))[0] == 0.0).all()


def test_a_new_note_owes_nothing():
    """Age 0: what the last one missed is forgotten. A miss that is no number is passed over."""
    payback = Payback([Level(CLIP)], n_past=17)
    state = payback.initial_state(1) | {"owed": torch.tensor([[80.0]])}
    loud = torch.tensor([[-20.0]])
    heard = HeardKnobs(torch.tensor([[0.3]]), LAG_SHORT, LAG_LONG, loud)
    paid, _ = payback(torch.tensor([[0.3]]), torch.tensor([[0.02]]), heard, loud, torch.tensor([[0.0]]), state)
    assert paid == 0.0
    nothing = heard._replace(positions=torch.tensor([[torch.nan]]))
    paid, after = payback(torch.tensor([[0.3]]), torch.tensor([[0.02]]), nothing, loud, torch.tensor([[50.0]]), state)
    assert paid == MOST_PAID and after["owed"] == 80.0
