"""How far a recording's knobs go: what is said to be in reach is met on the sound, what lies beyond is not."""

from functools import partial

import pytest
import torch

from instrument.reach import knob_reach
from instrument.render import knob_reports, render
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import FundamentalShare, Level, Roughness, Sharpness, SpectralSpread, Warmth
from synths.descriptors.request import KnobRequest


@pytest.fixture
def model(second):
    knobs = [Level, Sharpness, FundamentalShare]
    encoder = partial(DescriptorEncoder, descriptors=knobs)
    return TimbreAutoencoder(second, encoder, decoder=partial(GruDecoder, width=16)).eval()


@pytest.fixture
def note(second, harmonic_tone):
    """A tone of 440 Hz and its pitch."""
    return 0.3 * harmonic_tone(second, 440.0)[0], torch.full((second.n_frames,), 440.0)


def test_the_ends_are_met_on_the_sound_and_the_others_hold(model, note):
    """Just before them, and but for the lowest sharpness of a tone: there the window's smear sounds above it."""
    _, sharpness, share = knob_reach(model, *note)
    for each, end in ((sharpness, sharpness.highest), (share, share.lowest), (share, share.highest)):
        assert each.lowest <= each.position <= each.highest
        rendered = render(model, *note, [KnobRequest(each.descriptor.name, 0.9 * end + 0.1 * each.position)], dry=True)
        reports = knob_reports(model, rendered, rendered.audio, note[1])
        assert all(abs(report.off) < 1.0 for report in reports), (end, [report.off for report in reports])


def test_steps_are_counted_from_where_the_recording_is(model, note):
    sharpness = knob_reach(model, *note)[1]
    assert sharpness.jnds(sharpness.position) == pytest.approx(0.0, abs=1e-5)
    two_up = float(sharpness.descriptor.position_of(torch.tensor(sharpness.reading(sharpness.position) + 0.16)))
    assert sharpness.jnds(two_up) == pytest.approx(2.0, abs=1e-3)


def test_what_only_sound_tells_has_no_known_reach(second, note):
    encoder = partial(DescriptorEncoder, descriptors=[Level, Roughness])
    model = TimbreAutoencoder(second, encoder, decoder=partial(GruDecoder, width=16)).eval()
    level, roughness = knob_reach(model, *note)
    assert level.lowest < level.highest and roughness.lowest != roughness.lowest
    assert roughness.jnds(0.5) != roughness.jnds(0.5)


def test_what_was_not_trained_on_is_said_too(second, model, note):
    """It holds with the others, and so they go less far; what only sound tells has its place, and no reach."""
    alone, found = knob_reach(model, *note), knob_reach(model, *note, [SpectralSpread(second), Warmth(second)])
    assert [each.descriptor.name for each in found[-2:]] == ["spectral_spread", "warmth"]
    assert found[-2].lowest < found[-2].position < found[-2].highest
    assert found[-1].position == found[-1].position and found[-1].lowest != found[-1].lowest
    assert found[1].highest - found[1].lowest < alone[1].highest - alone[1].lowest


def test_silence_is_refused(model, note):
    with pytest.raises(ValueError, match="nothing sounds"):
        knob_reach(model, torch.zeros_like(note[0]), note[1])
