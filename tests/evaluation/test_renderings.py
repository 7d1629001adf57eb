"""Which ways of rendering a model has, and what is said of those that it has not."""

from types import SimpleNamespace

import pytest
import torch

from evaluation import renderings
from evaluation.renderings import same_noise, turned_controls, ways_of


def model(knobs=("level", "warmth")):
    """A model with these knobs and one further control."""
    encoder = SimpleNamespace(knobs=[*knobs], controls=[*knobs, "shape"])
    return SimpleNamespace(encoder=encoder, device=torch.device("cpu"), put_together=lambda f0_hz, encoding: "open")


@pytest.fixture(autouse=True)
def meeting(monkeypatch):
    """Exact and live renderings in name only."""

    class Met:
        def __init__(self, model):
            if "stubborn" in model.encoder.knobs:
                raise ValueError("Clicks of the synth cannot say what it plays: render the open sound.")

        def __call__(self, f0_hz, encoding, sounding, turned):
            return "mean"

        def follow(self, f0_hz, encoding, sounding, turned):
            return "frames"

    monkeypatch.setattr(renderings, "Exact", Met)
    monkeypatch.setattr(renderings, "Live", Met)


def test_all_ways_the_open_one_first():
    ways, remarks = ways_of(model())
    assert [way.name for way in ways] == ["open", "exact", "live"] and not remarks
    assert [way.put_together(None, None, None, None) for way in ways] == ["open", "mean", "mean"]
    assert [way.follow(None, None, None, None) for way in ways] == ["open", "frames", "mean"]


@pytest.mark.parametrize(("chosen", "names"), [(["open"], ["open"]), (["live", "open"], ["open", "live"])])
def test_those_that_are_chosen(chosen, names):
    ways, remarks = ways_of(model(), chosen)
    assert [way.name for way in ways] == names and not remarks


@pytest.mark.parametrize(("knobs", "why"), [((), "no knobs"), (("stubborn",), "Clicks of the synth")])
def test_what_cannot_be_met_is_said(knobs, why):
    ways, remarks = ways_of(model(knobs))
    assert [way.name for way in ways] == ["open"] and len(remarks) == 2
    assert all(why in remark and remark.endswith(".") for remark in remarks)
    assert "exact" in remarks[0] and "live" in remarks[1]


def test_one_control_is_turned_or_none():
    assert turned_controls(model(), ["warmth", ""]).tolist() == [[False, True, False], [False] * 3]


def test_the_same_noise_and_nobody_elses():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    drawn = []
    for _ in range(2):
        with same_noise(torch.device("cpu")):
            drawn.append(torch.rand(3))
    assert drawn[0].equal(drawn[1]) and torch.get_rng_state().equal(state)
