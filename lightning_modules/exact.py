"""Exact knobs: what is asked is what is measured on the delivered sound, and nothing else moves.

What the decoder is about to play is projected onto the request, frame by frame (`synths.projection`); what room and
window then add is heard in a few renders and asked for in advance.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import Encoding
from synths import Descriptor, sounding_frames, sounding_mean
from synths.layers import parts_scaled
from synths.projection import FrameProjection, Target, projectable
from synths.projection.frames import BEYOND_REACH
from synths.signal import interpolate_frames

TOLERANCE = 0.05
"""Least audible differences that a mean may be off and count as met."""
MOST_RENDERS = 7
N_LEARNING = 2
"""Renders in which the gap between layers and sound is learnt frame by frame; then it is kept."""
N_STEPS = (6, 4, 3)
"""Rounds of the projection for the first renders; the last for all that follow."""
UNNOTICED = 0.2
"""Tolerances that what is held may be off before it outweighs most of what a turned knob could gain."""
N_SHARED = 2
MOST_INSTEAD = 12.0
"""Tolerances that frames may take over for others."""
LARGEST_BIAS, LARGEST_CHANGE = 6.0, 2.0
"""Limits of what is asked in advance, in tolerances: in all, and from one render to the next."""


class Answer(NamedTuple):
    """How B requests were answered, in the mean over what sounds.

    Shapes: asked, measured (B, C) positions; off (B, C) tolerances above what was asked; open_off the same of the bare
    decoder; renders (B,) how often the sound was rendered. C are the knobs that were corrected, by `names`.
    """

    names: list[str]
    asked: Tensor
    measured: Tensor
    off: Tensor
    open_off: Tensor
    renders: Tensor

    @property
    def met(self) -> Tensor:
        """(B, C) whether the knob is where it was asked, within the tolerance; NaN is not."""
        return self.off.abs() <= TOLERANCE


def obstacle_of(model: TimbreAutoencoder) -> str:
    """Why a model's knobs cannot be exact, as the begin of a sentence; "" if they can."""
    wordless = model.synth.parts_without_layers() + model.synth.parts_that_cannot_play()
    return f"{wordless[0]} of the synth cannot say what it plays" if wordless else ""


class Exact:
    """Puts sounds together as `TimbreAutoencoder.put_together` does, with knobs that are exact.

    A request that no sound of the synth meets is answered with the nearest place found; the knobs that were not turned
    hold. Knobs that only sound can tell (`deaf`) follow the decoder. Where nothing is off, the sound is the bare
    decoder's, bit for bit; it is never farther from the request than that.

    Args:
        model: in eval mode
        also: further descriptors to meet, that the model was not trained on

    Raises:
        ValueError: a part of the synth cannot be played by numbers, or a further descriptor cannot be met
    """

    def __init__(self, model: TimbreAutoencoder, also: Sequence[Descriptor] = ()) -> None:
        if obstacle := obstacle_of(model):
            raise ValueError(f"{obstacle}: render the open sound.")
        for descriptor in also:
            if not projectable(descriptor):
                raise ValueError(f"{descriptor.name} is told from sound only: it cannot be turned after training.")
        self.model, self.also = model, list(also)
        own = list(model.encoder.each_descriptor())
        self.indices = [index for index, descriptor in enumerate(own) if projectable(descriptor)]
        self.deaf = [descriptor.name for descriptor in own if not projectable(descriptor)]
        self.target = Target([own[index] for index in self.indices] + self.also)

    def __call__(
        self, f0_hz: Tensor, encoding: Encoding, sounding: Tensor | None = None, turned: Tensor | None = None
    ) -> Rendering:
        """The sound alone: `answer` says how it is meant."""
        return self.answer(f0_hz, encoding, sounding, turned)[0]

    @torch.no_grad()
    def answer(
        self,
        f0_hz: Tensor,
        encoding: Encoding,
        sounding: Tensor | None = None,
        turned: Tensor | None = None,
        beside: Tensor | None = None,
    ) -> tuple[Rendering, Answer]:
        """Render an encoding, its knobs met.

        Args:
            f0_hz: (B, F) pitch in Hz
            encoding: as it was taken or with its knobs turned
            sounding: (B, F / judged_every) 1 where the recording sounds; without it, where the open sound does
            turned: (B, C) True for controls and further descriptors that may miss where not all can be met
            beside: (B, F / every, A) positions asked of the further descriptors

        Returns:
            rendering, whose parameters are still the decoder's, and how the request was met
        """
        if not self.target.knobs:
            nothing = f0_hz.new_zeros(len(f0_hz), 0)
            once = torch.ones(len(f0_hz), dtype=torch.long)
            return self.model.put_together(f0_hz, encoding), Answer([], nothing, nothing, nothing, nothing, once)
        parameters = self.model.decoder(f0_hz, encoding.controls, encoding.residual)
        return _Search(self, f0_hz, encoding, parameters, sounding, turned, beside).run()


