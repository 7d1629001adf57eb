"""point.json: the point that a run of a sweep was given, written once: after any stop it resumes with the same."""

import time
from pathlib import Path
from typing import NamedTuple

from studies.run_files import NewerFormat, read_json, write_json
from studies.run_folder import RunFolder
from studies.sweep.axis import Value
from studies.sweep.definition import SweepFile
from studies.sweep.points import point

WAIT_S = 120.0


class KeptPoint(NamedTuple):
    """Number of the point in the sweep, values by name, and the trial's number in the study if it is one."""

    point: int
    values: dict[str, Value]
    trial: int | None = None


def keep(folder: Path, kept: KeptPoint) -> None:
    """Write point.json into a run's folder, whole or not at all."""
    write_json(RunFolder(folder).point, kept._asdict())


def read_kept(folder: Path, sweep: SweepFile) -> KeptPoint | None:
    """The point of a run's folder, None if it has none yet.

    Raises:
        ValueError: it cannot be read, or is none of the sweep's any more
    """
    path = RunFolder(folder).point
    if not path.is_file():
        return None
    try:
        content = read_json(path)
        kept = KeptPoint(int(content["point"]), dict(content["values"]), content["trial"])
    except NewerFormat:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): restore it, or remove {folder}.") from error
    if not _is_of(sweep, kept):
        raise ValueError(f"{sweep.path} no longer gives point {kept.point} as {path} has it: restore it or remove it.")
    return kept


def wait_for_kept(folder: Path, sweep: SweepFile) -> KeptPoint:
    """The point that another process of the same run is about to write.

    Raises:
        TimeoutError: it did not
    """
    started_s = time.monotonic()
    while time.monotonic() < started_s + WAIT_S:
        kept = read_kept(folder, sweep)
        if kept is not None:
            return kept
        time.sleep(0.1)
    raise TimeoutError(f"{RunFolder(folder).point} was not written by the first process within {WAIT_S:g} s.")


def _is_of(sweep: SweepFile, kept: KeptPoint) -> bool:
    """A trial's values must be possible ones; any other point's follow from its index."""
    if kept.trial is None and sweep.method != "bayes":
        return kept.values == point(sweep, kept.point)
    settings = {setting.name: setting for setting in sweep.settings}
    return settings.keys() == kept.values.keys() and all(
        settings[name].takes(value) for name, value in kept.values.items()
    )
