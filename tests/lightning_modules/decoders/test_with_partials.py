"""A note's partials go straight to the balance."""

from functools import partial

import pytest
import torch

from instrument.instrument import Instrument, strayed_from
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import MinGruDecoder
from lightning_modules.decoders.with_partials import WithPartials
from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, NotePartials
from synths import ClipFormat, FilteredNoise, Harmonics, SMSSynth

SIZES = {"harmonic_gain": 1, "harmonic_balance": 12, "noise_bands": 5}


@pytest.fixture
def decoder():
    """Of three controls and a residual of four."""
    return MinGruDecoder(3, 4, SIZES, width=16)


def test_they_are_added_to_the_balance_and_to_nothing_else(decoder):
    """The first seven partials move by what is asked, in every frame, and the rest is as without."""
    f0_hz, controls, residual, added = torch.rand(2, 9), torch.rand(2, 9, 3), torch.rand(2, 9, 4), torch.rand(2, 9, 7)
    expected = decoder(f0_hz, controls, residual)
    found = WithPartials(decoder, 7)(f0_hz, controls, torch.cat([residual, added], dim=-1))
    assert list(found) == list(SIZES)
    torch.testing.assert_close(found["harmonic_balance"][..., :7], expected["harmonic_balance"][..., :7] + added)
    assert found["harmonic_balance"][..., 7:].equal(expected["harmonic_balance"][..., 7:])
    assert all(found[name].equal(expected[name]) for name in ("harmonic_gain", "noise_bands"))


@pytest.mark.parametrize(("sizes", "said"), [(SIZES, "are 13, and the synth has 12"), ({"noise_bands": 5}, "has 0")])
def test_a_synth_with_fewer_harmonics_is_refused(sizes, said):
    """With the way out."""
    with pytest.raises(ValueError, match=f"{said} harmonics: lower n_partials"):
        WithPartials(MinGruDecoder(3, 4, sizes, width=16), 13)


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
