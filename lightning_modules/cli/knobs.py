"""`timbre knobs`: what can be turned, in which unit, over which range."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lightning_modules.checkpoint import load_model
from lightning_modules.metrics import readable


def run(verb: str, args: list[str]) -> None:
    """Print the knobs of a checkpoint."""
    parser = argparse.ArgumentParser(f"timbre {verb}", description="The knobs of a model: names, units and ranges.")
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file, or the folder of a run (its best checkpoint)")
    given = parser.parse_args(args)
    path = given.checkpoint / "checkpoints" / "best.ckpt" if given.checkpoint.is_dir() else given.checkpoint
    model = load_model(path)
    table = Table("knob", "measures", "unit", "at 0", "at 1", title=str(path))
    for descriptor in model.encoder.each_descriptor():
        low, high = descriptor.span.tolist()
        table.add_row(descriptor.name, descriptor.summary, descriptor.unit, readable(low), readable(high))
    Console().print(table)
    print(f"pitch tracker: {model.f0_tracker}")
