"""Names of knobs, held against those in the configuration of a run before its model is loaded."""

import argparse
import re
from pathlib import Path
from typing import Any

import yaml

from studies.run_folder import RunFolder
from synths.descriptors.request import KnobRequest
from timbre.requests import refuse_unknown

_PLACES = ("set", "nudge")


def refuse_misnamed(given: argparse.Namespace) -> None:
    """Refuse what --set or --nudge asks of a knob that the run's configuration does not have.

    Raises:
        ValueError: there is no such knob
    """
    names = knob_names(given.checkpoint)
    asked = [(text.partition("=")[0].strip(), f"--{each} {text}") for each in _PLACES for text in getattr(given, each)]
    requests = [KnobRequest(name, 0.0, written=written) for name, written in asked]
    if names:
        refuse_unknown(requests, {}, names)


def knob_names(place: Path) -> list[str]:
    """The controls of a run by its config.yaml; empty where that does not say them all."""
    try:
        config = yaml.safe_load(RunFolder(place).config.read_text(encoding="utf-8"))
        settings = config["model"]["encoder"]["init_args"]
        return [*(_name(each) for each in settings["descriptors"]), *(settings.get("factors") or [])]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return []


def _name(descriptor: Any) -> str:
    """`synths.OddEvenBalance` -> odd_even_balance: a descriptor is named after its class."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", descriptor["class_path"].rpartition(".")[2]).lower()
