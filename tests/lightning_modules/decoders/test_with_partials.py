"""A note's partials go straight to the balance."""

from functools import partial

import pytest
import torch

from instrument.instrument import Instrument, strayed_from
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import MinGruDecoder
from lightning_modules.decoders.with_partials import WithPartials
from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, NotePartials
from projection.prior import bark
from synths import ClipFormat, FilteredNoise, Harmonics, Sharpness, SMSSynth

SIZES = {"harmonic_gain": 1, "harmonic_balance": 12, "noise_bands": 5}


@pytest.fixture
def decoder():
    """Of three controls and a residual of four, which says something."""
    decoder = MinGruDecoder(3, 4, SIZES, width=16)
    torch.nn.init.normal_(decoder.heads.weight, std=0.5)
    return decoder


@pytest.fixture
def given(decoder):
    """Pitch, controls, residual, and what the decoder makes of them."""
    inputs = 150 + 50 * torch.rand(2, 9), torch.rand(2, 9, 3), torch.rand(2, 9, 4)
    return inputs, decoder(*inputs)


def amplitudes_of(parameters, f0_hz, clip):
    """What the harmonics would play, (B, F, K)."""
    return Harmonics(clip, SIZES["harmonic_balance"]).amplitudes(f0_hz, parameters)


def added_to(decoder, inputs, added):
    """Parameters with (P,) numbers added to every frame."""
    f0_hz, controls, residual = inputs
    with_partials = WithPartials(decoder, len(added), 8000.0)
    return with_partials(f0_hz, controls, torch.cat([residual, added.expand(2, 9, -1)], dim=-1))


def test_nothing_added_changes_nothing(decoder, given, second):
    """A residual of zeros is the decoder's own sound."""
    inputs, own = given
    found = added_to(decoder, inputs, torch.zeros(7))
    assert list(found) == list(SIZES) and found["noise_bands"].equal(own["noise_bands"])
    before, after = (amplitudes_of(each, inputs[0], second) for each in (own, found))
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-3)


def test_one_is_20_db(decoder, given, second):
    """Between overtones of a kind the levels move by what was added, less a line over the Bark scale."""
    inputs, own = given
    added = torch.tensor([0.3, 0.1, -0.2, -0.3, 0.2, 0.1, -0.1])
    before, after = (amplitudes_of(each, inputs[0], second) for each in (own, added_to(decoder, inputs, added)))
    moved = (after / before).log10()
    place = bark(inputs[0][..., None] * torch.arange(1, 13))
    assert place.max() < 15.8  # below it sharpness weighs all places alike
    wanted = torch.cat([added, torch.zeros(5)])
    for group in ([1, 3, 5, 7, 9], [2, 4, 6, 8, 10]):  # even and odd overtones
        left = (moved - wanted)[..., group]
        line = torch.stack([torch.ones_like(left), place[..., group]], dim=-1)
        fitted = line @ torch.linalg.lstsq(line, left[..., None]).solution
        torch.testing.assert_close(fitted[..., 0], left, atol=2e-3, rtol=0)


def test_the_knobs_stay_where_they_were(decoder, given, second):
    """The fundamental's share of the amplitudes, odd over even overtones and the power of the tone, in every frame."""
    inputs, own = given
    found = added_to(decoder, inputs, 0.5 * torch.randn(12))
    before, after = (amplitudes_of(each, inputs[0], second) for each in (own, found))
    assert (after / before).log10().abs().mean() > 0.1

    def said(amplitudes):
        power = amplitudes.square()
        odd_over_even = power[..., 2::2].sum(-1) / power[..., 1::2].sum(-1)
        return amplitudes[..., 0] / amplitudes.sum(-1), odd_over_even.log10(), power.sum(-1).log10()

    torch.testing.assert_close(said(after), said(before), atol=2e-3, rtol=2e-3)


def test_sharpness_hardly_moves(second):
    """As it is heard, over falling tones: by less than half of what the same numbers on the levels would move it by."""
    harmonics, sharpness, none = Harmonics(second, 30), Sharpness(second), torch.zeros(1, 100, 0)
    decoder = MinGruDecoder(0, 0, {"harmonic_gain": 1, "harmonic_balance": 30}, width=16)
    torch.nn.init.zeros_(decoder.heads.weight)
    torch.nn.init.zeros_(decoder.straight.weight)
    moved, plainly = [], []
    for f0_hz in (110.0, 165.0, 220.0, 275.0, 330.0, 440.0, 495.0, 660.0):
        pitch = torch.full((1, 100), f0_hz)
        decoder.heads.bias.data[0] = -1.5
        decoder.heads.bias.data[1:] = -torch.rand(1) * torch.arange(1, 31).log() - 2.0
        added = 0.4 * torch.nn.functional.interpolate(torch.randn(1, 1, 6), 30, mode="linear")[0]
        own = decoder(pitch, none, none)
        found = WithPartials(decoder, 30, 8000.0)(pitch, none, added.expand(1, 100, -1))
        plain = {**own, "harmonic_balance": own["harmonic_balance"] + added}
        read = [sharpness.measure(harmonics(pitch, each), pitch)[0, 50] for each in (own, found, plain)]
        moved.append((read[1] - read[0]).abs())
        plainly.append((read[2] - read[0]).abs())
    assert sum(moved) < sum(plainly) / 2 and sum(plainly) > 8 * Sharpness.jnd


@pytest.mark.parametrize(("sizes", "said"), [(SIZES, "are 13, and the synth has 12"), ({"noise_bands": 5}, "has 0")])
def test_a_synth_with_fewer_harmonics_is_refused(sizes, said):
    """With the way out."""
    with pytest.raises(ValueError, match=f"{said} harmonics: lower n_partials"):
        WithPartials(MinGruDecoder(3, 4, sizes, width=16), 13, 8000.0)


@pytest.fixture
def model():
    """A small model with a residual of two and ten partials."""
    clip = ClipFormat(16000, 6400, 64)
    synth = partial(
        SMSSynth,
        parts=(partial(Harmonics, n_harmonics=30), partial(FilteredNoise, n_bands=20)),
        effects=(),
    )
    encoder = partial(
        DescriptorEncoder,
        residual=partial(BottleneckResidual, size=2),
        partials=partial(NotePartials, n_partials=10),
    )
    model = TimbreAutoencoder(clip, encoder, synth=synth, decoder=partial(MinGruDecoder, width=16), line_weight=0.5)
    torch.nn.init.normal_(model.decoder.decoder.heads.weight, std=0.5)
    return model.eval()


def test_an_instrument_plays_them(model):
    """Block by block it is the offline sound, and the partials of a preset are given from outside."""
    instrument = Instrument(model)
    assert instrument.residual_size == 12 and strayed_from(model, instrument) < 1e-4


def test_an_exported_file_plays_them(model, tmp_path):
    """As one input with the rest of the residual."""
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    from instrument.onnx_export import export_onnx

    said = export_onnx(Instrument(model), tmp_path / "a.onnx")
    assert said.inputs["residual"] == (1, 1, 12)
