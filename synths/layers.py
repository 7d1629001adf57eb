"""What a synth plays, frame by frame, before it is sound."""

from typing import NamedTuple

from torch import Tensor


class Layers(NamedTuple):
    """The dry sound of a synth as its own numbers: descriptors measured on them have no window's smear.

    Shapes: f0_hz (B, F); amplitudes (B, F, K) of its harmonics, 0 above Nyquist; noise_magnitudes (B, F, M), gains at M
    even frequencies from 0 Hz to Nyquist on white noise that is uniform in -1..1.
    """

    f0_hz: Tensor
    amplitudes: Tensor
    noise_magnitudes: Tensor
