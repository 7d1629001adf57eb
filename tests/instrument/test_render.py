"""A recording through a model: level, pauses, ends, octaves, and pieces of what is long."""

from functools import partial

import pytest
import torch

from instrument import pieces
from instrument.listening import positions_of
from instrument.matching import Matching
from instrument.playing import Wish
from instrument.render import knob_reports, render, render_wish
from instrument.samples import InMemory
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, Harmonics, Level, Reverb, Sharpness, SMSSynth, sounding_mean
from synths.descriptors.request import KnobRequest

LEVEL = Matching(level=True)


@pytest.fixture
def model(second):
    """It knows nothing yet, and plays harmonics in a room of a tenth of a second."""
    encoder = partial(DescriptorEncoder, descriptors=[Level, Sharpness])
    room = partial(Reverb, duration_s=0.1)
    synth = partial(SMSSynth, parts=[Harmonics], effects=[room])
    return TimbreAutoencoder(second, encoder, synth=synth, decoder=partial(GruDecoder, width=16)).eval()


@pytest.fixture
def recording(harmonic_tone):
    """Four seconds at 330 Hz: two notes and quiet noise behind each."""
    clip = ClipFormat(sample_rate=16000, n_samples=64000, hop=160)
    audio = 0.2 * harmonic_tone(clip, 330.0)[0]
    for start, end in ((20000, 32000), (52000, 64000)):
        audio[start:end] = 3e-4 * torch.randn(end - start)
    return audio, torch.full((400,), 330.0)


def level_db(model, audio):
    padded = torch.nn.functional.pad(audio, (0, -len(audio) % 160))
    return model.encoder.level_db(padded[None], model.encoder.judged_every)[0]


@pytest.mark.parametrize("gain_db", [-20.0, 0.0, 20.0])
def test_the_level_is_the_recordings_whatever_the_decoder_plays(model, recording, gain_db):
    """And no pause is louder: a decoder that knows nothing is."""
    audio, pitch = recording[0] * 10 ** (gain_db / 20), recording[1]
    errors = {}
    for matching in (Matching(), LEVEL):
        made = render_wish(model, audio, pitch, Wish(exact=False, matching=matching))
        off_db, sounds = level_db(model, made.audio) - level_db(model, audio), made.sounding[0].bool()
        errors[matching.level] = abs(float(off_db[sounds].mean())), float(off_db[~sounds].quantile(0.9))
    assert errors[True][0] < 0.3 and errors[True][1] < 1.0
    assert errors[False][0] > 2.0 and errors[False][1] > 10.0


def test_a_level_that_is_asked_is_met(model, recording):
    """No gain works against the knob, and pauses fall with it."""
    made = render_wish(model, *recording, Wish([KnobRequest("level", -6.0, "dB", True)], matching=LEVEL))
    level, _ = knob_reports(model, made, made.audio, made.f0_hz)
    assert level.got == pytest.approx(level.was - 6.0, abs=0.1) and level.asked == pytest.approx(
        level.was - 6.0, abs=1e-3
    )
    pauses = ~made.sounding[0].bool()
    assert (level_db(model, made.audio) - level_db(model, recording[0]))[pauses].median() < -5.0


def test_nothing_matched_is_the_sound_of_before(model, recording):
    assert torch.equal(
        render(model, *recording, exact=False).audio, model(recording[0][None], recording[1][None]).audio[0]
    )


def test_the_room_rings_on_behind_a_note_that_is_cut(model, recording):
    """By what is left of it, with no step; without a room nothing follows, and the end fades in 5 ms."""
    audio, pitch = recording[0][:16000], recording[1][:100]
    with torch.no_grad():
        model.synth.effects[0].gain.fill_(1.5)
    plain = render_wish(model, audio, pitch, Wish(exact=False)).audio
    rings = render_wish(model, audio, pitch, Wish(exact=False, rings_out=True)).audio
    assert len(plain) == 16000 and 16400 < len(rings) <= 16000 + 1760
    torch.testing.assert_close(rings[1800:15900], plain[1800:15900], atol=1e-4, rtol=0.0)
    assert rings[16000:16200].abs().max() > 1e-3 and rings[-20:].abs().max() < 1e-3
    dry = render_wish(model, audio, pitch, Wish(exact=False, dry=True, rings_out=True)).audio
    assert len(dry) == 16000 and dry[-1].abs() < 0.05 * dry[-800:-100].abs().max() and dry[0].abs() < 1e-3


