"""One frame of an instrument in TorchScript: what hosts run that have PyTorch, but none of this package."""

import io
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from instrument.instrument import FIRST_HZ, Instrument

TOLERANCE = 1e-5
Memory = tuple[Tensor, ...]


def traced_frame(instrument: Instrument) -> tuple[Any, Memory]:
    """Trace one frame of one voice, tried beside the instrument.

    Returns:
        a module (f0_hz (1, 1), controls (1, 1, C), residual (1, 1, D), white_noise (1, 1, noise_size), memory) ->
        (audio (1, hop), memory after it), and the memory of a voice that has not sounded

    Raises:
        ValueError: the trace does not sound like the instrument
    """
    frame = _Frame(instrument)
    first = tuple(instrument.initial_state(1).values())
    example = (*_drawn(instrument, torch.Generator().manual_seed(0)), first)
    # What it warns of are decisions by the number of frames, which is one.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        traced = traced_whole(frame, example)
    if not (difference := _greatest_difference(instrument, frame, traced, first)) <= TOLERANCE:
        raise ValueError(f"a trace of the model differs from itself by {difference:.1e}: export .onnx.")
    return traced, first


@torch.no_grad()
def traced_whole(module: nn.Module, example: tuple[Any, ...]) -> Any:
    """A module without memory, in TorchScript, its numbers constants; it can be a part of one that is scripted."""
    written = io.BytesIO()
    torch.jit.save(torch.jit.freeze(torch.jit.trace(module.eval(), example, check_trace=False).eval()), written)
    written.seek(0)
    return torch.jit.load(written)  # what freeze gives has no type that scripting takes


class _Frame(nn.Module):
    """The instrument with its memory as a tuple."""

    def __init__(self, instrument: Instrument) -> None:
        super().__init__()
        self.instrument = instrument

    def forward(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, white_noise: Tensor, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """The next hop, and what is remembered."""
        names = self.instrument.first_values
        audio, after = self.instrument(f0_hz, controls, residual, white_noise, dict(zip(names, memory, strict=True)))
        return audio, tuple(after[name] for name in names)


@torch.no_grad()
def _greatest_difference(
    instrument: Instrument, frame: _Frame, traced: Any, first: Memory, n_frames: int = 12
) -> float:
    generator = torch.Generator().manual_seed(1)
    ours, theirs, greatest = first, first, 0.0
    for index in range(n_frames):
        f0_hz, *others = _drawn(instrument, generator)
        f0_hz = f0_hz * float(index % 5 != 4)  # a pause, too
        expected, ours = frame(f0_hz, *others, ours)
        given, theirs = traced(f0_hz, *others, theirs)
        greatest = max(greatest, float((given - expected).abs().max().nan_to_num(torch.inf)))
    return greatest


def _drawn(instrument: Instrument, generator: torch.Generator) -> tuple[Tensor, ...]:
    def drawn(size: int) -> Tensor:
        return torch.rand(1, 1, size, generator=generator)

    f0_hz = FIRST_HZ * (0.5 + drawn(1)[..., 0])
    noise = 2.0 * drawn(instrument.noise_size) - 1.0
    return f0_hz, drawn(len(instrument.knobs)), drawn(instrument.residual_size) - 0.5, noise
