"""Exact knobs: what is asked is what is measured on the delivered sound, and nothing else moves.

What the decoder is about to play is projected onto the request, and corrected until it is heard there
(`projection`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from lightning_modules.encoders import Encoding
from lightning_modules.timbre_model import Rendering, TimbreModel
from projection import Answer, MeanSearch, Request, Target, follow_curves, from_other_start, give_way, projectable
from synths import Descriptor, Layers, sounding_frames
from synths.fitting import Fit
from synths.layers import layers_together, parts_scaled
from synths.signal import interpolate_frames


def obstacle_of(model: TimbreModel) -> str:
    """Why a model's knobs cannot be exact, as the begin of a sentence; "" if they can."""
    wordless = model.synth.parts_without_layers() + model.synth.parts_that_cannot_play()
    return f"{wordless[0]} of the synth cannot say what it plays" if wordless else ""


class Exact:
    """Puts sounds together as `TimbreModel.put_together` does, with knobs that are exact.

    A request that no sound of the synth meets is answered with the nearest place found; the knobs that were not turned
    hold. Knobs that only sound can tell (roughness, warmth ...) are moved by slopes of the rendered sound. Where
    nothing is off, the sound is the bare decoder's, bit for bit; it is never farther from the request than that.

    Args:
        model: in eval mode
        also: further descriptors to meet, that the model was not trained on
        fit: of the one recording whose encodings are rendered, which then sounds in place of what the network plays
            of it: itself where nothing is turned, else changed as turned knobs change that. A request that it cannot
            be brought to is met by the network's own sound, half-way between both if that suffices

    Raises:
        ValueError: a part of the synth cannot be played by numbers
    """

    def __init__(self, model: TimbreModel, also: Sequence[Descriptor] = (), fit: Fit | None = None) -> None:
        if obstacle := obstacle_of(model):
            raise ValueError(f"{obstacle}: render the open sound.")
        self.model, self.also, self.fit = model, list(also), fit
        knobs = [*model.encoder.each_descriptor(), *also]
        # What only sound can tell comes last: the place of each in the target, and back.
        self.order = sorted(range(len(knobs)), key=lambda index: not projectable(knobs[index]))
        self.target = Target([knobs[index] for index in self.order])

    def __call__(
        self, f0_hz: Tensor, encoding: Encoding, sounding: Tensor | None = None, turned: Tensor | None = None
    ) -> Rendering:
        """The sound alone: `answer` says how it is meant."""
        return self.answer(f0_hz, encoding, sounding, turned)[0]

    @torch.inference_mode(False)
    @torch.no_grad()
    def follow(self, f0_hz: Tensor, encoding: Encoding, sounding: Tensor, turned: Tensor | None = None) -> Rendering:
        """The sound of curves, every frame of which counts; arguments as `answer` has them, none may miss more.

        Knobs that only sound can tell follow the decoder here.
        """
        own = list(self.model.encoder.each_descriptor())
        indices = [index for index, knob in enumerate(own) if projectable(knob)]
        if not indices:
            return self._unmet(f0_hz, encoding)
        decoded, every = self._decoded(f0_hz, encoding), self.model.encoder.every
        decoded.every = every
        asked = encoding.controls[:, ::every, indices]
        n_each = self.model.encoder.judged_every // every
        active = sounding.bool().repeat_interleave(n_each, dim=1)[:, : asked.shape[1]]
        audio = follow_curves(decoded, [own[index] for index in indices], asked, active)
        return Rendering(audio, decoded.parameters, encoding)

    @torch.inference_mode(False)  # within the trainer's, what slopes are taken of could not be written to
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
            rendering, nothing = self._unmet(f0_hz, encoding), f0_hz.new_zeros(len(f0_hz), 0)
            once = torch.ones(len(f0_hz), dtype=torch.long)
            peak = rendering.audio.abs().amax(-1)
            return rendering, Answer([], nothing, nothing, nothing, nothing, once, peak)
        decoded = self._decoded(f0_hz, encoding)
        request = self._request(decoded, encoding, sounding, turned, beside)
        audio, answer, own_share = self._found(decoded, encoding, request)
        audio, answer = self._held(decoded, encoding, request, (audio, answer), own_share)
        return Rendering(audio, decoded.parameters, encoding), self._in_order(answer)

    def _request(
        self,
        decoded: "Decoded",
        encoding: Encoding,
        sounding: Tensor | None,
        turned: Tensor | None,
        beside: Tensor | None,
    ) -> Request:
        encoder, every = self.model.encoder, self.model.encoder.judged_every
        if sounding is None:
            sounding = sounding_frames(encoder.level_db(decoded.unchanged, every)).to(decoded.f0_hz.dtype)
        asked = encoding.controls[:, ::every, : len(encoder.knobs)]
        if beside is not None:
            asked = torch.cat([asked, beside[:, :: every // encoder.every].to(asked)], dim=-1)
        # What is no number between these frames is no number either.
        asked = asked.masked_fill(~encoding.controls.isfinite().all(-1).all(-1)[:, None, None], torch.nan)
        at_rest = None if turned is None or self.fit is None else ~turned.any(1)
        if turned is not None:
            n_also = len(self.also)
            turned = torch.cat([turned[:, : len(encoder.knobs)], turned[:, turned.shape[1] - n_also :]], dim=-1)
            turned = turned[:, self.order]
        return Request(self.target, asked[..., self.order], sounding, 1, turned, at_rest)

    def _found(self, decoded: "Decoded", encoding: Encoding, request: Request) -> tuple[Tensor, Answer, Tensor | None]:
        """Audio and answer; of a fit, (B,) how much of it the network's own sound took over to be turned so far."""
        audio, answer = MeanSearch(decoded, request).run()
        if self.fit is None:
            return audio, answer, None

        def playable_between(rows: Tensor, share: Tensor) -> Decoded:
            some = Encoding(encoding.controls[rows], encoding.residual[rows], {})
            return self._decoded(decoded.f0_hz[rows], some, own_share=share)

        return from_other_start(playable_between, request, audio, answer)

    def _held(
        self,
        decoded: "Decoded",
        encoding: Encoding,
        request: Request,
        found: tuple[Tensor, Answer],
        own_share: Tensor | None,
    ) -> tuple[Tensor, Answer]:
        """The same, less of what was asked where it would drag what holds."""
        if not request.dragged(-found[1].off).any() or (encoding.own is None and not self.also):
            return found
        own, n_own = encoding.controls if encoding.own is None else encoding.own, len(self.model.encoder.knobs)
        # Where the descriptors beside come from, the open sound says.
        home = request.target.of_sound(decoded.unchanged, decoded.f0_hz, decoded.every)
        for place, index in enumerate(self.order):
            if index < n_own:
                home[..., place] = own[:, :: decoded.every, index]

        def playable_at(rows: Tensor, share: Tensor) -> Decoded:
            controls = torch.lerp(own[rows], encoding.controls[rows], share[:, None, None])
            noise = None if decoded.white_noise is None else decoded.white_noise[rows]
            there = None if own_share is None else own_share[rows]
            return self._decoded(decoded.f0_hz[rows], Encoding(controls, encoding.residual[rows], {}), noise, there)

        return give_way(playable_at, request, home, found)

    def _decoded(
        self,
        f0_hz: Tensor,
        encoding: Encoding,
        white_noise: Tensor | None = None,
        own_share: Tensor | None = None,
    ) -> "Decoded":
        return Decoded(self.model, f0_hz, encoding, white_noise, self.fit, own_share)

    def _unmet(self, f0_hz: Tensor, encoding: Encoding) -> Rendering:
        """The sound where there is no knob to be met."""
        if self.fit is None:
            return self.model.put_together(f0_hz, encoding)
        decoded = self._decoded(f0_hz, encoding)
        return Rendering(decoded.unchanged, decoded.parameters, encoding)

    def _in_order(self, answer: Answer) -> Answer:
        """The same with the model's knobs in order, and then the further ones."""
        back = sorted(range(len(self.order)), key=self.order.__getitem__)
        return answer._replace(
            names=[answer.names[index] for index in back],
            asked=answer.asked[:, back],
            measured=answer.measured[:, back],
            off=answer.off[:, back],
            open_off=answer.open_off[:, back],
        )


class Decoded:
    """What the decoder is about to play, with gains on it: a `Playable`.

    Args:
        model: in eval mode
        f0_hz: (B, F) pitch in Hz
        encoding: with its knobs turned
        white_noise: (B, F, hop) of the synth; the fit's or drawn if it is not given
        fit: of the recording, changed as the decoder changes
        own_share: (B,) of the way from there to what the decoder plays
    """

    def __init__(
        self,
        model: TimbreModel,
        f0_hz: Tensor,
        encoding: Encoding,
        white_noise: Tensor | None = None,
        fit: Fit | None = None,
        own_share: Tensor | None = None,
    ) -> None:
        # A copy: what a trainer's inference mode made could not be kept for slopes of the sound.
        self.model, self.f0_hz, self.every = model, f0_hz.clone(), model.encoder.judged_every
        self.parameters = model.decoder(f0_hz, encoding.controls, encoding.residual)
        self.played, self.is_fit = model.synth.played(f0_hz, self.parameters), fit is not None
        if fit is not None:
            self.played = fit.moved(self.played, own_share)
            if white_noise is None and fit.white_noise is not None:
                white_noise = fit.white_noise.expand(len(f0_hz), -1, -1)
        if white_noise is None:
            white_noise = self.parameters.get("white_noise", model.synth.white_noise(f0_hz))
        self.white_noise = white_noise
        self.unchanged = model.synth.play(f0_hz, self.played, self.white_noise)

    def layers(self) -> Layers:
        """What the synth plays in every `every`-th frame; a fit follows the recording's chance from frame to frame."""
        layers = layers_together(self.f0_hz, self.played)
        return layers.around_every(self.every) if self.is_fit else layers.every(self.every)

    def prior(self, layers: Layers) -> Tensor:
        """As calibration learnt it from training notes, or the musical one."""
        return self.model.encoder.prior(layers, self.model.clip.nyquist_hz)

    def play(self, log_gains: Tensor, rows: Tensor) -> Tensor:
        """(R, F / every, P) log gains on some clips -> their audio, room included."""
        f0_hz = self.f0_hz[rows]
        gains = interpolate_frames(log_gains, self.every, f0_hz.shape[1])
        played = [{name: values[rows] for name, values in own.items()} for own in self.played]
        noise = None if self.white_noise is None else self.white_noise[rows]
        return self.model.synth.play(f0_hz, parts_scaled(played, gains), noise)
