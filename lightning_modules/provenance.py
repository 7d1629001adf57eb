"""What made a checkpoint: versions, commit and pitch tracker."""

import re
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path


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


def remark_on_tracker(trained: str | None, given: str | None) -> str:
    """What to say when a model meets another pitch tracker than it was trained with; "" if it is the same.

    Another version of the same kind is used, and remarked upon: it hears the same, but for mended mistakes.

    Raises:
        ValueError: if it is of another kind, or has other settings
    """
    if trained is None or given is None or trained == given:
        return ""
    if _kind(trained) == _kind(given) and _version(trained) != _version(given):
        return f"this model was trained on pitch from '{trained}'; '{given}', another version of it, tells it here."
    raise ValueError(
        f"this model was trained on pitch from '{trained}', but the data's tracker is '{given}': "
        f"set data.tracker to what it was trained with, {trained}."
    )


def _kind(identity: str) -> str:
    return identity.partition(" ")[0]


def _version(identity: str) -> str:
    """What stands between the kind and the range: a tracker without a version has none."""
    return re.sub(r" [\d.]+-[\d.]+ Hz$", "", identity).partition(" ")[2]
