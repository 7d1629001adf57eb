"""Three melodies through the voice `synth`: pitch, onsets, knobs, borders; a chord is the sum of its notes."""

import copy
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import pytest
import torch

from melodies.melody_player import MelodyPlayer
from melodies.part_sound import PartSettings, dry_stretches, each_played, in_room
from melodies.player_hand import PlayerHand
from melodies.score import perform, read_score
from projection import Target
from sounds.yin import Yin
from timbre.asked import AskedKnobs
from timbre.melody_instrument import controller_map, melody_instrument, player_settings

RATE = 44100
NOTHING = AskedKnobs([], [])


@pytest.fixture(scope="module")
def synth():
    return melody_instrument(Path("synth"))


@pytest.fixture
def scale(tmp_path, write_midi, notes):
    """Six notes, from soft to loud, gaps between them, each asked another sharpness."""
    turned = [(0.4 * n, mido.Message("control_change", control=74, value=30 + 15 * n)) for n in range(6)]
    played = [(0.4 * n, 0.25, 60 + pitch, 50 + 14 * n) for n, pitch in enumerate((0, 2, 4, 5, 7, 9))]
    return write_midi(tmp_path / "scale.mid", [*turned, *notes(played)])


@pytest.fixture
def tune(tmp_path, write_midi, notes):
    """Four notes that overlap, and a crescendo over all of them."""
    swell = [(0.05 * n, mido.Message("control_change", control=11, value=50 + 2 * n)) for n in range(36)]
    played = [(0.5 * n, 0.55, pitch, 90) for n, pitch in enumerate((64, 62, 67, 60))]
    return write_midi(tmp_path / "tune.mid", [*swell, *notes(played)])


def curves_of(path, instrument, mono=False, part=0):
    """Voices of a part of a file."""
    settings = player_settings(instrument, instrument.preset(None), NOTHING, mono, 32)
    hand = PlayerHand(MelodyPlayer(instrument.played, settings))
    perform(read_score(path).parts[part], hand, controller_map(instrument, None, NOTHING))
    return hand.player.finished


def sound_of(voices, instrument, exact=True):
    """(N,) dry sound, and each voice as it was played."""
    played = []
    settings = PartSettings(instrument.model, None, exact)
    return torch.cat(list(dry_stretches(voices, settings, played.append))), played


def cents_off(audio, instrument, spans):
    """Median over each span (begin, end in s, MIDI pitch), as the training tracker hears it."""
    heard = Yin().track(audio.numpy(), instrument.model.clip).f0_hz
    found = []
    for start_s, end_s, midi in spans:
        f0_hz = np.nanmedian(heard[round(100 * start_s) : round(100 * end_s)])
        found.append(1200 * np.log2(f0_hz / 440) - 100 * (midi - 69))
    return np.array(found)


def off_by(played, instrument):
    """(n, K) tolerances that steady frames are off."""
    target = Target(list(instrument.model.encoder.each_descriptor()))
    each = [((p.positions - p.asked[:, : len(target.knobs)]) / target.tolerance(p.asked))[p.steady] for p in played]
    return torch.cat(each).abs()


def steps_at(audio, moments_s, order=6, reach_s=0.002):
    """Largest difference near each moment, over the largest of the 60 ms on both sides of it.

    The first order is the step from sample to sample; the sixth sees a click beside bright partials.
    """
    steps = audio
    for _ in range(order):
        steps = steps.diff()
    steps = steps.abs()
    found = []
    for moment_s in moments_s:
        at, reach, around = round(RATE * moment_s), round(RATE * reach_s), round(RATE * 0.06)
        near = steps[max(0, at - reach) : at + reach].max()
        beside = torch.cat([steps[max(0, at - around) : max(0, at - reach)], steps[at + reach : at + around]]).max()
        found.append(float(near / beside))
    return found


def test_a_scale_with_dynamics(synth, scale):
    """Pitch within 5 cents, onsets within 10 ms, louder and louder, every knob within a JND, no clicks."""
    voices = curves_of(scale, synth)
    audio, played = sound_of(voices, synth)
    starts_s = [0.4 * n for n in range(6)]
    spans = [
        (start + 0.08, start + 0.22, 60 + pitch) for start, pitch in zip(starts_s, (0, 2, 4, 5, 7, 9), strict=True)
    ]
    assert np.abs(cents_off(audio, synth, spans)).max() < 5.0
    loudness = audio.abs()
    for start_s in starts_s:
        note = loudness[round(RATE * (start_s - 0.02)) if start_s else 0 : round(RATE * (start_s + 0.25))]
        begun = int((note > 0.1 * note.max()).nonzero()[0]) / RATE - (0.02 if start_s else 0.0)
        assert 0.0 <= begun < 0.010
    peaks = [float(loudness[round(RATE * s) : round(RATE * (s + 0.25))].max()) for s in starts_s]
    assert all(a < b for a, b in pairwise(peaks))
    off = off_by(played, synth)
    assert float(off.quantile(0.95, dim=0).max()) < 0.5 and float((off < 1.0).float().mean()) > 0.99
    asked = torch.stack([p.asked[p.steady][:, 1].mean() for p in played])
    assert float(asked[-1] - asked[0]) > 0.15
    borders = [*starts_s, *(s + 0.25 for s in starts_s), *(v.start_s + 0.01 * len(v.f0_hz) for v in voices[:-1])]
    assert max(steps_at(audio, borders)) < 1.1 and max(steps_at(audio, borders, order=1)) < 1.1
    cut, peak = audio.clone(), int(audio[: round(RATE * 0.2)].abs().argmax())
    cut[peak:] = 0.0
    assert steps_at(cut, [peak / RATE])[0] > 1.5  # as a note that is cut off would click


