"""What is near already is made up for without the model, by the gains that its slopes say."""

import pytest
import torch

from projection.target import Target
from synths.descriptors.request import JND, KnobRequest
from turning.gains import GainSearch
from turning.listened import Listened
from turning.recording_search import StrictRequest
from turning.sound_in import ArrayIn
from turning.steady import SteadyProjection
from turning.turn import asked_of


@pytest.fixture
def steady(make_tone):
    """One request, sharpness by 1 JND, of which half a JND is still asked later."""
    listened = Listened(ArrayIn(make_tone(220.0, 0.5, slope=1.2), 16000))
    asked = asked_of(listened, [[KnobRequest("sharpness", 1.0, JND, moves=True)]])
    recording = listened.recording(listened.passages[0])
    sounding = recording.sounding.float()
    request = StrictRequest(Target(asked.knobs), asked.positions, sounding[None], 1, asked.free)
    search = GainSearch(recording, asked.knobs)
    prior, going = search.places.musical_prior()[0], torch.tensor([True])
    weights = sounding / sounding.sum()
    made = SteadyProjection(asked.knobs, search.some_frames, request.tolerance, prior, weights, going, asked.free)
    return made, request


def test_a_little_more_is_made_up_for_without_the_model(steady, monkeypatch):
    projection, request = steady
    projection.towards(request.asked, 8)
    first, width = projection.all_gains()[:, 0], request.tolerance
    more = torch.tensor([[0.0, 0.5, 0.0, 0.0, 0.0]]) * width
    measure = projection.with_gains
    with monkeypatch.context() as patch:
        patch.setattr(projection, "positions", None)  # asked for, it would fail
        projection.towards(request.asked + more[:, None], 8)
    moved = (measure(torch.tensor([0]), projection.all_gains()[:, 0]) - measure(torch.tensor([0]), first)) / width
    assert (moved - more / width).abs().max() < 0.1


def test_what_is_far_is_solved_for_anew(steady, monkeypatch):
    projection, request = steady
    projection.towards(request.asked, 8)
    more = torch.tensor([[0.0, 3.0, 0.0, 0.0, 0.0]]) * request.tolerance
    projection.towards(request.asked + more[:, None], 8)
    assert not projection.shift.any()
    off = (request.mean(request.asked) + more - projection.measured) / request.tolerance
    assert off.abs().max() < 0.25
