"""The exported file sounds like the instrument, says what a host needs, or is not there."""

import json
import sys
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from instrument import onnx_export
from instrument.instrument import Instrument
from instrument.onnx_export import export_onnx, median_block_s, session
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder, MinGruDecoder, TcnDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, FilteredNoise, Harmonics, Reverb, SMSSynth

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

SMALL_SYNTH = partial(
    SMSSynth,
    parts=(partial(Harmonics, n_harmonics=30), partial(FilteredNoise, n_bands=20)),
    effects=(partial(Reverb, duration_s=0.05),),
)


class WithResidual(DescriptorEncoder):
    """A residual of two."""

    def __init__(self, clip):
        super().__init__(clip)
        self.residual_size = 2


def instrument_of(decoder, **options):
    """A small instrument at 16 kHz, loud enough to be compared."""
    torch.manual_seed(0)
    model = TimbreAutoencoder(ClipFormat(16000, 6400, 64), synth=SMALL_SYNTH, decoder=decoder, **options)
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.5)
    return Instrument(model)


def exact_instrument():
    """A small instrument whose knobs are met, in frames of 10 ms."""
    torch.manual_seed(0)
    decoder = partial(MinGruDecoder, width=16, n_layers=1)
    model = TimbreAutoencoder(ClipFormat(16000, 16000, 160), synth=SMALL_SYNTH, decoder=decoder)
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.3)
    return Instrument(model, exact=True)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """An instrument with a residual, its file and what was said of it."""
    instrument, path = (
        instrument_of(partial(GruDecoder, width=16), encoder=WithResidual),
        tmp_path_factory.mktemp("onnx") / "a.onnx",
    )
    return SimpleNamespace(instrument=instrument, path=path, said=export_onnx(instrument, path))


def greatest_difference(instrument, path, block_frames, n_blocks):
    """Over blocks of random curves, each side carrying its own state."""
    runtime, state = session(path), instrument.initial_state()
    theirs, greatest, loudest = {name: x.numpy() for name, x in state.items()}, 0.0, 0.0
    for _ in range(n_blocks):
        curves = {
            "f0_hz": 50.0 + 2000.0 * torch.rand(1, block_frames),
            "controls": torch.rand(1, block_frames, len(instrument.knobs)),
            "residual": torch.randn(1, block_frames, instrument.residual_size),
            "white_noise": 2.0 * torch.rand(1, block_frames, 64) - 1.0,
        }
        expected, state = instrument(*curves.values(), state)
        given = {name: x.numpy() for name, x in curves.items() if x.numel()} | theirs
        audio, *after = runtime.run(None, given)
        theirs = dict(zip(state, after, strict=True))
        greatest = max(greatest, np.abs(audio - expected.numpy()).max())
        loudest = max(loudest, np.abs(audio).max())
    assert loudest > 0.01
    return greatest


def test_equals_eager_over_many_blocks(exported):
    """Fifty blocks, the states handed from output to input."""
    assert greatest_difference(exported.instrument, exported.path, 1, 50) < 1e-4
    assert exported.said.difference < 1e-4


@pytest.mark.parametrize(
    "decoder",
    [partial(TcnDecoder, width=16, n_layers=2), partial(MinGruDecoder, width=16, n_layers=1)],
    ids=["tcn", "mingru"],
)
def test_every_decoder_in_blocks_of_three(decoder, tmp_path):
    """The other decoders, without residual, several frames per block."""
    instrument = instrument_of(decoder)
    said = export_onnx(instrument, tmp_path / "a.onnx", block_frames=3)
    assert "residual" not in said.inputs and said.outputs["audio"] == (1, 192)
    assert greatest_difference(instrument, tmp_path / "a.onnx", 3, 20) < 1e-4


def test_inputs_and_outputs_have_readable_names(exported):
    """What goes in and comes out, and each state under the name of its owner."""
    runtime, state = session(exported.path), exported.instrument.initial_state()
    inputs = {x.name: tuple(x.shape) for x in runtime.get_inputs()}
    assert list(inputs) == ["f0_hz", "controls", "residual", "white_noise", *state] and inputs == exported.said.inputs
    assert [x.name for x in runtime.get_outputs()] == ["audio", *(f"{name}_next" for name in state)]
    assert {"decoder.hidden", "harmonics.phase_turns", "reverb.spectra"} <= inputs.keys()


