"""Family 1: the controls are measured; a residual, if there is one, is free to say the rest."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lightning_modules.encoders.encoder import DEFAULT_KNOBS, Encoder, Encoding
from lightning_modules.encoders.note_partials import HeardNotes, PartialsRecipe
from lightning_modules.encoders.residual import ResidualRecipe, build_residual
from synths import ClipFormat, Descriptor, Recipe


class DescriptorEncoder(Encoder):
    """Controls are the measured descriptors; the residual is empty, or learnt.

    Without descriptors it is a plain autoencoder, or a variational one, as its residual is.

    Args:
        clip: format of the run
        descriptors: the knobs, in order
        residual: what learns what the knobs leave unexplained; None is nothing
        partials: a note's own partials, which follow the residual's numbers and are the same in every frame
    """

    def __init__(
        self,
        clip: ClipFormat,
        descriptors: Sequence[Recipe[Descriptor]] = DEFAULT_KNOBS,
        residual: ResidualRecipe | None = None,
        partials: PartialsRecipe | None = None,
    ) -> None:
        learnt = build_residual(residual, clip) if residual else None
        added = partials(clip, len(descriptors)) if partials else None
        size = added.size if added else 0
        super().__init__(clip, descriptors, size + (learnt.size if learnt else 0), added_size=size)
        self.residual, self.partials = learnt, added

    def forward(self, audio: Tensor, f0_hz: Tensor) -> Encoding:
        """(B, N) audio, (B, F) pitch -> (B, F, C) measured controls, (B, F, D) residual, its terms."""
        controls = self.knob_positions(audio, f0_hz)
        residual, terms = controls.new_zeros(*controls.shape[:2], 0), {}
        if self.residual is not None:
            learnt, terms = self.residual(audio, f0_hz)
            residual = learnt.to(controls.dtype)
        if self.partials is not None:
            note = self.partials(audio, f0_hz, controls, self.sounding(audio, self.judged_every))
            in_frames = note.to(controls.dtype)[:, None].expand(-1, controls.shape[1], -1)
            residual = torch.cat([residual, in_frames], dim=-1)
        return Encoding(controls, residual, terms)

    def hear_notes(
        self, audio: Tensor, f0_hz: Tensor, sounding: Tensor, measured: Sequence[Tensor]
    ) -> HeardNotes | None:
        """What the prediction of a note's partials is learnt from."""
        return None if self.partials is None else self.partials.hear(audio, f0_hz, sounding, measured)

    def learn_notes(self, heard: Sequence[HeardNotes]) -> None:
        """Learn what knobs and pitch say of a note's partials."""
        if self.partials is not None:
            self.partials.learn(heard, list(self.each_descriptor()))
