"""A preset is a real note of its instrument: where its knobs stand, as shares of what its pitch reaches."""

from functools import partial

import pytest
import torch

from instrument.played_notes import played_notes
from instrument.presets import presets, voice_presets
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import DescriptorEncoder
from lightning_modules.encoders.preset import Preset
from synths import Clip, Level, Sharpness


@pytest.fixture
def model(second):
    """Its sharpness goes from 0.2 to 0.6 at every pitch."""
    encoder = partial(DescriptorEncoder, descriptors=[Level, Sharpness])
    made = TimbreAutoencoder(second, encoder, decoder=partial(GruDecoder, width=16)).eval()
    sharpness = list(made.encoder.each_descriptor())[1]
    sharpness.range.by_pitch[:] = sharpness.range.span[0] + torch.tensor([0.2, 0.6]) * (
        sharpness.range.span[1] - sharpness.range.span[0]
    )
    return made


def clips(second, harmonic_tone, names, tilts_db):
    """A tone at 440 Hz for each name."""
    audio = torch.cat([0.2 * harmonic_tone(second, 440.0, tilt_db=tilt) for tilt in tilts_db])
    f0_hz = torch.full((len(names), second.n_frames), 440.0)
    return Clip(audio, f0_hz, torch.ones_like(f0_hz), names, {}, None)


def test_notes_say_instrument_pitch_and_velocity(model, second, harmonic_tone):
    """NSynth's names tell all, a recording's folder its instrument; another name tells nothing."""
    names = ["flute_acoustic_001-069-127", "bowed/a4.wav", "alone"]
    notes = played_notes(model, [clips(second, harmonic_tone, names, [-6.0] * 3)])
    assert [(note.instrument, round(note.midi)) for note in notes] == [("flute_acoustic_001", 69), ("bowed", 69)]
    assert notes[0].velocity == 1.0 and notes[1].velocity != notes[1].velocity
    assert len(notes[0].level_db) == 100


def test_the_preset_is_the_medoid(model, second, harmonic_tone):
    """The middle one of five tones; its share is where it stands between what the pitch reaches."""
    tilts, names = [-3.0, -5.0, -6.0, -7.0, -9.0], [f"saw/{n}.wav" for n in range(5)]
    notes = played_notes(model, [clips(second, harmonic_tone, names, tilts)])
    (preset,) = presets(model, {"saw": notes})
    expected = (notes[2].positions[1] - 0.2) / 0.4
    assert preset["name"] == "saw" and preset["lowest_midi"] == 69 and preset["residual"] == [[]]
    assert preset["shares"][1] == pytest.approx(min(1.0, max(0.0, expected)), abs=0.002)


def test_a_voice_brings_its_own_table(model):
    """Its knobs stand where they do at one of its pitches, not at the mean of them all."""
    knobs = torch.tensor([[0.5, 0.3], [0.5, 0.4], [0.5, 0.6]])
    model.presets = {"flute": Preset(60, torch.tensor([[0.123, -1.0], [0.5, 2.0], [0.0, 0.0]]), knobs)}
    (preset,) = voice_presets(model)
    assert preset["shares"][1] == pytest.approx((0.4 - 0.2) / 0.4, abs=0.002)
    assert preset["lowest_midi"] == 60 and preset["residual"] == [[0.12, -1.0], [0.5, 2.0], [0.0, 0.0]]
