"""What cannot be met gives way, and nothing else: knobs that are turned with it are met, those that hold hold."""

import numpy as np
import pytest
import torch

from projection.target import Target
from synths.descriptors.request import JND, KnobRequest
from turning.gains import Turned
from turning.knobs import PITCHED
from turning.listened import Listened
from turning.out_of_reach import STARTS, within_reach
from turning.recording_search import StrictRequest
from turning.sound_in import ArrayIn
from turning.turn import asked_of, changes

NAMES = [kind.name for kind in PITCHED]


@pytest.mark.parametrize("steady_only", [False, True])
def test_what_is_turned_with_a_knob_out_of_reach_is_met(make_tone, steady_only):
    """A tone of few partials cannot get 20 JNDs duller, but 3 dB louder and duller by some."""
    listened = Listened(ArrayIn(make_tone(700.0, 0.4, slope=2.0), 16000))
    both = [KnobRequest("sharpness", -20.0, JND, moves=True), KnobRequest("level", 3.0, JND, moves=True)]
    asked = asked_of(listened, [both])
    sound = listened.sound.read(0, listened.sound.n_frames)[:, 0]
    sound = sound + np.concatenate(list(changes(listened, asked, steady_only)), axis=1)[0, :, 0]
    got = listened.mean(listened.readings(PITCHED, ArrayIn(sound, 16000)))
    width = torch.tensor([float(knob.span[1] - knob.span[0]) / knob.jnd for knob in asked.knobs])
    off = (got - listened.mean(asked.positions[0])) * width
    place = NAMES.index("sharpness")
    assert off[torch.arange(5) != place].abs().max() < 0.2 and 0.25 < off[place] < 19.0


def test_a_miss_that_is_noticed_costs_more_than_all_that_could_be_gained():
    """Positions of level: 0.3 JND of what holds outweigh 4 JND of what was turned; 0.2 JND do not."""
    knob = PITCHED[0](Listened(ArrayIn(np.random.default_rng(0).standard_normal(8000), 16000)).clip(1))
    jnd = knob.jnd / float(knob.span[1] - knob.span[0])
    asked = torch.full((1, 4, 2), 0.5)
    request = StrictRequest(Target([knob, knob]), asked, torch.ones(1, 4), 1, torch.tensor([[True, False]]))
    unturned, dragged, noticed = (
        request.cost(0.5 + jnd * torch.tensor([off])) for off in ([4.0, 0.0], [0.0, 0.2], [0.0, 0.35])
    )
    assert dragged < unturned < noticed


def test_answers_are_replaced_row_by_row():
    own, other = (
        Turned(torch.full((3, 5), v), torch.full((3, 2, 4), v), 160, torch.full((3, 2), v)) for v in (0.0, 1.0)
    )
    mixed = own.with_rows(torch.tensor([2]), other.rows(torch.tensor([0])))
    assert [row.unique().tolist() for row in mixed.audio] == [[0.0], [0.0], [1.0]]
    either = own.where(torch.tensor([True, False, True]), other)
    assert either.log_gains[:, 0, 0].tolist() == [0.0, 1.0, 0.0] == either.measured[:, 1].tolist()


class OneStart:
    """Gains that meet all requests, and only from the last start."""

    def __init__(self) -> None:
        self.sought = []

    def met(self, request, steady_only, start=None):
        self.sought.append((len(request.asked), tuple(start.tolist())))
        found = request.mean(request.asked) if tuple(start.tolist()) == STARTS[-1] else torch.zeros(1, 1)
        return Turned(torch.ones(1, 5), torch.ones(1, 2, 4), 160, found)


def test_what_is_off_is_sought_from_other_starts_and_what_is_met_is_not():
    knob = PITCHED[0](Listened(ArrayIn(np.random.default_rng(0).standard_normal(8000), 16000)).clip(1))
    request = StrictRequest(Target([knob]), torch.full((2, 4, 1), 0.5), torch.ones(2, 4), 1, torch.ones(2, 1).bool())
    found = Turned(torch.zeros(2, 5), torch.zeros(2, 2, 4), 160, torch.tensor([[0.5], [0.3]]))
    gains = OneStart()
    better = within_reach(gains, request, found, False)
    assert gains.sought == [(1, start) for start in STARTS]
    assert better.measured.tolist() == [[0.5], [0.5]] and better.audio[:, 0].tolist() == [0.0, 1.0]
