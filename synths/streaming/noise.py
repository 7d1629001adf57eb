"""The noise layer, block by block."""

import copy
import math

import torch
from torch import Tensor

from synths.noise import FilteredNoise
from synths.streaming.history import windows
from synths.streaming.part import State, StreamingPart, exp_sigmoid_input


class StreamingNoise(StreamingPart):
    """White noise through the same zero-phase filters, late by as many frames as they reach back.

    The transforms are real matrices: at these sizes they cost what an FFT costs, and every runtime has them. Each
    frame's filtered spectrum is kept for as long as it sounds, and a hop is one product of all that sound in it.

    State: spectra of the frames that still sound, and for each of the last frames whether there was one.

    Args:
        part: the trained layer
    """

    name = "noise"
    analysis: Tensor
    synthesis: Tensor

    def __init__(self, part: FilteredNoise) -> None:
        super().__init__()
        self.part = copy.deepcopy(part).cpu()
        self.hop = part.clip.hop
        self.latency_frames = math.ceil(part.half_length / self.hop)
        bins = part.response.shape[1]
        self.register_buffer("analysis", _analysis(self.hop, part.n_fft), persistent=False)
        synthesis = _synthesis(bins, part.n_fft, self.hop, part.half_length)
        self.register_buffer("synthesis", synthesis, persistent=False)

    def initial_state(self, batch: int) -> State:
        """No frame yet."""
        return {
            "spectra": self.analysis.new_zeros(batch, 2 * self.latency_frames, self.analysis.shape[1]),
            "started": self.analysis.new_zeros(batch, self.latency_frames),
        }

    def state_limits(self) -> dict[str, float]:
        """A spectrum of a hop of white noise under the widest filters."""
        return {"spectra": 8.0 * self.hop, "started": 1.0}

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch, raw bands, white_noise (B, F, hop) in -1..1 or else fresh -> (B, F * hop) audio, new state."""
        magnitudes = self.part.magnitudes(parameters)
        noise = parameters.get("white_noise")
        if noise is None:
            noise = 2.0 * torch.rand(*f0_hz.shape, self.hop, device=f0_hz.device) - 1.0
        spectrum = (noise @ self.analysis).unflatten(-1, (2, -1))
        return self._sound((spectrum * (magnitudes @ self.part.response)[:, :, None]).flatten(2), state)

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """Its gains."""
        return {"noise_magnitudes": self.part.magnitudes(parameters)}

    def raw(self, played: dict[str, Tensor]) -> dict[str, Tensor]:
        """Bands of gains, each 2 at most."""
        return {"noise_bands": exp_sigmoid_input(played["noise_magnitudes"]) + 5.0}

    def finish(self, state: State) -> Tensor:
        """What the filters still hold; no noise follows."""
        silent = self.analysis.new_zeros(len(state["spectra"]), self.latency_frames, self.analysis.shape[1])
        return self._sound(silent, state)[0]

    def _sound(self, spectra: Tensor, state: State) -> tuple[Tensor, State]:
        n_frames = spectra.shape[1]
        spectra = torch.cat([state["spectra"], spectra], dim=1)
        started = torch.cat([state["started"], torch.ones_like(spectra[:, :n_frames, 0])], dim=1)
        audio = windows(spectra, 2 * self.latency_frames + 1).flatten(2) @ self.synthesis
        # The first filter's reach before the first frame is cut off, as it is offline.
        audio = audio * started[:, :n_frames, None]
        return audio.flatten(1), {"spectra": spectra[:, n_frames:], "started": started[:, n_frames:]}


def _analysis(hop: int, n_fft: int) -> Tensor:
    """(hop, 2 bins): samples -> real parts, then imaginary parts, of the spectrum of n_fft samples."""
    spectrum = torch.fft.rfft(torch.eye(hop, dtype=torch.float64), n_fft)
    return torch.cat([spectrum.real, spectrum.imag], dim=-1).float()


def _synthesis(bins: int, n_fft: int, hop: int, half_length: int) -> Tensor:
    """(n 2 bins, hop): spectra of the last n frames, oldest first -> the hop in the middle of their reach."""
    eye = torch.eye(bins, dtype=torch.float64)
    samples = torch.fft.irfft(torch.cat([torch.complex(eye, 0 * eye), torch.complex(0 * eye, eye)]), n_fft)
    latency = math.ceil(half_length / hop)
    reach = torch.zeros(2 * bins, (2 * latency + 1) * hop, dtype=torch.float64)
    index = torch.arange(-half_length, hop + half_length)
    reach[:, index + latency * hop] = samples[:, index % n_fft]
    return reach.unflatten(1, (-1, hop)).flip(1).transpose(0, 1).flatten(0, 1).float().contiguous()
