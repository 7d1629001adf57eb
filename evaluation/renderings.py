"""The ways in which a model plays its knobs: as the decoder does, or corrected until they are met."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact
from lightning_modules.live import Live
from studies.figure import OPEN

RenderingName = Literal["open", "exact", "live"]
LIVE: Final = "live"
RENDERINGS: tuple[RenderingName, ...] = (OPEN, "exact", LIVE)

PutTogether = Callable[[Tensor, Encoding, Tensor, Tensor], Rendering]
"""(B, F) pitch, encoding, (B, F / judged_every) what sounds and (B, C) which controls are turned -> sound."""


class Way(NamedTuple):
    """One way: its name, how it renders where a note's mean counts, and where every frame of a curve does."""

    name: str
    put_together: PutTogether
    follow: PutTogether


def ways_of(model: TimbreAutoencoder, chosen: Sequence[str] = RENDERINGS) -> tuple[list[Way], list[str]]:
    """The chosen ways that a model has, the open one first, and a sentence on each that it has not.

    Args:
        model: in eval mode
        chosen: names among `RENDERINGS`
    """
    ways, remarks = [_open(model)], []
    for name, make in (("exact", _exact), (LIVE, _live)):
        if name not in chosen:
            continue
        try:
            ways.append(make(model))
        except ValueError as error:
            remarks.append(f"Not examined: the {name} rendering. {error}")
    return ways, remarks


def _open(model: TimbreAutoencoder) -> Way:
    def put_together(f0_hz: Tensor, encoding: Encoding, sounding: Tensor, turned: Tensor) -> Rendering:
        return model.put_together(f0_hz, encoding)

    return Way(OPEN, put_together, put_together)


def _exact(model: TimbreAutoencoder) -> Way:
    exact = Exact(_with_knobs(model))
    return Way("exact", exact, exact.follow)


def _live(model: TimbreAutoencoder) -> Way:
    live = Live(_with_knobs(model))
    return Way(LIVE, live, live)


def _with_knobs(model: TimbreAutoencoder) -> TimbreAutoencoder:
    if not model.encoder.knobs:
        raise ValueError("The model has no knobs that could be met.")
    return model


def turned_controls(model: TimbreAutoencoder, knobs: Sequence[str]) -> Tensor:
    """A knob for each of n sounds, "" for none -> (n, C) which of the controls is turned."""
    names = model.encoder.controls
    return torch.tensor([[name == knob for name in names] for knob in knobs], device=model.device)


@contextmanager
def same_noise(device: torch.device, seed: int = 0) -> Iterator[None]:
    """The same noise at every test; the caller's random numbers are not touched."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Operations on a few frames are not shared out: threads that wait for each other cost more than they save."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
