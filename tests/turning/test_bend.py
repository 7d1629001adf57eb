"""Roughness is raised by what was asked, the other knobs held; what cannot be is refused."""

import numpy as np
import pytest
import torch

from synths import Roughness
from synths.descriptors.request import KnobRequest
from turning.bend import BENDS, bent, why_not_bent
from turning.listened import Listened
from turning.sound_in import ArrayIn
from turning.turn import asked_of, changes

RATE = 16000


def test_roughness_rises_by_what_was_asked_in_both_channels(make_tone):
    own = make_tone(330.0, 0.6, slope=1.5)
    audio = np.stack([own, 0.5 * own], axis=1)
    listened = Listened(ArrayIn(audio, RATE))
    asked = asked_of(listened, [[KnobRequest("roughness", 0.1, "asper", moves=True)]])
    (change,) = changes(listened, asked)
    turned = ArrayIn(audio + change[0], RATE)
    assert listened.pooled(Roughness, turned) == pytest.approx(asked.bend.was + 0.1, abs=0.005)
    got = listened.mean(listened.readings([type(knob) for knob in asked.knobs], turned) - asked.own)
    widths = torch.tensor([float(knob.span[1] - knob.span[0]) / knob.jnd for knob in asked.knobs])
    assert len(asked.knobs) == 5 and (got * widths).abs().max() < 0.05
    assert np.abs(change[0, :, 0] - 2 * change[0, :, 1]).max() < 1e-5


def test_roughness_falls_by_what_was_asked(make_tone):
    """A low tone, whose neighbouring partials beat."""
    audio = make_tone(80.0, 0.6, slope=0.7)
    listened = Listened(ArrayIn(audio, RATE))
    asked = asked_of(listened, [[KnobRequest("roughness", -0.1, "asper", moves=True)]])
    (change,) = changes(listened, asked)
    turned = ArrayIn(audio + change[0, :, 0], RATE)
    assert asked.bend.was > 0.2
    assert listened.pooled(Roughness, turned) == pytest.approx(asked.bend.was - 0.1, abs=0.005)
    got = listened.mean(listened.readings([type(knob) for knob in asked.knobs], turned) - asked.own)
    widths = torch.tensor([float(knob.span[1] - knob.span[0]) / knob.jnd for knob in asked.knobs])
    assert (got * widths).abs().max() < 0.05


def test_modulation_is_seventy_times_a_second(make_tone):
    audio = make_tone(330.0, 0.5, noise=0.0)
    listened = Listened(ArrayIn(audio, RATE))
    recording = listened.recording(listened.passages[0])
    changed = bent(recording, BENDS["roughness"], 0.2).audio - recording.audio
    spectrum = torch.fft.rfft(changed * torch.hann_window(len(changed))).abs()
    bins = torch.fft.rfftfreq(len(changed), 1 / RATE)
    assert {round(float(place)) for place in bins[spectrum.topk(2).indices]} == {260, 400}


def test_what_cannot_be_bent():
    high, low = torch.full((9,), 330.0), torch.full((9,), 110.0)
    assert "roughness is 0 or more" in why_not_bent(BENDS["roughness"], high, 0.3, -0.1)
    assert why_not_bent(BENDS["roughness"], low, 0.3, 0.2) == ""
    assert "200 Hz and more" in why_not_bent(BENDS["roughness"], low, 0.1, 0.2)
    assert why_not_bent(BENDS["roughness"], high, 0.1, 0.2) == ""


def test_one_at_a_time(make_tone):
    listened = Listened(ArrayIn(make_tone(330.0, 0.4), RATE))
    both = [KnobRequest("roughness", 0.1, "asper", True), KnobRequest("warmth", 2.0, "0-100", True)]
    with pytest.raises(ValueError, match="one at a time"):
        asked_of(listened, [both])
