"""The room, block by block."""

import math

import torch
from torch import Tensor

from synths.reverb import Reverb
from synths.streaming.history import windows
from synths.streaming.part import LOUDEST, State, StreamingEffect


class StreamingReverb(StreamingEffect):
    """Uniformly partitioned overlap-save convolution, a partition per hop: no delay (Gardner 1995; Wefers 2015, ch. 5).

    The response's spectra are constants. The real transforms are matrices, as in the noise layer; the swap of real and
    imaginary parts in a complex product is folded into the way back.

    State: the last hop, and the spectra of as many hops as the response is long.

    Args:
        effect: the trained room
        hop: samples per frame
    """

    name = "reverb"
    analysis: Tensor
    response: Tensor
    synthesis: Tensor

    def __init__(self, effect: Reverb, hop: int) -> None:
        super().__init__()
        self.hop = hop
        impulse = torch.cat([torch.ones(1), effect.response.detach().cpu()]).double()
        self.n_partitions = math.ceil(len(impulse) / hop)
        impulse = torch.nn.functional.pad(impulse, (0, self.n_partitions * hop - len(impulse)))
        spectra = torch.fft.rfft(impulse.reshape(-1, hop), 2 * hop).flip(0)
        parts = torch.stack([spectra.real, spectra.imag])
        self.register_buffer("response", torch.cat([parts, parts], dim=-1).float(), persistent=False)
        spectrum = torch.fft.rfft(torch.eye(2 * hop, dtype=torch.float64))
        analysis = torch.cat([spectrum.real, spectrum.imag], dim=-1)
        self.register_buffer("analysis", analysis.float(), persistent=False)
        self.register_buffer("synthesis", _synthesis(hop), persistent=False)

    def initial_state(self, batch: int) -> State:
        """Silence."""
        return {
            "last": self.analysis.new_zeros(batch, self.hop),
            "spectra": self.analysis.new_zeros(batch, self.n_partitions - 1, self.analysis.shape[1]),
        }

    def state_limits(self) -> dict[str, float]:
        """The loudest sound, and its spectrum of two hops."""
        return {"last": LOUDEST, "spectra": 2.0 * self.hop * LOUDEST}

    def forward(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F * hop) dry audio -> as much of it in its room, and new state."""
        hops = torch.cat([state["last"], audio], dim=1).unflatten(1, (-1, self.hop))
        spectra = windows(hops, 2).flatten(2) @ self.analysis
        spectra = torch.cat([state["spectra"], spectra], dim=1)
        n_frames, n_heard = hops.shape[1] - 1, self.n_partitions
        # One frame at a time: the products of a whole block would leave the cache.
        sums = [(spectra[:, None, t : t + n_heard] * self.response).sum(2) for t in range(n_frames)]
        audio = torch.stack(sums, dim=1).flatten(2) @ self.synthesis
        return audio.flatten(1), {"last": hops[:, -1], "spectra": spectra[:, n_frames:]}


def _synthesis(hop: int) -> Tensor:
    """(4 bins, hop): spectra times the response's real parts, then times its imaginary parts -> the last hop."""
    eye = torch.eye(hop + 1, dtype=torch.float64)
    real = torch.fft.irfft(torch.complex(eye, 0 * eye))[:, hop:]
    imaginary = torch.fft.irfft(torch.complex(0 * eye, eye))[:, hop:]
    return torch.cat([real, imaginary, imaginary, -real]).float()
