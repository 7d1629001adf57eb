"""Encoders: audio to controls and residual. The families differ here and nowhere else."""

from lightning_modules.encoders.adversarial import AdversarialEncoder, CriticRecipe, FrameCritic
from lightning_modules.encoders.descriptor import DescriptorEncoder
from lightning_modules.encoders.disentangled import DisentangledEncoder
from lightning_modules.encoders.encoder import DEFAULT_KNOBS, Encoder, Encoding, Term
from lightning_modules.encoders.note_partials import NotePartials, PartialsRecipe
from lightning_modules.encoders.published import PublishedCritic, PublishedResidual
from lightning_modules.encoders.residual import BottleneckResidual, Residual, ResidualRecipe, VariationalResidual
from lightning_modules.encoders.trunk import Trunk

__all__ = [
    "DEFAULT_KNOBS",
    "AdversarialEncoder",
    "BottleneckResidual",
    "CriticRecipe",
    "DescriptorEncoder",
    "DisentangledEncoder",
    "Encoder",
    "Encoding",
    "FrameCritic",
    "NotePartials",
    "PartialsRecipe",
    "PublishedCritic",
    "PublishedResidual",
    "Residual",
    "ResidualRecipe",
    "Term",
    "Trunk",
    "VariationalResidual",
]
