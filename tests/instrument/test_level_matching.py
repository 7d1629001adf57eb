"""A slow gain where it sounds, pauses no louder than they were, and ends without clicks."""

import pytest
import torch

from instrument.level_matching import LevelGoal, levelled, openness
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, Level


@pytest.fixture
def encoder(second):
    return DescriptorEncoder(second, [Level])


@pytest.fixture
def note(harmonic_tone):
    """Four seconds: a tone for two, then noise 50 dB below it."""
    clip = ClipFormat(sample_rate=16000, n_samples=64000, hop=160)
    audio = harmonic_tone(clip, 330.0)[0]
    audio[32000:] = 1e-3 * torch.randn(32000)
    return audio


def goal_of(encoder, audio):
    level_db = encoder.level_db(audio[None], encoder.every)[0]
    return LevelGoal(level_db, (level_db > level_db.max() - 40.0).float(), level_db)


@pytest.mark.parametrize("drift_db", [(-6.0, -6.0), (3.0, -9.0), (12.0, 20.0)])
def test_what_has_sunk_comes_back(encoder, note, drift_db):
    """Within a tenth of a decibel all along, but for the ends of the note."""
    goal = goal_of(encoder, note)
    sunk = note * torch.pow(10.0, torch.linspace(*drift_db, len(note)) / 20.0)
    back, gain_db = levelled(encoder, sunk, goal)
    off_db = encoder.level_db(back[None], encoder.every)[0] - goal.wanted_db
    assert off_db[10:90].abs().max() < 0.2 and off_db[:95].abs().mean() < 0.1
    assert float(gain_db[50]) == pytest.approx(-sum(drift_db) / 2 * 0.5 - 0.5 * drift_db[0], abs=0.75)


def test_a_tremolo_stays(encoder, note):
    """Six times a second: the gain is slower, and leaves it as it is."""
    time_s = torch.arange(len(note)) / 16000
    trembling = note * (1.0 + 0.3 * torch.sin(2 * torch.pi * 6.0 * time_s))
    _, gain_db = levelled(encoder, trembling, goal_of(encoder, note))
    assert gain_db[20:80].std() < 0.1


def test_a_pause_is_no_louder_than_it_was(encoder, note):
    """Noise that is 20 dB too loud; in the frames beside the note the note itself is heard."""
    goal, loud = goal_of(encoder, note), note.clone()
    loud[32000:] *= 10.0
    back, _ = levelled(encoder, loud, goal)
    excess_db = encoder.level_db(back[None], encoder.every)[0] - goal.ceiling_db
    assert excess_db[103:].max() < 0.5 and excess_db[103:].mean() > -3.0
    torch.testing.assert_close(back[:28000], loud[:28000], rtol=0.02, atol=0.0)


def test_a_level_that_is_asked_is_left_to_the_knob(encoder, note):
    """Only pauses have a ceiling."""
    goal = goal_of(encoder, note)._replace(wanted_db=None)
    louder, gain_db = levelled(encoder, torch.cat([2.0 * note[:32000], note[32000:]]), goal)
    assert not gain_db[:95].any()
    torch.testing.assert_close(louder[:28000], 2.0 * note[:28000])


def test_what_rings_on_has_the_last_gain(encoder, note):
    """Behind the recording's end nothing is a pause."""
    goal = goal_of(encoder, note[:32000])
    back, gain_db = levelled(encoder, 0.5 * note, goal)
    assert len(gain_db) == 100 and float(gain_db[-1]) == pytest.approx(6.0, abs=0.1)
    torch.testing.assert_close(back[40000:], note[40000:], rtol=0.05, atol=0.0)


def test_ends_are_faded_only_where_a_note_is_cut():
    envelope = openness(1000, 800, False, True, 16000)
    assert (envelope[:720] == 1.0).all() and not envelope[800:].any()
    assert (envelope[720:800].diff() < 0.0).all() and 0.0 < envelope[799] < 0.02
    both = openness(1000, 800, True, False, 16000)
    assert (both[:80].diff() > 0.0).all() and (both[80:800] == 1.0).all()
    assert openness(40, 40, True, True, 16000).max() < 1.0, "shorter than a fade"
