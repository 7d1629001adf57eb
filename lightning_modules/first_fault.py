"""Where training stopped being numbers: noted in every step, without waiting for the device."""

from collections.abc import Mapping

import torch
from torch import Tensor

NEVER = 1 << 62


class NotFinite(ValueError):
    """Training met infinity, or something that is not a number."""


class FirstFault:
    """The first step in which each term was not finite; where it is computed, it stays until somebody asks."""

    def __init__(self) -> None:
        self._terms: list[str] = []
        self._first: Tensor | None = None

    def note(self, step: int, terms: Mapping[str, Tensor]) -> None:
        """Look at the () terms of a step, always the same ones."""
        finite = torch.isfinite(torch.stack([value.detach() for value in terms.values()]))
        now = torch.where(finite, NEVER, step)
        self._terms = [*terms]
        self._first = now if self._first is None else torch.minimum(self._first, now)

    def first(self) -> tuple[int, str]:
        """The first such step and its term; `NEVER` and "" if all were finite. Waits for the device."""
        if self._first is None:
            return NEVER, ""
        steps = self._first.tolist()
        step = min(steps)
        return step, "" if step == NEVER else self._terms[steps.index(step)]

    def sentence(self) -> str:
        """Which term and which step came first; "" if all were finite. Waits for the device."""
        step, term = self.first()
        return f"in step {step} of training, the term {term} was not finite" if term else ""


def first_of_all(step: int, sentence: str) -> str:
    """What the process that met its fault first has to say, in every process the same; "" if none has. Waits for all.

    A gradient that is no number is no number in all processes: those that met it later would name another step.
    """
    said: list[tuple[int, str]] = [(NEVER, "")] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(said, (step if sentence else NEVER, sentence))
    return min(said)[1]


def weights_sentence(step: int, state: Mapping[str, Tensor]) -> str:
    """The first of some weights that holds infinity or no number; "" if none does."""
    damaged = next((name for name, value in state.items() if not bool(torch.isfinite(value).all())), None)
    return "" if damaged is None else f"after step {step} of training, the weights {damaged} were not finite"
