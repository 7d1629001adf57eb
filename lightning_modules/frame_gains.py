"""Knobs met frame by frame: what the synth is about to play, changed by a few musical gains."""

import math
from collections.abc import Sequence
from operator import itemgetter

import torch
from torch import Tensor, nn

from lightning_modules.least_change import least_change
from lightning_modules.payback import HeardKnobs, Payback
from projection.prior import bark
from projection.target import Target
from synths.clip import ClipFormat
from synths.descriptors.descriptor import Descriptor
from synths.descriptors.level import Level
from synths.descriptors.line_spectra import LineSpectra
from synths.descriptors.sounding import FLOOR_DB
from synths.layers import LOUDEST as LOUDEST_LAYER
from synths.layers import Layers
from synths.streaming.part import LOUDEST, State, owned_by, prefixed
from synths.streaming.reading import PlayedAndHeard, WindowEars
from synths.streaming.smear import REACH, Smear

USUAL = (2.0, 1.0, 1.0, 1.0, 1.0)
"""Nepers that all, tilt, fundamental, odd against even overtones, noise are usually changed by."""
LARGEST_GAIN = 9.0
"""In nepers, 78 dB to either side: all of a knob of level."""
TRIED = 0.1
"""Share of the usual change by which each gain is tried, to learn its slopes."""
DAMPING, STILL = 1e-2, 1e-3
"""Weights of the step and of the whole change against the errors."""
FARTHEST = 20.0
"""Tolerances off that a step goes by."""
FOLLOWED, FIRST_FRAMES, LARGEST_SURPRISE = 0.06, 15.0, 2.0
"""Share of a frame's surprise that is expected from then on, at least; frames after which less is; its limit."""
LEAST_GROWTH, MOST_GROWTH = 0.25, 3.0
FADES_DB, LEAST_WEIGHT = 15.0, 0.1
"""Above silence, a level that is asked for from which on all knobs weigh alike; weight of the others at silence."""
QUIET_DB = -70.0
"""Level below which nothing is learnt from the sound."""
MANY_FRAMES = 1000.0


