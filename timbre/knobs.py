"""`timbre knobs`: what can be turned, in which unit, over which range."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from lightning_modules.checkpoint import load_model
from output.numbers import readable
from studies.run_folder import checkpoint_in
from synths import Descriptor


def run(verb: str, args: list[str]) -> None:
    """Print the knobs of a checkpoint."""
    parser = argparse.ArgumentParser(f"timbre {verb}", description="The knobs of a model: names, units and ranges.")
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file, or the folder of a run (its best checkpoint)")
    parser.add_argument(
        "--pitch", type=float, nargs="+", default=[], metavar="HZ", help="also what training notes of a pitch reach"
    )
    given = parser.parse_args(args)
    for f0_hz in given.pitch:
        if not 0.0 < f0_hz < 20000.0:
            raise ValueError(f"--pitch {f0_hz:g} is not a pitch: give it in Hz, such as --pitch 220 440.")
    path = checkpoint_in(given.checkpoint)
    model = load_model(path)
    print(path)
    Console().print(knob_table(list(model.encoder.each_descriptor()), given.pitch))
    print(f"pitch tracker: {model.f0_tracker}")
    if given.pitch:
        print("at a pitch: the knob positions that 98 of 100 training frames near it lie between")


def knob_table(descriptors: Sequence[Descriptor], pitches_hz: Sequence[float]) -> Table:
    """A row per knob: unit, range and what it measures, or instead of that what notes of some pitches reach."""
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("knob", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for end in ("at 0", "at 1", *(f"at {f0_hz:g} Hz" for f0_hz in pitches_hz)):
        table.add_column(end, justify="right", no_wrap=True)
    if not pitches_hz:
        table.add_column("measures")
    for descriptor in descriptors:
        ends = [readable(end) for end in descriptor.span.tolist()]
        last = [reach_text(descriptor, f0_hz) for f0_hz in pitches_hz] or [descriptor.summary]
        table.add_row(descriptor.name, descriptor.unit, *ends, *last)
    return table


def reach_text(descriptor: Descriptor, f0_hz: float) -> str:
    """Lowest and highest knob position of training notes near a pitch."""
    low, high = descriptor.range.reach(torch.tensor(f0_hz))
    return f"{low:.2f}–{high:.2f}"
