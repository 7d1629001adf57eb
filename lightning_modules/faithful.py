"""Faithful sound: what the network gets wrong of a recording, made up for by a fit of the synth to it."""

import torch
from torch import Tensor

from lightning_modules.encoders import Encoding
from lightning_modules.losses import MultiResolution
from lightning_modules.timbre_model import TimbreModel
from synths.fitting import N_STEPS, Fit, fit


@torch.no_grad()
def fit_recording(model: TimbreModel, audio: Tensor, f0_hz: Tensor, encoding: Encoding, n_steps: int = N_STEPS) -> Fit:
    """Fit a model's synth to one recording, for `Exact` to turn: without exact knobs, control suffers.

    Args:
        model: in eval mode
        audio: (1, N), whole frames
        f0_hz: (1, F) pitch in Hz
        encoding: the recording's, with no knob turned
        n_steps: of Adam

    Raises:
        NotImplementedError: a part of the synth cannot say what it plays, or renders its parameters only
    """
    decoded = model.synth.played(f0_hz, model.decoder(f0_hz, encoding.controls, encoding.residual))
    return fit(model.synth, audio, f0_hz, decoded, model.synth.white_noise(f0_hz), MultiResolution(model.clip), n_steps)
