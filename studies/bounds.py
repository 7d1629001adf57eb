"""Between what a figure of a model stands: what a fit of its synth reaches, and what two noise seeds differ by."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from studies.figure import Figure, figure_from_json

FIT: Final = "fit"
TWO_SEEDS: Final = "two seeds"
"""Renderings of a note without a network: as a fit plays it, and the fit again with other noise, held against it."""
SHARE_DEFINITION = (
    "The network's part: of what the model loses against two noise seeds of one sound, the share that a fit of the "
    "same synth does not lose, (model - fit) / (model - two seeds) of the means over the fitted notes; 0 where the "
    "network does as well as the fit, 1 where the synth could do without any loss."
)


class Between(NamedTuple):
    """One figure over the notes that were fitted: of the model, of the fit, of two seeds, and the network's part."""

    model: Figure
    fit: Figure
    two_seeds: Figure
    share: Figure

    @property
    def name(self) -> str:
        """The figure's."""
        return self.model.name

    @property
    def as_json(self) -> dict[str, Any]:
        """As metrics.json has it."""
        return {which: figure.as_json for which, figure in self._asdict().items()}


def between_from_json(entry: Mapping[str, Any]) -> Between:
    """An entry of metrics.json -> its figures.

    Raises:
        KeyError, TypeError, ValueError: the entry is none of them
    """
    each = (entry[which] for which in Between._fields)
    return Between(*(figure_from_json(figure, int(figure["n"]), int(figure["of"])) for figure in each))
