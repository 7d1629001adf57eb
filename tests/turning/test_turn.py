"""Turning in Python: requests to a sound in memory, of any length, in passages that leave no seam."""

import numpy as np
import pytest
import torch

from synths.descriptors.request import JND, KnobRequest
from turning import passages
from turning.knobs import PITCHED
from turning.listened import Listened
from turning.passages import passages as passages_of
from turning.sound_in import ArrayIn
from turning.turn import asked_of, changes

RATE = 16000
NAMES = [kind.name for kind in PITCHED]


def turned(audio, requests, steady_only=False):
    """(n,) and requests -> the turned sound, and JNDs (C,) that the knobs are off."""
    listened = Listened(ArrayIn(audio, RATE))
    asked = asked_of(listened, [requests])
    sound = audio + np.concatenate(list(changes(listened, asked, steady_only)), axis=1)[0, :, 0]
    got = listened.readings([type(knob) for knob in asked.knobs], ArrayIn(sound, RATE))
    off = listened.mean(got - asked.positions[0])
    widths = torch.tensor([float(knob.span[1] - knob.span[0]) / knob.jnd for knob in asked.knobs])
    return sound, off * widths


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steady_only", [False, True])
def test_a_knob_moves_by_what_was_asked_and_no_other(make_tone, name, steady_only):
    """On a tone that swells, of a pitch that glides."""
    swell = np.linspace(0.3, 1.0, RATE)
    audio = swell * make_tone(np.linspace(200.0, 230.0, RATE), 1.0, slope=1.2)
    sound, off = turned(audio, [KnobRequest(name, 1.0, JND, moves=True)], steady_only)
    assert off.abs().max() < 0.05 and np.abs(sound - audio).max() > 1e-3


def test_many_requests_at_once_are_each_what_one_alone_is(make_tone):
    audio = make_tone(220.0, 0.5, noise=0.0)
    audio += 1e-4 * np.random.default_rng(0).standard_normal(len(audio))
    listened = Listened(ArrayIn(audio, RATE))
    two = [[KnobRequest(name, 1.0, JND, moves=True)] for name in ("level", "noisiness")]
    both = np.concatenate(list(changes(listened, asked_of(listened, two))), axis=1)
    for row, requests in enumerate(two):
        alone = np.concatenate(list(changes(listened, asked_of(listened, [requests]))), axis=1)
        assert np.abs(both[row] - alone[0]).max() < 1e-4


def test_what_is_out_of_reach_goes_as_far_as_it_can_and_the_rest_holds(make_tone):
    """A tone of few partials cannot get 20 JNDs duller: it gets duller, and nothing else moves."""
    audio = make_tone(700.0, 0.4, slope=2.0)
    _, off = turned(audio, [KnobRequest("sharpness", -20.0, JND, moves=True)])
    place = NAMES.index("sharpness")
    assert 0.25 < off[place] < 19.0 and off[torch.arange(5) != place].abs().max() < 0.25


def test_a_long_sound_is_turned_in_passages_without_a_seam(make_tone, monkeypatch):
    """Three passages of a steady tone: knobs met, and the change is as steady as in one passage."""
    audio = make_tone(220.0, 2.0, noise=3e-3)
    request = [KnobRequest("odd_even_balance", 2.0, JND, moves=True)]
    whole, _ = turned(audio, request, True)
    monkeypatch.setattr(passages, "LENGTH_S", 0.7)
    parts, off = turned(audio, request, True)
    assert off.abs().max() < 0.05
    assert np.sqrt(np.mean((parts - whole) ** 2)) < 0.02 * np.sqrt(np.mean((whole - audio) ** 2)) + 1e-4


@pytest.mark.parametrize("n_frames", [30, 2000, 2001, 6500])
def test_passages_share_every_sample_out(n_frames):
    hop, total = 4, np.zeros(4 * n_frames)
    for passage in passages_of(n_frames, 0.01):
        total[passage.first * hop : passage.last * hop] += passage.weights(n_frames, hop)
    assert np.allclose(total, 1.0)


def test_a_sound_cut_at_full_height_gets_no_click(make_tone):
    """The change of a noisy tone stays as small at its ends as in its middle."""
    audio = make_tone(220.0, 0.6, noise=2e-3)
    sound, _ = turned(audio, [KnobRequest("noisiness", 3.0, JND, moves=True)])
    change = (sound - audio).reshape(60, -1).std(1)
    assert change[[0, 1, -2, -1]].max() < 2.0 * change[5:-5].max()


def test_silence_around_a_sound_stays_silent_before_it(make_tone):
    """What is added more than 15 ms before the onset lies 60 dB below the sound."""
    audio = np.concatenate([np.zeros(4000), make_tone(220.0, 0.5, noise=3e-3)])
    sound, _ = turned(audio, [KnobRequest("sharpness", 2.0, JND, moves=True)])
    before = (sound - audio)[: 4000 - 240]
    assert np.sqrt(np.mean(before**2)) < 1e-3 * np.sqrt(np.mean(audio[4000:] ** 2))


def test_an_offset_that_begins_with_a_pluck_rings_into_no_silence(make_tone):
    """The filter that takes an offset out hears 0.2 s ahead; what is added there lies 60 dB below the sound."""
    pluck = np.exp(-np.arange(8000) / 2000.0) * make_tone(220.0, 0.5, noise=1e-3) + 0.05
    audio = np.concatenate([np.zeros(4000), pluck])
    listened = Listened(ArrayIn(audio, RATE))
    sound, _ = turned(audio, [KnobRequest("noisiness", -1.0, JND, moves=True)])
    before = (sound - audio)[: 4000 - 240]
    assert listened.has_offset and np.sqrt(np.mean(before**2)) < 1e-3 * np.abs(pluck - 0.05).max()


def test_a_near_sine_behind_a_click_gets_noisier(make_tone):
    """Its noise lies at the floor of the reading, where there is hardly a slope to follow."""
    tone = make_tone(220.0, 0.6, slope=5.0, noise=3e-5)
    tone[:160] += 0.1 * np.random.default_rng(1).standard_normal(160)
    _, off = turned(tone, [KnobRequest("noisiness", 2.0, JND, moves=True)])
    assert off.abs().max() < 0.25