def test_open_knobs_are_what_the_decoder_plays(synth, scale):
    voices = curves_of(scale, synth)
    exact, opened = (off_by(sound_of(voices, synth, exact)[1], synth).mean() for exact in (True, False))
    assert float(exact) < 0.5 * float(opened)


def test_a_slurred_tune_with_a_crescendo(synth, tune):
    """One voice; pitches and the rise are met, and nothing clicks where notes pass into each other."""
    voices = curves_of(tune, synth, mono=True)
    assert len(voices) == 1 and [note.midi for note in voices[0].notes] == [64, 62, 67, 60]
    audio, played = sound_of(voices, synth)
    spans = [(0.5 * n + 0.2, 0.5 * n + 0.45, pitch) for n, pitch in enumerate((64, 62, 67, 60))]
    assert np.abs(cents_off(audio, synth, spans)).max() < 5.0
    assert max(steps_at(audio, [0.5, 1.0, 1.5])) < 1.1
    level = played[0].positions[:, 0]
    # Read where the plain course has decayed: 40 log10 of the controllers' ratio.
    risen_db = float((level[45] - level[20]) * (synth.played.knobs[0].high - synth.played.knobs[0].low))
    assert risen_db == pytest.approx(40 * np.log10((50 + 2 * 36) / (50 + 2 * 16)), abs=1.5)
    assert float((off_by(played, synth) < 1.0).float().mean()) > 0.97


def test_a_chord_is_the_sum_of_its_voices_to_the_bit(synth, tmp_path, write_midi, notes):
    """Before the room; and a note has the same noise, whatever is played beside it."""
    chord = [(0.1, 0.3, pitch, 80) for pitch in (60, 64, 67)]
    voices = curves_of(write_midi(tmp_path / "chord.mid", notes(chord)), synth)
    audio, played = sound_of(voices, synth)
    total = torch.zeros(len(audio))
    for each in played:
        start = round(RATE * each.voice.start_s)
        total[start : start + len(each.audio)] += each.audio
    assert torch.equal(audio, total) and not audio[: round(RATE * 0.1)].any()
    alone = each_played(voices[1:2], PartSettings(synth.model, None))[0]
    assert float((alone.audio - played[1].audio).abs().max()) < 1e-3 * float(alone.audio.abs().max())


def test_a_canon_of_two_voices(synth, tmp_path, write_midi, notes):
    """The second track begins two notes later: each part's pitches, at their time."""
    theme = [(0.3 * n, 0.25, pitch, 90) for n, pitch in enumerate((60, 62, 64, 60))]
    later = [(start + 0.6, length, pitch + 12, velocity) for start, length, pitch, velocity in theme]
    path = write_midi(tmp_path / "canon.mid", notes(theme), notes(later, 1))
    for part, written in enumerate((theme, later)):
        audio, _ = sound_of(curves_of(path, synth, part=part), synth)
        spans = [(start + 0.08, start + length - 0.03, pitch) for start, length, pitch, _ in written]
        assert np.abs(cents_off(audio, synth, spans)).max() < 5.0
    assert not audio[: round(RATE * 0.6)].any()


def test_stretches_and_room_leave_no_seam(synth, tmp_path, write_midi, notes, monkeypatch):
    """Cut within a note, the sound is that of one piece; the room rings on."""
    voices = curves_of(write_midi(tmp_path / "x.mid", notes([(0.0, 0.9, 60, 90), (0.7, 0.3, 67, 90)])), synth)
    model = copy.deepcopy(synth.model)
    torch.nn.init.constant_(model.synth.effects[0].gain, 1.5)
    settings = PartSettings(model, None, exact=False)
    whole = torch.cat(list(in_room(model, dry_stretches(voices, settings, id))))
    monkeypatch.setattr("melodies.part_sound.STRETCH_S", 0.5)
    cut = list(in_room(model, dry_stretches(voices, settings, id)))
    assert len(cut) > 2
    together = torch.cat(cut)
    torch.testing.assert_close(together, whole[: len(together)], atol=2e-5, rtol=0.0)
    dry = torch.cat(list(dry_stretches(voices, settings, id)))
    assert len(whole) > len(dry) and float(whole[-1].abs()) < 1e-4
