"""Does each code say one thing, and does the residual keep quiet about the knobs: metrics of arrays, no audio.

They take it that the factors vary independently. Measured descriptors do not, and so even perfect codes score below 1:
compare models on the same notes, not a figure with 1.
"""

from evaluation.disentanglement.dci import DCI, measure_dci
from evaluation.disentanglement.figures import disentanglement
from evaluation.disentanglement.leakage import Explained, Leakage, measure_leakage
from evaluation.disentanglement.mutual_information import (
    modularity,
    mutual_information,
    mutual_information_gap,
)
from evaluation.disentanglement.sap import separated_attribute_predictability

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