def test_metadata_is_enough_to_play(exported):
    """A host that knows nothing but the file can start: format, latency, knobs, and what each state starts from."""
    about = session(exported.path).get_modelmeta().custom_metadata_map
    assert (about["sample_rate"], about["hop"], about["latency_frames"], about["block_frames"]) == (
        "16000",
        "64",
        "2",
        "1",
    )
    knobs = json.loads(about["knobs"])
    assert [knob["name"] for knob in knobs] == [knob.name for knob in exported.instrument.knobs]
    reach = knobs[0].pop("reach")
    assert knobs[0] == {"name": "level", "unit": "dB", "curve": "linear", "low": -80.0, "high": 0.0}
    assert reach[0] == [21.0, 0.0, 1.0] and [row[0] for row in reach] == list(range(21, 118, 6))
    assert about["version"] and about["residual_size"] == "2"
    state, values = exported.instrument.initial_state(), json.loads(about["initial_values"])
    assert json.loads(about["states"]) == list(state)
    assert all((value == values.get(name, 0.0)).all() for name, value in state.items())


def test_file_is_one_and_valid(exported):
    """No second file with weights; onnx's own checker accepts it; a block can be timed."""
    onnx.checker.check_model(str(exported.path), full_check=True)
    assert [path.name for path in exported.path.parent.iterdir()] == ["a.onnx"]
    assert 0.0 < median_block_s(exported.path, n_blocks=5) < 1.0


def test_a_file_that_sounds_different_is_not_written(tmp_path, monkeypatch, capfd):
    """One sentence, nothing left behind, and an older file stays; torch's own chatter is not heard."""
    (tmp_path / "a.onnx").write_text("older")
    monkeypatch.setattr(onnx_export, "TOLERANCE", -1.0)
    with pytest.raises(ValueError, match=r"a\.onnx would differ from the model by"):
        export_onnx(instrument_of(partial(GruDecoder, width=16)), tmp_path / "a.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"] and (tmp_path / "a.onnx").read_text() == "older"
    assert capfd.readouterr() == ("", "")


def test_wrong_uses_are_named(exported, tmp_path, monkeypatch):
    """No frames; a package that is not there."""
    with pytest.raises(ValueError, match="block_frames is 0"):
        export_onnx(exported.instrument, tmp_path / "a.onnx", block_frames=0)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=r"onnxruntime is not installed: pip install '\.\[onnx\]' in the project"):
        export_onnx(exported.instrument, tmp_path / "a.onnx")


@pytest.mark.slow
def test_exact_knobs_are_in_the_graph(tmp_path):
    """As a player moves, 40 blocks with the states handed on: PyTorch and the file agree, and what is met is said."""
    instrument = exact_instrument()
    said = export_onnx(instrument, tmp_path / "a.onnx")
    assert said.difference < 1e-4 and "projection.gains" in said.inputs
    runtime, state = session(tmp_path / "a.onnx"), instrument.initial_state()
    assert json.loads(runtime.get_modelmeta().custom_metadata_map["knobs_met"]) == instrument.knobs_met
    theirs, loudest = {name: x.numpy() for name, x in state.items()}, 0.0
    for block in range(40):
        curves = {
            "f0_hz": 220.0 * 2.0 ** (0.2 * torch.sin(torch.tensor([[block / 9.0]]))),
            "controls": 0.5 + 0.2 * torch.sin(block / torch.linspace(7.0, 17.0, 5))[None, None],
            "residual": torch.zeros(1, 1, 0),
            "white_noise": 2.0 * torch.rand(1, 1, 160) - 1.0,
        }
        expected, state = instrument(*curves.values(), state)
        audio, *after = runtime.run(None, {name: x.numpy() for name, x in curves.items() if x.numel()} | theirs)
        theirs = dict(zip(state, after, strict=True))
        assert np.abs(audio - expected.numpy()).max() < 1e-4
        loudest = max(loudest, np.abs(audio).max())
    assert loudest > 0.01


def test_open_knobs_leave_no_trace(exported):
    """Without exact there is no word and no state of it in the file."""
    about = session(exported.path).get_modelmeta().custom_metadata_map
    assert "knobs_met" not in about and not any("projection" in name for name in exported.said.inputs)
