"""A traced frame is the instrument, for every decoder; one that is not is refused."""

from functools import partial

import pytest
import torch

from instrument import traced_frame as module
from instrument.traced_frame import traced_frame
from lightning_modules.decoders import GruDecoder, MinGruDecoder, PublishedDecoder, TcnDecoder

DECODERS = {
    "gru": partial(GruDecoder, width=16),
    "mingru": partial(MinGruDecoder, width=16, n_layers=1),
    "tcn": partial(TcnDecoder, width=16, n_layers=2),
    "published": partial(PublishedDecoder, width=16),
}


@pytest.mark.parametrize("decoder", DECODERS.values(), ids=DECODERS)
@torch.no_grad()
def test_is_the_instrument_frame_by_frame(small_instrument, decoder):
    """Forty frames with jumps and a pause, each side carrying its own memory."""
    instrument = small_instrument(decoder)
    frame, memory = traced_frame(instrument)
    state, loudest = instrument.initial_state(1), 0.0
    for index in range(40):
        f0_hz = 80.0 + 800.0 * torch.rand(1, 1) if index % 10 else torch.zeros(1, 1)
        given = f0_hz, torch.rand(1, 1, len(instrument.knobs)), torch.randn(1, 1, 2), 2.0 * torch.rand(1, 1, 160) - 1.0
        expected, state = instrument(*given, state)
        audio, memory = frame(*given, memory)
        torch.testing.assert_close(audio, expected, atol=1e-5, rtol=0.0)
        loudest = max(loudest, float(audio.abs().max()))
    assert loudest > 0.01


def test_another_sound_is_refused(small_instrument, monkeypatch):
    monkeypatch.setattr(module, "TOLERANCE", -1.0)
    with pytest.raises(ValueError, match=r"a trace of the model differs from itself by .*: export \.onnx"):
        traced_frame(small_instrument())
