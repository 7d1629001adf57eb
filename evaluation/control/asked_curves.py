"""F-RAVE's protocol on examined notes: what is asked, how it is rendered, and what is made of the answers."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from evaluation.control.examination import ExaminationSettings, Examined
from evaluation.control.frave import FraveProtocol, System, run_protocol
from evaluation.control.target_curves import PublishedRange, curves_of, positions_of, resample_frames
from evaluation.renderings import Way, one_thread, same_noise, turned_controls
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import Encoding
from studies.figure import OPEN, Figure


class AskedCurves:
    """All requests of the protocol, drawn at once: so all passes over a batch of notes are rendered together.

    Args:
        model: that was examined, in eval mode
        examined: all notes
        settings: of the examination
    """

    def __init__(self, model: TimbreAutoencoder, examined: Examined, settings: ExaminationSettings) -> None:
        published = settings.as_published
        self.model, self.examined = model, examined
        self.protocol = FraveProtocol(published, passes=settings.passes, seed=settings.seed)
        frames = resample_frames(examined.positions.cpu().double().numpy(), self.protocol.n_frames, published)
        self.scale = PublishedRange.of(frames) if published else None
        self.curves = self._on_scale(frames)
        self.heard = resample_frames(examined.sounding.cpu().numpy(), self.protocol.n_frames) > 0.5
        self.asked: list[tuple[np.ndarray, slice]] = []
        self._run(self._note)

    @property
    def n_batches(self) -> int:
        """Batches of notes, each of which is asked in every pass."""
        return len(self.asked) // self.protocol.passes

    def follow(self, way: Way, batch: int) -> Tensor:
        """(passes, b, K, T) measured on what a way makes of all that is asked of a batch of notes."""
        requests = self.asked[batch :: self.n_batches]
        examples, passes = requests[0][1], len(requests)
        asked = np.concatenate([asked for asked, _ in requests])
        with same_noise(self.model.device, batch), one_thread():
            measured = self._measured(way, self.scale.restore(asked) if self.scale else positions_of(asked), examples)
        on_scale = self._on_scale(resample_frames(measured, self.protocol.n_frames, self.protocol.as_published))
        return torch.from_numpy(on_scale).unflatten(0, (passes, -1))

    def figures(self, followed: Sequence[Tensor], rendering: str) -> list[Figure]:
        """What was measured on every batch -> figures of one rendering; those of the open one with their floor.

        Most requests are blends of curves of the data set, whose common course is rewarded: deafness scores above 0.5.
        The floor is a deaf system's, whatever the way.
        """
        answers = iter([batch[of_pass].numpy() for of_pass in range(self.protocol.passes) for batch in followed])
        found = [figure._replace(rendering=rendering) for figure in self._run(lambda asked, examples: next(answers))]
        if rendering != OPEN:
            return found
        deaf = self._run(lambda asked, examples: self.curves[examples])
        return found + [
            figure._replace(name="frave_floor", definition="frave_score of a system that is deaf to every request.")
            for figure in deaf
            if figure.name == "frave_score"
        ]

    def _run(self, system: System) -> list[Figure]:
        knobs = self.model.encoder.knobs
        return run_protocol(system, self.curves, knobs, self.protocol, sounding=self.heard).figures()

    def _note(self, asked: np.ndarray, examples: slice) -> np.ndarray:
        """A system that only notes what it is asked."""
        self.asked.append((asked, examples))
        return asked

    def _on_scale(self, positions: np.ndarray) -> np.ndarray:
        return self.scale.normalise(positions) if self.scale else curves_of(positions)

    @torch.no_grad()
    def _measured(self, way: Way, asked: np.ndarray, examples: slice) -> np.ndarray:
        """(passes * b, K, T) positions asked of some notes -> (passes * b, K, F') positions measured on the sound."""
        examined, encoder = self.examined, self.model.encoder
        parts = (examined.encoding.controls, examined.encoding.residual, examined.f0_hz, examined.sounding)
        passes = len(asked) // len(examined.f0_hz[examples])
        controls, residual, f0_hz, sounding = (part[examples].repeat(passes, *[1] * (part.dim() - 1)) for part in parts)
        curves = resample_frames(asked, f0_hz.shape[1]).swapaxes(1, 2)
        knobs = torch.from_numpy(np.ascontiguousarray(curves)).to(controls)
        turned = Encoding(torch.cat([knobs, controls[..., knobs.shape[-1] :]], dim=-1), residual, {})
        audio = way.follow(f0_hz, turned, sounding, turned_controls(self.model, [""] * len(f0_hz))).audio
        return encoder.knob_positions(audio, f0_hz, encoder.every).transpose(1, 2).cpu().double().numpy()