class _Search:
    """One batch of requests on the way to their sound."""

    def __init__(
        self,
        exact: Exact,
        f0_hz: Tensor,
        encoding: Encoding,
        parameters: dict[str, Tensor],
        sounding: Tensor | None,
        turned: Tensor | None,
        beside: Tensor | None,
    ) -> None:
        self.exact, self.f0_hz, self.encoding, self.parameters = exact, f0_hz, encoding, parameters
        model = exact.model
        self.every, self.judged = model.encoder.every, model.encoder.judged_every // model.encoder.every
        self.synth = model.synth
        self.played = self.synth.played(f0_hz, parameters)
        self.white_noise = parameters.get("white_noise", self.synth.white_noise(f0_hz))
        self.audio = self.synth.play(f0_hz, self.played, self.white_noise)
        if sounding is None:
            every = model.encoder.judged_every
            sounding = sounding_frames(model.encoder.level_db(self.audio, every)).to(f0_hz.dtype)
        self.sounding = sounding
        asked = encoding.controls[:, :: self.every, exact.indices]
        self.asked = asked if beside is None else torch.cat([asked, beside.to(asked)], dim=-1)
        self.tolerance = exact.target.tolerance(self._mean(self.asked))
        # Tolerances asked of all frames in place of those that cannot, and how much of it arrives in the mean.
        self.instead = torch.zeros_like(self.tolerance)
        self.response = torch.ones_like(self.tolerance)
        self.turned = None if turned is None else turned[:, [*exact.indices, *range(-len(exact.also), 0)]]

    def run(self) -> tuple[Rendering, Answer]:
        """Render until all is met, or seven times."""
        audio, renders = self.audio.clone(), torch.ones(len(self.f0_hz), dtype=torch.long)
        heard = self.exact.target.of_sound(audio, self.f0_hz, self.every)
        open_missed = self._missed(heard)
        best, score = open_missed.clone(), self._score(open_missed, heard)
        going = self._can_go_on(open_missed)
        if going.any():
            projection = self._projection(going)
        bias, bias_slopes = torch.zeros_like(best), torch.eye(best.shape[-1]).to(best).repeat(len(best), 1, 1)
        first_gap = torch.zeros_like(heard)
        missed, gap, change = open_missed, torch.zeros_like(heard), torch.zeros_like(best)
        for n_rendered in range(1, MOST_RENDERS):
            if not going.any():
                break
            if n_rendered <= N_LEARNING:
                gap[going] = self._smooth(heard - projection.all_measured())[going]
                first_gap = gap.clone() if n_rendered == 1 else first_gap
            elif n_rendered == N_LEARNING + 1 and (hopeless := going & self._hopeless(missed)).any():
                projection.begin_again(hopeless)
                gap = torch.where(hopeless[:, None, None], first_gap, gap)
                self.instead[hopeless], self.response[hopeless] = 0.0, 1.0
                change = torch.where(hopeless[:, None], 0.0, self._change(bias_slopes, missed))
                bias = torch.where(going[:, None], change, bias)
            else:
                change = self._change(bias_slopes, missed)
                before = bias
                bias = torch.where(going[:, None], (bias + change).clamp(-LARGEST_BIAS, LARGEST_BIAS), bias)
                change = bias - before
            goal = self.asked - gap + (bias * self.tolerance)[:, None]
            self._project(projection, goal, n_rendered, going)
            rows = going.nonzero()[:, 0]
            audio_now = self._render(projection.all_gains()[rows], rows)
            heard[rows] = self.exact.target.of_sound(audio_now, self.f0_hz[rows], self.every)
            renders[rows.cpu()] += 1
            now = self._missed(heard)
            if n_rendered > N_LEARNING:
                bias_slopes = _broyden(bias_slopes, missed - now, change)
            missed = now
            scored = self._score(missed, heard)
            better = going & (scored < score)
            audio[better], best[better], score[better] = audio_now[better[rows]], missed[better], scored[better]
            going &= (missed.abs() > TOLERANCE).any(-1)
        return self._result(audio, best, open_missed, renders)

    def _projection(self, going: Tensor) -> FrameProjection:
        model = self.exact.model
        layers = self.synth.layers(self.f0_hz, self.parameters).every(self.every)
        active = self.sounding.bool().repeat_interleave(self.judged, dim=1)[:, : layers.f0_hz.shape[1]]
        prior = model.encoder.prior(layers, self.synth.clip.nyquist_hz)
        return FrameProjection(
            self.exact.target.knobs, layers, self.tolerance, prior, active & going[:, None], self.turned
        )

    def _project(self, projection: FrameProjection, goal: Tensor, n_rendered: int, going: Tensor) -> None:
        """Bring the layers to a goal; what frames that cannot owe to the mean is taken over by those that can."""
        # On the way, what cannot be met looks like what only takes longer.
        beyond_reach = math.inf if n_rendered <= N_LEARNING else BEYOND_REACH
        n_steps = N_STEPS[min(n_rendered, len(N_STEPS)) - 1]
        owed_before, added = torch.full_like(self.instead, torch.inf), torch.zeros_like(self.instead)
        for n_more in (N_STEPS[-1],) * N_SHARED + (0,):
            asked = goal + (self.instead * self.tolerance)[:, None]
            projection.towards(asked, n_steps, going, beyond_reach)
            owed = self._mean(goal - projection.all_measured()) / self.tolerance
            tried = added.abs() > TOLERANCE
            self.response = torch.where(tried, ((owed_before - owed) / added).clamp(0.2, 1.2), self.response)
            # Knobs that pull against each other get no nearer by being asked for more.
            worse = going & (owed.abs().sum(-1) > owed_before.abs().sum(-1))
            self.instead = torch.where(worse[:, None], self.instead - added, self.instead)
            going = going & ~worse & (owed.abs() > TOLERANCE).any(-1)
            if not (going.any() and n_more):
                break
            wanted = (owed / self.response).clamp(-LARGEST_CHANGE, LARGEST_CHANGE)
            wanted = (self.instead + wanted).clamp(-MOST_INSTEAD, MOST_INSTEAD) - self.instead
            added = torch.where(going[:, None], wanted, 0.0)
            owed_before, n_steps = owed, n_more
            self.instead = self.instead + added

    def _render(self, gains: Tensor, rows: Tensor) -> Tensor:
        """(R, F / every, P) log gains of some clips -> their audio."""
        f0_hz = self.f0_hz[rows]
        gains = interpolate_frames(gains, self.every, f0_hz.shape[1])
        played = [{name: values[rows] for name, values in own.items()} for own in self.played]
        noise = None if self.white_noise is None else self.white_noise[rows]
        return self.synth.play(f0_hz, parts_scaled(played, gains), noise)

    def _mean(self, values: Tensor) -> Tensor:
        return sounding_mean(values, self.sounding, self.judged)

    def _missed(self, heard: Tensor) -> Tensor:
        """(B, F / every, C) positions heard -> (B, C) tolerances that are asked above their mean."""
        return self._mean(self.asked - heard) / self.tolerance

    def _score(self, missed: Tensor, heard: Tensor) -> Tensor:
        """(B,) how far off: the mean first, the frames in second place; what is turned counts less than what holds."""
        frames = self._mean((self.asked - heard).abs()) / self.tolerance
        off = missed.abs() + 0.1 * frames
        if self.turned is not None:
            dragged = (missed.abs() - UNNOTICED).clamp(0.0, 1.0)
            off = torch.where(self.turned, off, 4.0 * off + 20.0 * dragged)
        return off.sum(-1)

    def _can_go_on(self, missed: Tensor) -> Tensor:
        """(B,) something is off, and everything is a number that can be asked."""
        finite = missed.isfinite().all(-1) & self.asked.isfinite().flatten(1).all(-1)
        return finite & self.sounding.any(1) & (missed.abs() > TOLERANCE).any(-1)

    def _hopeless(self, missed: Tensor) -> Tensor:
        """(B,) a turned knob is still far from where it was asked, where the others may have been dragged along."""
        if self.turned is None:
            return torch.zeros_like(missed[:, 0], dtype=torch.bool)
        return (self.turned & (missed.abs() > 1.0)).any(-1)

    def _smooth(self, gap: Tensor) -> Tensor:
        """(B, F / every, C) -> the same over three frames, with the mean that it had."""
        padded = torch.cat([gap[:, :1], gap, gap[:, -1:]], dim=1)
        smooth = (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3.0
        return smooth + self._mean(gap - smooth)[:, None]

    def _change(self, bias_slopes: Tensor, missed: Tensor) -> Tensor:
        """What is to be asked in advance beside what is: a damped Newton step, (B, C) tolerances."""
        weight = torch.ones_like(missed)
        if self.turned is not None:
            weight = torch.where(self.turned & (missed.abs() > 1.0), 0.1, weight)
        weighted = weight[..., None] * bias_slopes
        system = weighted.mT @ weighted + 0.02 * torch.eye(missed.shape[-1]).to(missed)
        wanted = (weighted.mT @ (weight * missed)[..., None])[..., 0]
        solved = torch.linalg.solve(system, wanted.nan_to_num(0.0, 0.0, 0.0))
        return solved.clamp(-LARGEST_CHANGE, LARGEST_CHANGE)

    def _result(self, audio: Tensor, missed: Tensor, open_missed: Tensor, renders: Tensor) -> tuple[Rendering, Answer]:
        names = [knob.name for knob in self.exact.target.knobs]
        asked = self._mean(self.asked)
        measured = asked - missed * self.tolerance
        answer = Answer(names, asked, measured, -missed, -open_missed, renders)
        return Rendering(audio, self.parameters, self.encoding), answer


def _broyden(slopes: Tensor, came: Tensor, change: Tensor) -> Tensor:
    """(B, C, C) slopes, (B, C) what came of (B, C) changes -> slopes that agree with it."""
    surprise = came - (slopes @ change[..., None])[..., 0]
    length = change.square().sum(-1, keepdim=True)
    update = (surprise / length.clamp_min(1e-6))[..., None] * change[:, None]
    return slopes + torch.where(length[..., None] > 1e-6, update, 0.0)
