"""Settings are found that give the readings wanted, or come as near as the errors say."""

from functools import partial

import pytest
import torch

from projection import projectable
from synths import (
    ClipFormat,
    FundamentalShare,
    Harmonics,
    Level,
    LogAttackTime,
    Noisiness,
    Part,
    Roughness,
    Sharpness,
    SMSSynth,
    SpectralFlux,
    inverse,
    measure_all_layers,
)
from synths.inverse import nearest_settings

CLIP = ClipFormat(16000, 16000, 160)
LEVEL, SHARPNESS, SHARE, NOISINESS = (knob(CLIP) for knob in (Level, Sharpness, FundamentalShare, Noisiness))
SYNTH = SMSSynth(CLIP, effects=())
TONE = SMSSynth(CLIP, parts=[partial(Harmonics, n_harmonics=40)], effects=())


def hundredths(measured, asked):
    """Errors in hundredths of a knob's range."""
    return (measured - asked) / 0.01


def readings(knobs, synth, f0_hz, settings):
    """(R,) pitches and (R, P) settings -> (R, C) positions, measured anew."""
    named = dict(zip(synth.sizes, settings[:, None].split(list(synth.sizes.values()), dim=-1), strict=True))
    values = measure_all_layers(knobs, synth.layers(f0_hz[:, None], named))
    return torch.cat([knob.position_of(value) for knob, value in zip(knobs, values, strict=True)], dim=-1)


def test_what_is_wanted_is_found():
    """The settings give the positions that are said, and these are what was asked for."""
    knobs = [LEVEL, SHARPNESS, SHARE, NOISINESS]
    f0_hz = torch.tensor([110.0, 220.0, 440.0])
    asked = torch.tensor([[0.6, 0.3, 0.4, 0.3], [0.5, 0.4, 0.6, 0.5], [0.7, 0.35, 0.2, 0.2]])
    found = nearest_settings(knobs, SYNTH, f0_hz, asked, hundredths)
    assert found.settings.shape == (3, sum(SYNTH.sizes.values()))
    torch.testing.assert_close(readings(knobs, SYNTH, f0_hz, found.settings), found.positions, rtol=0.0, atol=1e-5)
    assert (found.positions - asked).abs().max() <= 0.01


def test_the_caller_says_what_is_near():
    """The worst error is made small: the knob that counts ten times as much is missed by a tenth."""
    knobs = [FundamentalShare(CLIP), FundamentalShare(CLIP)]
    weights = torch.tensor([1.0, 10.0])
    found = nearest_settings(
        knobs, TONE, torch.tensor([220.0]), torch.tensor([[0.2, 0.75]]), lambda a, b: hundredths(a, b) * weights
    )
    assert found.positions[0].tolist() == [pytest.approx(0.7, abs=0.01)] * 2


@pytest.mark.parametrize("place", range(3))
def test_every_start_is_tried(monkeypatch, place):
    """In silence nothing has a slope."""
    starts = [(-60.0, 0.0, 0.0)] * 3
    starts[place] = (0.0, 0.0, 0.0)
    monkeypatch.setattr(inverse, "STARTS", starts)
    asked = LEVEL.position_of(torch.tensor([[-20.0]]))
    found = nearest_settings([LEVEL], TONE, torch.tensor([440.0]), asked, hundredths)
    assert found.positions.item() == pytest.approx(asked.item(), abs=0.01)


def test_it_searches_inside_a_test_run_of_lightning_too():
    with torch.inference_mode():
        f0_hz, asked = torch.tensor([220.0], dtype=torch.float64), torch.tensor([[0.3]], dtype=torch.float64)
        found = nearest_settings([SHARE], TONE, f0_hz, asked, hundredths)
    assert found.positions.item() == pytest.approx(0.3, abs=0.01) and not found.settings.requires_grad


def test_a_frame_answers_for_what_layers_tell():
    assert all(map(projectable, (LEVEL, SHARPNESS, SHARE, NOISINESS)))
    assert not any(projectable(knob(CLIP)) for knob in (LogAttackTime, Roughness, SpectralFlux))


def test_nothing_asked_is_nothing_found():
    found = nearest_settings([LEVEL], SYNTH, torch.zeros(0), torch.zeros(0, 1), hundredths)
    assert found.positions.shape == (0, 1) and found.settings.shape == (0, sum(SYNTH.sizes.values()))


def test_a_part_without_words_is_named():
    class Clicks(Part):
        sizes = {"click": 1}

    with pytest.raises(NotImplementedError, match="Clicks cannot say"):
        synth = SMSSynth(CLIP, parts=[lambda clip: Clicks()])
        nearest_settings([LEVEL], synth, torch.tensor([220.0]), torch.tensor([[0.5]]), hundredths)