def learn(model, midi, level_db):
    """Training notes spread evenly over pitches and levels, as sharp as they may be."""
    f0_hz = 440.0 * 2.0 ** ((torch.linspace(*midi, 1000) - 69.0) / 12.0)
    model.encoder.training_frames.learn([torch.linspace(*level_db, 1000), torch.linspace(0.5, 2.5, 1000)], f0_hz)


def test_all_is_taken_to_where_training_notes_were(model, recording):
    """Two octaves down, and 30 dB lower; the knobs are met there, and the pauses fall with the level."""
    learn(model, (38.0, 50.0), (-65.0, -50.0))
    made = render_wish(model, *recording, Wish(matching=Matching(True, True, None)))
    assert made.matched.octaves == -2 and torch.equal(made.f0_hz, recording[1] / 4)
    assert made.matched.pitch_at_home == (0.0, 1.0) and made.matched.knobs_at_home["level"] == 0.0
    level, sharpness = knob_reports(model, made, made.audio, made.f0_hz)
    assert level.asked == pytest.approx(-57.5, abs=2.0) and level.turned and sharpness.turned
    assert level.got == pytest.approx(level.asked, abs=0.2)


def test_a_request_is_met_where_everything_is_matched(model, recording):
    """From where the map takes it."""
    learn(model, (64.0, 76.0), (-65.0, -50.0))
    wish = Wish([KnobRequest("level", -4.0, "dB", True)], exact=False, matching=Matching(True, True, 0))
    level, _ = knob_reports(model, made := render_wish(model, *recording, wish), made.audio, made.f0_hz)
    assert level.asked == pytest.approx(-61.5, abs=2.0)


def test_a_model_that_knows_no_training_notes_matches_nothing_to_them(model, recording):
    made = render_wish(model, *recording, Wish(exact=False, matching=Matching(True, True, None)))
    assert made.matched.octaves == 0 and made.matched.pitch_at_home is None and not made.matched.knobs_at_home
    assert (
        abs(float((level_db(model, made.audio) - level_db(model, recording[0]))[made.sounding[0].bool()].mean())) < 0.3
    )


@pytest.mark.parametrize(
    ("matching", "exact", "words"), [(Matching(knobs=True), True, "own pitch"), (LEVEL, False, "exact")]
)
def test_what_is_faithful_cannot_be_elsewhere(matching, exact, words):
    with pytest.raises(ValueError, match=words):
        Wish(faithful=True, exact=exact, matching=matching)


@pytest.fixture
def short_pieces(monkeypatch):
    """As if a second and a half were long."""
    for name, seconds in (("LONGEST", 1.5), ("SHORTEST_PIECE", 0.8), ("LONGEST_PIECE", 1.4)):
        monkeypatch.setattr(pieces, f"{name}_S", seconds)


def test_pieces_make_the_same_sound(model, recording, request):
    """In phase, with the same means over all of it, where one piece alone would have others."""
    audio = recording[0] * torch.linspace(0.3, 1.0, 64000)
    requests = [KnobRequest("level", 0.5), KnobRequest("sharpness", 1.0, "jnd", True)]
    wish = Wish(requests, exact=False, rings_out=True)
    whole = render_wish(model, audio, recording[1], wish)
    request.getfixturevalue("short_pieces")
    parts = render_wish(model, audio, recording[1], wish)
    for name in ("was", "asked", "sounding"):
        torch.testing.assert_close(getattr(parts, name), getattr(whole, name), atol=2e-3, rtol=0.0)
    assert abs(len(parts.audio) - len(whole.audio)) <= 160
    n = min(len(parts.audio), len(whole.audio))
    off = (parts.audio[:n] - whole.audio[:n]).square().mean().sqrt() / whole.audio.square().mean().sqrt()
    assert off < 0.05


def test_the_knobs_are_met_over_all_pieces(model, recording, short_pieces):
    """Curves too: each piece follows its own part."""
    course = torch.linspace(0.3, 0.5, 400)
    made = render_wish(model, *recording, Wish([KnobRequest("level", course)]))
    got = positions_of(model, InMemory(made.audio), made.f0_hz)
    expected = course[:: model.encoder.judged_every][None, :, None]
    assert abs(float(sounding_mean(got[..., :1] - expected, made.sounding))) < 0.01
    torch.testing.assert_close(made.asked[..., :1], expected)
