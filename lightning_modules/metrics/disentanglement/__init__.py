"""Does each code say one thing, and does the residual keep quiet about the knobs: metrics of arrays, no audio.

They take it that the factors vary independently. Measured descriptors do not, and so even perfect codes score below 1:
compare models on the same notes, not a figure with 1.
"""

from lightning_modules.metrics.disentanglement.dci import DCI, measure_dci
from lightning_modules.metrics.disentanglement.figures import disentanglement
from lightning_modules.metrics.disentanglement.leakage import Explained, Leakage, measure_leakage
from lightning_modules.metrics.disentanglement.mutual_information import (
    modularity,
    mutual_information,
    mutual_information_gap,
)
from lightning_modules.metrics.disentanglement.sap import separated_attribute_predictability

__all__ = [
    "DCI",
    "Explained",
    "Leakage",
    "disentanglement",
    "measure_dci",
    "measure_leakage",
    "modularity",
    "mutual_information",
    "mutual_information_gap",
    "separated_attribute_predictability",
]