class Projection(nn.Module):
    """Gains on the next frame that bring the knobs of its sound to what is asked: no look-ahead, no delay.

    The frame is measured as it will be heard, together with those before it, with the gains of the last frame and
    with each of them changed a little: one damped Gauss-Newton step, by forward measurements alone. What the sound
    then reads above that, as soon as a window has heard it whole, is followed and asked for in advance. What the note
    has missed nevertheless, in its attack above all, is paid back (`Payback`).

    State: what was played and its pitch, the gains, what is expected beside (`bias`, in tolerances), energy of the
    open frame before, frames since the note began and frames learnt from, and the sound so far.

    Args:
        knobs: C descriptors that can be told from a frame of layers (`projectable`)
        clip: format of the run
        spectra: what reads harmonics and noise
        n_partials: K
        n_bands: M
        latency_frames: how late the synth sounds
    """

    lags: Tensor
    usual: Tensor
    number: Tensor
    bands_bark: Tensor

    def __init__(
        self,
        knobs: Sequence[Descriptor],
        clip: ClipFormat,
        spectra: LineSpectra,
        n_partials: int,
        n_bands: int,
        latency_frames: int,
    ) -> None:
        super().__init__()
        self.knobs, self.level, self.spectra = nn.ModuleList(knobs), Level(clip), spectra
        self.target, self.clip, self.n_partials, self.n_bands = Target(list(knobs)), clip, n_partials, n_bands
        windows = [window.spectrum for window in spectra.windows]
        half_frames = [math.ceil(window.n_fft / 2 / clip.hop) for window in windows]
        lags = [latency_frames + half for half in half_frames]
        self.smear = Smear([window.window.cpu() for window in windows], lags, clip.hop)
        self.listening = WindowEars(spectra, half_frames, clip.hop)
        bands_hz = torch.linspace(0.0, clip.nyquist_hz, n_bands)
        self.register_buffer("bands_bark", bark(bands_hz), persistent=False)
        self.register_buffer("number", torch.arange(1, n_partials + 1).float(), persistent=False)
        self.register_buffer("usual", torch.tensor(USUAL), persistent=False)
        self.register_buffer("lags", torch.tensor(lags), persistent=False)
        self.payback = Payback(knobs, self.smear.n_past)

    def initial_state(self, batch: int) -> State:
        """Silence before, no gains, nothing expected."""
        zeros, n_past = self.usual.new_zeros, self.smear.n_past
        return {
            "gains": zeros(batch, len(USUAL)),
            "amplitudes": zeros(batch, n_past, self.n_partials),
            "noise": zeros(batch, n_past, self.n_bands),
            "f0_hz": zeros(batch, n_past),
            "bias": zeros(batch, len(self.knobs)),
            "energy": zeros(batch, 1),
            "frames": zeros(batch, 2),
            "sound": zeros(batch, self.listening.n_samples),
        } | prefixed("payback", self.payback.initial_state(batch))

    def state_limits(self) -> dict[str, float]:
        """What a part can play, a pitch, gains, surprises and sound."""
        energy = LOUDEST_LAYER**2
        return {
            "gains": LARGEST_GAIN,
            "amplitudes": LOUDEST_LAYER + 0.1,
            "noise": energy + 0.1,
            "f0_hz": self.clip.nyquist_hz,
            "bias": LARGEST_SURPRISE,
            "energy": (self.n_partials + self.n_bands) * energy,
            "frames": MANY_FRAMES,
            "sound": LOUDEST,
        } | {f"payback.{name}": limit for name, limit in self.payback.state_limits().items()}

    def directions(self, layers: Layers) -> Tensor:
        """(B, F) layers -> (B, F, K + M, 5) all, tilt, fundamental, odd against even overtones, noise.

        Those of `musical_prior`, for each frame.
        """
        partials = bark(layers.partials_hz.clamp(0.0, self.clip.nyquist_hz))
        number = self.number
        if layers.frequencies_hz is not None:
            number = (layers.frequencies_hz / layers.f0_hz[..., None].clamp_min(1e-3)).round().clamp_min(1.0)
        number = number.expand_as(partials)
        bands, ones = self.bands_bark.expand(*partials.shape[:2], -1), torch.ones_like(partials)
        odd = torch.where(number % 2 == 1, 1.0, -1.0) * (number > 1)
        of_partials = [ones, partials / 12.0 - 1.0, (number == 1).float(), odd, 0.0 * ones]
        still = torch.zeros_like(bands)
        of_bands = [still + 1.0, bands / 12.0 - 1.0, still, still, still + 1.0]
        return torch.stack([torch.cat(both, dim=-1) for both in zip(of_partials, of_bands, strict=True)], dim=-1)

    def forward(
        self, layers: Layers, directions: Tensor, asked: Tensor, tolerance: Tensor, openness: Tensor, state: State
    ) -> tuple[Tensor, State]:
        """One frame.

        Args:
            layers: (B, 1) what the decoder would play
            directions: (B, K + M, 5) of the frame
            asked: (B, C) positions
            tolerance: (B, C) there
            openness: (B, 1) 1 where there is a pitch
            state: without what the frame sounds like, which `heard` adds when it is known

        Returns:
            log gains (B, 1, K + M) for `Layers.scaled`, and the state after
        """
        energy = layers.amplitudes.square().sum(-1) + layers.noise_magnitudes.square().sum(-1)
        growth = self._growth(energy, asked, state)
        gains = state["gains"]
        tried = torch.diag(TRIED * self.usual)
        ways = torch.cat([gains[:, None], gains[:, None] + tried], dim=1)
        in_long = self._which(layers.f0_hz[:, 0])
        sound = self._sound(layers, ways @ directions.mT, growth, in_long, state)
        positions = torch.stack(
            [knob.position_of(value) for knob, value in self._each(sound)], dim=-1
        )  # the ways, then what was predicted and what was heard
        level_db, lag_long = self.level.hear(sound), self.lags[in_long][:, None]
        bias, frames = self._followed(positions[:, -2:], level_db[:, -2:], tolerance, openness, lag_long, state)
        heard = HeardKnobs(positions[:, -1], self.lags[:1], lag_long, level_db[:, -1:])
        owing = owned_by("payback", state)
        paid, owing = self.payback(asked, tolerance, heard, level_db[:, :1], state["frames"][:, :1], owing)
        off = (asked - positions[:, 0]) / tolerance - bias - paid
        slopes = (positions[:, 1:-2] - positions[:, :1]).mT / (TRIED * tolerance[..., None])
        weight = self._weight(asked)
        gains = gains + self._step(off * weight, slopes * weight[..., None], gains)
        gains = gains.clamp(-LARGEST_GAIN, LARGEST_GAIN)
        log_gains = gains[:, None] @ directions.mT
        played = layers.scaled(log_gains)
        noise = played.noise_magnitudes.square() * openness[..., None]
        return log_gains, {
            "gains": gains,
            "amplitudes": _next(state["amplitudes"], played.amplitudes * openness[..., None]),
            "noise": _next(state["noise"], noise),
            "f0_hz": _next(state["f0_hz"], layers.f0_hz),
            "bias": bias,
            "energy": energy,
            "frames": frames,
            "sound": state["sound"],
        } | prefixed("payback", owing)

    def heard(self, audio: Tensor, state: State) -> State:
        """The state with the (B, hop) sound that the last frame brought."""
        return state | {"sound": torch.cat([state["sound"][:, self.clip.hop :], audio], dim=1)}

    def _growth(self, energy: Tensor, asked: Tensor, state: State) -> Tensor:
        """(B, 1) growth of the power from frame to frame: of the level that is asked for; without one, the decoder's.

        Args:
            energy: (B, 1) of the open frame
            asked: (B, C)
            state: of before
        """
        open_growth = energy / state["energy"].clamp_min(1e-12)
        growth = torch.where(state["energy"] > 0.0, open_growth.clamp(LEAST_GROWTH, MOST_GROWTH), 1.0)
        for index, knob in enumerate(self.target.knobs):
            if isinstance(knob, Level):
                before, now = (knob.value_at(each[:, index, None]) for each in (state["payback.asked"][:, -1], asked))
                risen = (10.0 ** ((now - before) / 10.0)).clamp(LEAST_GROWTH, MOST_GROWTH)
                growth = torch.where((state["frames"][:, :1] > 0.0) & risen.isfinite(), risen, growth)
        return growth

    def _each(self, sound: PlayedAndHeard) -> list[tuple[Descriptor, Tensor]]:
        return [(knob, knob.hear(sound)) for knob in self.target.knobs]

    def _which(self, f0_hz: Tensor) -> Tensor:
        """(B,) pitch -> the window that holds its harmonics apart."""
        lower = [(f0_hz < window.lowest_hz).long() for window in self.spectra.windows[:-1]]
        return sum(lower, torch.zeros_like(f0_hz, dtype=torch.long))

    def _sound(
        self, layers: Layers, log_gains: Tensor, growth: Tensor, in_long: Tensor, state: State
    ) -> PlayedAndHeard:
        """The (B, n) ways to play the frame as it will be heard; what was predicted of the past, and what was heard."""
        n_ways = log_gains.shape[1]
        ways = layers.frames(lambda values: values.expand(-1, n_ways, *values.shape[2:])).scaled(log_gains)
        which = torch.cat([torch.zeros_like(in_long), in_long])
        twice = {name: state[name].repeat(2, 1, 1) for name in ("amplitudes", "noise")}
        now = ways.amplitudes.repeat(2, 1, 1), ways.noise_magnitudes.square().repeat(2, 1, 1)
        ahead = self.smear.about_to_be_heard(which, twice, *now, growth.repeat(2, 1))
        then = self.smear.heard_then(which, twice)
        amplitudes, noise = (
            torch.cat([new, old, old], dim=1).clamp_min(0.0).sqrt() for new, old in zip(ahead, then, strict=True)
        )
        then_hz = state["f0_hz"].repeat(2, 1).gather(1, (self.smear.n_past - self.lags[which])[:, None]).clamp_min(1.0)
        f0_hz = torch.cat([ways.f0_hz.repeat(2, 1), then_hz.expand(-1, 2)], dim=1)
        hz = None if layers.frequencies_hz is None else layers.frequencies_hz.expand(-1, n_ways + 2, -1).repeat(2, 1, 1)
        both = Layers(f0_hz, amplitudes, noise, hz)
        short, long = (both.frames(itemgetter(rows)) for rows in (slice(len(in_long)), slice(len(in_long), None)))
        ears = self.listening(state["sound"], then_hz[len(in_long) :], in_long)
        return PlayedAndHeard(short, long, self.spectra, ears)

    def _followed(
        self,
        then: Tensor,
        level_db: Tensor,
        tolerance: Tensor,
        openness: Tensor,
        lag: Tensor,
        state: State,
    ) -> tuple[Tensor, Tensor]:
        """What sound reads above layers from now on, (B, C) tolerances, and the frames of the note.

        Args:
            then: (B, 2, C) positions as they were predicted, and as they were heard
            level_db: (B, 2) of both
            tolerance: (B, C)
            openness: (B, 1)
            lag: (B, 1) how many frames ago was heard
            state: of before
        """
        age, learnt = state["frames"].split(1, dim=1)
        # What a window hears whole began after the note did.
        sounding = (level_db > QUIET_DB).all(1, keepdim=True) & (age > lag + REACH)
        learnt = torch.where(sounding, learnt + 1.0, learnt)
        share = (1.0 / (learnt + FIRST_FRAMES)).clamp_min(FOLLOWED)
        surprise = ((then[:, 1] - then[:, 0]) / tolerance).clamp(-LARGEST_SURPRISE, LARGEST_SURPRISE)
        bias = torch.where(sounding & surprise.isfinite(), torch.lerp(state["bias"], surprise, share), state["bias"])
        frames = torch.cat([age + 1.0, learnt], dim=1).clamp_max(MANY_FRAMES)
        return bias, torch.where(openness > 0.0, frames, 0.0)

    def _weight(self, asked: Tensor) -> Tensor:
        """(B, C) positions -> (B, C) weight of each knob: little of those that near silence nobody can tell."""
        loud = torch.ones_like(asked[:, 0])
        is_level = [isinstance(knob, Level) for knob in self.target.knobs]
        for index, knob in enumerate(self.target.knobs):
            if is_level[index]:
                above_db = knob.value_at(asked[:, index]) - FLOOR_DB
                loud = torch.minimum(loud, (above_db / FADES_DB).clamp(LEAST_WEIGHT, 1.0))
        return torch.stack([torch.ones_like(loud) if level else loud for level in is_level], dim=-1)

    def _step(self, off: Tensor, slopes: Tensor, gains: Tensor) -> Tensor:
        """(B, C) tolerances off, (B, C, 5) their slopes by usual changes, (B, 5) gains -> what to add to them."""
        off = off.clamp(-FARTHEST, FARTHEST)[..., None]
        # A gain at its end that should go further is no help: the others do without.
        outwards = (slopes.mT @ off)[..., 0] * gains.sign() > 0.0
        slopes = slopes * ~(outwards & (gains.abs() >= LARGEST_GAIN))[:, None]
        back = STILL / (DAMPING + STILL) * gains / self.usual
        step = least_change(slopes, off + slopes @ back[..., None], DAMPING + STILL) - back
        step = step / step.abs().amax(-1, keepdim=True).clamp_min(1.0)
        return torch.where(step.isfinite(), step, 0.0) * self.usual


def _next(past: Tensor, frame: Tensor) -> Tensor:
    return torch.cat([past[:, 1:], frame], dim=1)
