"""What holds comes before what was turned and cannot be."""

import torch

from projection import MeanSearch
from projection.mean_search import MOST_RENDERS_TO_HOLD


def test_a_knob_that_cannot_be_met_does_not_drag_the_other(played, request_for):
    """Fifteen least audible differences duller than the pitch allows: nearer than unchanged, and the level stays."""
    turned = torch.tensor([[False, True], [False, True]])
    request = request_for(played, [[0.0, -15.0], [0.0, 1.0]], turned)
    with torch.no_grad():
        audio, answer = MeanSearch(played, request).run()
    assert audio.isfinite().all() and answer.renders.max() <= MOST_RENDERS_TO_HOLD
    assert 1.0 < answer.off[0, 1] < answer.open_off[0, 1]
    assert answer.off[0, 0].abs() < 0.25 and answer.met[1].all()


def test_what_dragged_others_is_begun_again(played, request_for, monkeypatch):
    """From a place where level is lost, with the turned knob free, level comes back."""
    search = MeanSearch(played, request_for(played, [[0.0, 2.0], [0.0, 2.0]], torch.tensor([[False, True]] * 2)))
    with torch.no_grad():
        search.frames = search._projection()
        search.base_gains, search.base_played = search.frames.gains + 1.0, search.frames.measured + 0.1
        search.best = search.base = torch.tensor([[5.0, 0.0], [0.1, 0.0]])
        search._begin_again()
    assert search.going.tolist() == [True, False]
    rows = search.frames.clip_of == 0
    assert not search.frames.gains[rows].any() and search.frames.measured[rows].equal(search.frames.start[rows])
    assert search.base[0].equal(search.open_missed[0]) and search.base[1, 0] == 0.1
