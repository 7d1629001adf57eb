"""A trained model as something to play: pitch and knobs in, sound out, block by block."""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lightning_modules.met_knobs import MetKnobs
from lightning_modules.timbre_model import TimbreModel
from synths import Descriptor
from synths.signal import midi_to_hz
from synths.streaming import LOUDEST, STATE_LIMIT, Gate, Held, State, StreamingSynth, owned_by, prefixed

LOWEST_HZ = 1.0
"""Below it there is no pitch: the note is over."""
FIRST_HZ = 220.0
"""Pitch that is held, unheard, before there was one."""
CONTROL_RANGE, RESIDUAL_RANGE = (-1.0, 2.0), (-10.0, 10.0)
"""Wide enough for all that encoders say of real sound."""


class Knob(NamedTuple):
    """What a control turns: name, unit, curve, what positions 0 and 1 are in the unit, and what each pitch reaches.

    `reach` is a row for every half octave: MIDI pitch, lowest and highest position of training notes near it.
    """

    name: str
    unit: str
    curve: str
    low: float
    high: float
    reach: list[tuple[float, float, float]]

    @classmethod
    def of(cls, descriptor: Descriptor) -> "Knob":
        """The knob that turns a descriptor."""
        pitches_midi = descriptor.range.pitches_midi
        low, high = descriptor.range.reach(midi_to_hz(pitches_midi))
        rows = zip(pitches_midi.tolist(), low.tolist(), high.tolist(), strict=True)
        span = descriptor.span.tolist()
        return cls(descriptor.name, descriptor.unit, descriptor.curve, span[0], span[1], list(rows))


