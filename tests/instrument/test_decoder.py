"""Every decoder plays in the page what it plays in PyTorch, frame after frame."""

from functools import partial

import numpy as np
import pytest
import torch

from instrument.decoder import VoiceFrame, decoder_graph
from instrument.graph import Blob
from instrument.page_code import page_code
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder, MinGruDecoder, PublishedDecoder, TcnDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, FilteredNoise, Harmonics, Part, SMSSynth

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

SYNTH = partial(SMSSynth, parts=(partial(Harmonics, n_harmonics=30), partial(FilteredNoise, n_bands=20)), effects=())


def model_with(decoder, residual_size=3):
    """A small model at 16 kHz whose decoder says something."""

    class WithResidual(DescriptorEncoder):
        def __init__(self, clip):
            super().__init__(clip)
            self.residual_size = residual_size

    torch.manual_seed(0)
    model = TimbreAutoencoder(ClipFormat(16000, 16000, 160), encoder=WithResidual, synth=SYNTH, decoder=decoder).eval()
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.3)
    return model


@pytest.mark.browser
@pytest.mark.parametrize(
    ("decoder", "residual_size"),
    [
        (partial(MinGruDecoder, width=24), 3),
        (partial(GruDecoder, width=24), 3),
        (partial(TcnDecoder, width=24, n_layers=3), 0),
        (partial(PublishedDecoder, width=24), 3),
    ],
    ids=["mingru", "gru", "tcn", "published"],
)
def test_plays_what_pytorch_plays(decoder, residual_size, node_job):
    """Twelve frames, each with other knobs, pitch and gains, the states handed on."""
    frame = VoiceFrame(model_with(decoder, residual_size)).eval()
    graph, blob = decoder_graph(frame, half=False), Blob()
    described, given = graph.packed(blob), frame.inputs()
    assert ("residual" in given) == (residual_size > 0)
    runs, expected = [], []
    for _ in range(12):
        drawn = {"f0_hz": 100.0 + 900.0 * torch.rand(1, 1), "controls": torch.rand(1, 1, 5)}
        drawn |= {"gains": 0.3 * torch.randn(1, 5)}
        drawn |= {"residual": torch.randn(1, 1, residual_size)} if residual_size else {}
        drawn["highest_hz"] = 1.1 * drawn["f0_hz"]
        given |= drawn
        with torch.no_grad():
            answer = dict(zip(frame.outputs, frame(*given.values()), strict=True))
        given |= {name: answer[f"{name}_next"] for name in frame.state_names}
        runs.append({name: x.ravel().tolist() for name, x in drawn.items()})
        expected.append(answer)
    answers = node_job("graph", graph=described, blob=bytes(blob.numbers), code=page_code(), runs=runs)
    loudest = max(answer["amplitudes"].max().item() for answer in expected)
    for ours, theirs in zip(answers, expected, strict=True):
        for name in ("amplitudes", "noise_magnitudes"):
            assert np.abs(np.array(ours[name]) - theirs[name].ravel().numpy()).max() < 1e-5 * max(1.0, loudest)
    assert loudest > 0.01


def test_a_synth_that_cannot_say_what_it_plays_is_refused():
    """In a sentence that names the part."""

    class Wordless(Part):
        def __init__(self, clip):
            super().__init__()
            self.sizes = {"wordless": 1}

    synth = partial(SMSSynth, parts=(Wordless,), effects=())
    model = TimbreAutoencoder(ClipFormat(16000, 16000, 160), synth=synth, decoder=partial(MinGruDecoder, width=8))
    with pytest.raises(ValueError, match="Wordless of the synth cannot say what it plays: the page cannot play it"):
        VoiceFrame(model)
