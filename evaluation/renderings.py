"""The ways in which a model's knobs are made sound: as the decoder plays them, and so that they are met."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact, obstacle_of
from studies.figure import OPEN

RenderingName = Literal["open", "exact"]
RENDERINGS: tuple[RenderingName, ...] = (OPEN, "exact")

PutTogether = Callable[[Tensor, Encoding, Tensor, Tensor], Rendering]
"""(B, F) pitch, encoding, (B, F / judged_every) what sounds and (B, C) which controls are turned -> sound."""


class Way(NamedTuple):
    """One way: its name, how it renders where a note's mean counts, and where every frame of a curve does."""

    name: str
    put_together: PutTogether
    follow: PutTogether


def ways_of(model: TimbreAutoencoder, chosen: Sequence[str] = RENDERINGS) -> list[Way]:
    """The chosen ways that a model has, the open one first; `why_open_only` says why there is no other.

    Args:
        model: in eval mode
        chosen: names among `RENDERINGS`
    """
    ways = [_open(model)]
    if "exact" in chosen and not why_open_only(model):
        exact = Exact(model)
        ways.append(Way("exact", exact, exact.follow))
    return ways


def why_open_only(model: TimbreAutoencoder) -> str:
    """A sentence on why a model has the open rendering only; empty if it has the others."""
    if not model.encoder.knobs:
        return "Only the open rendering was examined: there are no knobs to meet."
    obstacle = obstacle_of(model)
    return f"Only the open rendering was examined: {obstacle}." if obstacle else ""


def turned_control(model: TimbreAutoencoder, n: int, knob: str = "") -> Tensor:
    """(n, C) which of the controls is turned: one knob, or with "" none."""
    turned = torch.tensor([name == knob for name in model.encoder.controls], device=model.device)
    return turned.expand(n, -1)


@contextmanager
def same_noise(device: torch.device) -> Iterator[None]:
    """The same noise at every test; the caller's random numbers are not touched."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(0)
        yield


def _open(model: TimbreAutoencoder) -> Way:
    def put_together(f0_hz: Tensor, encoding: Encoding, sounding: Tensor, turned: Tensor) -> Rendering:
        return model.put_together(f0_hz, encoding)

    return Way(OPEN, put_together, put_together)
