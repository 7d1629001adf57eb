"""Family 2: controls and residual are both learnt; measured descriptors and labels tell the controls what to be."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lightning_modules.encoders.distance_correlation import squared_distance_correlation
from lightning_modules.encoders.encoder import DEFAULT_KNOBS, Encoder, Encoding, Term
from lightning_modules.encoders.residual import GaussianHead
from lightning_modules.encoders.trunk import Trunk
from synths import ClipFormat, Descriptor, Recipe
from synths.signal import interpolate_frames

MOST_FRAMES = 256
"""Frames whose dependence is judged: pairs grow with their square."""


class DisentangledEncoder(Encoder):
    """A trunk hears controls and a Gaussian residual; supervision ties the controls to descriptors and labels.

    Terms: `supervision`, the mean distance of the knobs from the measured ones where the clip sounds; `factors`, that
    of the labelled factors from their labels; `kl`, with free bits; `dependence`, the squared distance correlation of
    residual and controls (Szekely & Rizzo 2014), which is 0 in expectation only if they are independent.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
        factors: further controls, by the name of a label of the data in 0..1, such as vco_2.shape of Synth1B1
        trunk: what hears the sound
        residual_size: D
        supervision_weight: of `supervision` and `factors`
        kl_weight: price of a nat of the residual
        free_bits: nats per number and frame that cost nothing
        dependence_weight: of `dependence`

    Raises:
        ValueError: neither descriptors nor factors, or a number is out of range
    """

    def __init__(
        self,
        clip: ClipFormat,
        descriptors: Sequence[Recipe[Descriptor]] = DEFAULT_KNOBS,
        factors: Sequence[str] = (),
        trunk: Recipe[Trunk] = Trunk,
        residual_size: int = 8,
        supervision_weight: float = 4.0,
        kl_weight: float = 0.003,
        free_bits: float = 0.1,
        dependence_weight: float = 0.1,
    ) -> None:
        super().__init__(clip, descriptors, residual_size, factors)
        if not self.controls:
            raise ValueError("the disentangled encoder has neither descriptors nor factors: name at least one.")
        if residual_size < 1 or min(supervision_weight, dependence_weight) < 0.0:
            raise ValueError(
                f"model.encoder.residual_size is {residual_size}, supervision_weight {supervision_weight}, "
                f"dependence_weight {dependence_weight}: a residual of at least 1, no weight negative."
            )
        self.supervision_weight, self.dependence_weight = supervision_weight, dependence_weight
        self.trunk = trunk(clip)
        self.predict = nn.Linear(self.trunk.width, len(self.controls))
        self.head = GaussianHead(self.trunk.width, residual_size, kl_weight, free_bits)

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch -> (B, F, C) learnt controls, (B, F, D) residual, the terms in training."""
        features, n_frames = self.trunk(audio, f0_hz), f0_hz.shape[1]
        controls = interpolate_frames(0.5 + self.predict(features).float(), self.trunk.every, n_frames)
        residual, terms = self.head(features)
        residual = interpolate_frames(residual, self.trunk.every, n_frames)
        if self.training:
            terms = terms | self.teach(audio, f0_hz, controls, residual)
        return Encoding(controls, residual, terms)

    def teach(self, audio: Tensor, f0_hz: Tensor, controls: Tensor, residual: Tensor) -> dict[str, Term]:
        """The terms `supervision` and `dependence`, from every judged frame in which the clips sound."""
        every = self.judged_every
        sounding = self.sounding(audio, every).bool()
        learnt, left = controls[:, ::every][sounding], residual[:, ::every][sounding]
        terms = {}
        if self.knobs:
            measured = self.knob_positions(audio, f0_hz, every)[sounding].detach()
            distances = (learnt[:, : len(self.knobs)] - measured).abs()
            distance = distances.mean() if len(distances) else distances.sum()  # nothing to teach: all is silent
            terms["supervision"] = Term(distance, self.supervision_weight)
        some = torch.randperm(len(learnt), device=learnt.device)[:MOST_FRAMES]
        terms["dependence"] = Term(squared_distance_correlation(learnt[some], left[some]), self.dependence_weight)
        return terms

    def label_terms(self, encoding: Encoding, sounding: Tensor, labels: dict[str, Tensor]) -> dict[str, Term]:
        """The term `factors`: how far the labelled factors are from their labels.

        Raises:
            ValueError: the data has no such label, or one that is not within 0..1
        """
        if not self.factors:
            return {}
        truth = torch.stack([_label(labels, name) for name in self.factors], dim=-1)
        learnt = encoding.controls[:, :: self.judged_every, len(self.knobs) :]
        distance = (learnt - truth[:, None].to(learnt)).abs().mean(-1)
        return {"factors": Term((distance * sounding).sum() / sounding.sum().clamp_min(1.0), self.supervision_weight)}


def _label(labels: dict[str, Tensor], name: str) -> Tensor:
    if name not in labels:
        known = ", ".join(sorted(labels)) or "none"
        raise ValueError(f"model.encoder.factors names {name}, but the data's labels are {known}.")
    value = labels[name]
    if not (value.min() >= 0.0 and value.max() <= 1.0):
        raise ValueError(f"model.encoder.factors names {name}, whose labels are not within 0..1: leave it out.")
    return value
