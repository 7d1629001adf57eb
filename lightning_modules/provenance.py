"""What made a checkpoint: versions, commit and pitch tracker."""

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_warn


@cache
def provenance() -> dict[str, str]:
    """Version of the package and commit of the code that is running ("unknown" outside a checkout)."""
    return {"version": version("interpretsynth"), "git": _git_hash()}


def _git_hash() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        result = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return result.stdout.strip() or "unknown"


def refuse_other_tracker(trained: str | None, given: str | None) -> None:
    """Raise ValueError when a model would meet a pitch tracker that it was not trained with.

    Another version of the same tracker is remarked on: it hears nearly the same.
    """
    if trained is None or given is None or trained == given:
        return
    (kind, version_), (given_kind, given_version) = (f"{identity} -".split()[:2] for identity in (trained, given))
    if kind == given_kind and version_ != given_version:
        rank_zero_warn(f"This model was trained on pitch from '{trained}', and now hears that of '{given}'.")
        return
    raise ValueError(
        f"this model was trained on pitch from '{trained}', but the data's tracker is '{given}': "
        "set data.tracker to the former."
    )