class Instrument(nn.Module):
    """Decoder and synth of a model, frozen, with all that they remember in a state that comes in and goes out.

    Blocks of any number of frames add up to the offline rendering, `latency_frames` hops late, within 1e-4, while the
    inputs are in their `ranges`. Whatever else a host sends, the sound is finite, no louder than LOUDEST, and as if it
    had sent this: for NaN and infinity the last usable number (for noise 0), for a number out of range the end of the
    range, for a state of NaN its first value. Below LOWEST_HZ there is no pitch: the dry sound fades out in one hop,
    its pitch held, the effects ring on, and the next pitch fades in.

    Args:
        model: trained; it is copied and stays as it is
        exact: whether what the decoder plays is changed, a frame at a time, until its knobs read what is asked; then
            it is no more the offline rendering but that of `Live`

    Raises:
        ValueError: a part or an effect of its synth has no streaming form; exact, but no knob can be met
    """

    def __init__(self, model: TimbreModel, exact: bool = False) -> None:
        super().__init__()
        self.clip = model.clip
        self.knobs = [Knob.of(descriptor) for descriptor in model.encoder.each_descriptor()]
        self.knobs += [Knob(factor, "share", "linear", 0.0, 1.0, []) for factor in model.encoder.factors]
        self.residual_size = model.encoder.residual_size
        self.decoder = copy.deepcopy(model.decoder)
        self.synth = StreamingSynth(model.synth)
        knobs = [copy.deepcopy(descriptor) for descriptor in model.encoder.each_descriptor()]
        self.met = MetKnobs(knobs, model.synth, self.synth) if exact else None
        self.gate = Gate(model.clip.hop, self.synth.latency_frames)
        first = [(LOWEST_HZ, model.clip.nyquist_hz), (0.0, 1.0), *[CONTROL_RANGE] * len(self.knobs)]
        ends = torch.tensor(first + [RESIDUAL_RANGE] * self.residual_size)
        self.held = Held(ends[:, 0], ends[:, 1], torch.zeros(len(ends)).index_fill(0, torch.tensor(0), FIRST_HZ))
        self.first_values = {name: _filled_with(value) for name, value in self.initial_state(1).items()}
        self.limits = self._limits()
        self.eval().requires_grad_(False).cpu()

    @property
    def latency_frames(self) -> int:
        """How many hops late the sound comes."""
        return self.synth.latency_frames

    @property
    def latency_s(self) -> float:
        """How late the sound comes, in seconds, without the host's buffer."""
        return self.latency_frames * self.clip.hop / self.clip.sample_rate

    @property
    def knobs_met(self) -> list[str]:
        """Names of the knobs that are met; the others follow the decoder."""
        return self.met.names if self.met else []

    @property
    def noise_size(self) -> int:
        """Samples of white noise per frame: a hop for each part of the synth that wants it."""
        return self.clip.hop * max(1, self.synth.n_noises)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Least and greatest of each input; 0 Hz, too, stands for no pitch."""
        f0_hz = (LOWEST_HZ, self.clip.nyquist_hz)
        return {"f0_hz": f0_hz, "controls": CONTROL_RANGE, "residual": RESIDUAL_RANGE, "white_noise": (-1.0, 1.0)}

    def initial_state(self, batch: int = 1) -> State:
        """State of `batch` voices before their first frame; keys are `owner.what`, such as `decoder.hidden`.

        All elements of one are the same number.
        """
        own = prefixed("decoder", self.decoder.initial_state(batch)) | prefixed("held", self.held.initial_state(batch))
        own |= prefixed("gate", self.gate.initial_state(batch)) | self.synth.initial_state(batch)
        return own | self.met.initial_state(batch) if self.met else own

    def forward(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, white_noise: Tensor | None, state: State
    ) -> tuple[Tensor, State]:
        """The next block.

        Args:
            f0_hz: (B, F) pitch in Hz, 0 where there is none
            controls: (B, F, C) knob positions, 0..1 within the training range
            residual: (B, F, D)
            white_noise: (B, F, noise_size) in -1..1, evenly distributed; None draws it afresh
            state: of `initial_state` or of the block before

        Returns:
            (B, F * hop) audio and the state after it
        """
        state = self._in_earnest(state)
        (f0_hz, openness, controls, residual), last = self._inputs(f0_hz, controls, residual, state)
        parameters, remembered = self.decoder.stream(f0_hz, controls, residual, owned_by("decoder", state))
        if white_noise is not None:
            parameters = {**parameters, "white_noise": _finite(white_noise, 1.0)}
        if self.met:
            audio, following = self.met(self.synth, self._sounded, f0_hz, parameters, controls, openness, state)
        else:
            audio, following = self._sounded(f0_hz, parameters, openness, state)
        own = prefixed("decoder", remembered) | prefixed("held", last)
        return audio, {name: (following | own)[name] for name in self.first_values}

    @torch.no_grad()
    def finish(self, state: State) -> Tensor:
        """The (B, latency_frames * hop) audio still to come: the last frame is held and no noise follows."""
        state = self._in_earnest(state)
        if not self.latency_frames:
            return self.synth.finish(state)
        gate = owned_by("gate", state)
        held = gate["openness"][:, -1:].expand(-1, self.latency_frames)
        audio, _ = self.gate(self.synth.finish_dry(state), held, gate)
        return _finite(self.synth.affected(_finite(audio, LOUDEST), state)[0], LOUDEST)

    @torch.no_grad()
    def play(
        self,
        f0_hz: Tensor,
        controls: Tensor,
        residual: Tensor | None = None,
        white_noise: Tensor | None = None,
        block_frames: int = 16,
    ) -> Iterator[Tensor]:
        """Whole curves, as `forward` takes them: audio as it comes, then the end, in all F + latency hops."""
        if residual is None:
            residual = f0_hz.new_zeros(*f0_hz.shape, self.residual_size)
        state = self.initial_state(len(f0_hz))
        for start in range(0, f0_hz.shape[1], block_frames):
            block = slice(start, start + block_frames)
            noise = None if white_noise is None else white_noise[:, block]
            audio, state = self(f0_hz[:, block], controls[:, block], residual[:, block], noise, state)
            yield audio
        yield self.finish(state)

    def render(
        self,
        f0_hz: Tensor,
        controls: Tensor,
        residual: Tensor | None = None,
        white_noise: Tensor | None = None,
        block_frames: int = 16,
    ) -> Tensor:
        """Whole curves -> (B, F * hop) audio, aligned with the offline rendering."""
        late = torch.cat(list(self.play(f0_hz, controls, residual, white_noise, block_frames)), dim=1)
        return late[:, self.latency_frames * self.clip.hop :]

    def _sounded(
        self, f0_hz: Tensor, parameters: dict[str, Tensor], openness: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """Parts, gate and effects: (B, F * hop) audio, and what has changed of the state."""
        audio, following = self.synth.dry(f0_hz, parameters, state)
        audio, opened = self.gate(audio, openness, owned_by("gate", state))
        audio, ringing = self.synth.affected(_finite(audio, LOUDEST), state)
        return _finite(audio, LOUDEST), prefixed("gate", opened) | following | ringing

    def _inputs(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, state: State
    ) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], State]:
        """What a host sends -> pitch, openness of the gate, controls and residual that can be used; what is held."""
        # In single precision first: what is too large for it is infinite, and infinite is what cannot be used.
        values = torch.cat([f0_hz[..., None], f0_hz[..., None] >= LOWEST_HZ, controls, residual], dim=-1).float()
        finite = values.isfinite()
        sent, rest = finite[..., :1], finite[..., 2:]
        usable = torch.cat([sent & (values[..., 1:2] > 0.0), sent, rest], dim=-1)
        values, last = self.held(values, usable, owned_by("held", state))
        pitch, openness, controls, residual = values.split([1, 1, len(self.knobs), self.residual_size], dim=-1)
        return (pitch[..., 0], openness[..., 0], controls, residual), last

    def _in_earnest(self, state: State) -> State:
        """A state as a host hands it back: what is not a number is as at first, the rest within its limit."""
        return {name: _finite(state[name], self.limits[name], first) for name, first in self.first_values.items()}

    @torch.no_grad()
    def _limits(self) -> dict[str, float]:
        """Greatest size of the numbers in each state."""
        limits = self.synth.state_limits() | (self.met.state_limits() if self.met else {})
        for name, owner in (("decoder", self.decoder), ("held", self.held), ("gate", self.gate)):
            limits |= {f"{name}.{what}": limit for what, limit in owner.state_limits().items()}
        return {name: limits.get(name, STATE_LIMIT) for name in self.first_values}


@torch.no_grad()
def strayed_from(model: TimbreModel, instrument: Instrument, n_frames: int = 50) -> float:
    """Greatest difference of an instrument's sound from its model's own, over random curves."""
    generator = torch.Generator().manual_seed(0)
    f0_hz = 100.0 + 500.0 * torch.rand(1, n_frames, generator=generator)
    controls = torch.rand(1, n_frames, len(instrument.knobs), generator=generator)
    residual = torch.randn(1, n_frames, instrument.residual_size, generator=generator)
    noise = 2.0 * torch.rand(1, n_frames, instrument.noise_size, generator=generator) - 1.0
    expected = model.synth(f0_hz, model.decoder(f0_hz, controls, residual) | {"white_noise": noise})
    return float((instrument.render(f0_hz, controls, residual, noise) - expected).abs().max().nan_to_num(torch.inf))


def _finite(values: Tensor, limit: float, otherwise: float = 0.0) -> Tensor:
    """Values within -limit..limit; what is not a number becomes another."""
    return torch.where(values.isnan(), otherwise, values).clamp(-limit, limit)


def _filled_with(state: Tensor) -> float:
    return float(state.flatten()[0]) if state.numel() else 0.0
