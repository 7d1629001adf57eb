"""What `timbre learn` has decided, kept in the run's folder, and what comes after it."""

from typing import Any, NamedTuple

from studies.run_files import read_json, write_json
from studies.run_folder import RunFolder

FILE = "learn.json"
NOTHING = "nothing"
"""What `--from` says for new weights."""
SUFFIXES = (".onnx", ".html")
"""What a run is exported as, in order, where `timbre export` writes it."""


class LearnRequest(NamedTuple):
    """What a command asks for; None is to be chosen.

    Attributes:
        folder: of the sounds, from the root on
        minutes: for all of it
        begins_from: a voice or a run
        sample_rate: in Hz
        clip_s: length of a clip
    """

    folder: str
    minutes: float
    begins_from: str | None = None
    sample_rate: int | None = None
    clip_s: float | None = None


class KeptLearning(NamedTuple):
    """What was decided before training began.

    Attributes:
        asked: by the command
        n_steps: to train
        fit: arguments of `timbre fit`
        test: options of `timbre test`
        finished: whether all of it is done
    """

    asked: LearnRequest
    n_steps: int
    fit: list[str]
    test: list[str]
    finished: bool = False


def read_learning(run: RunFolder) -> KeptLearning | None:
    """What was kept; None where nothing was.

    Raises:
        ValueError: what is there cannot be read
    """
    path = run.path / FILE
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = read_json(path)
        asked = LearnRequest(**content["asked"])
        return KeptLearning(asked, content["n_steps"], content["fit"], content["test"], content["finished"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read ({error}): restore it, or choose another --name.") from error


def write_learning(run: RunFolder, kept: KeptLearning) -> None:
    """Keep it, whole or not at all."""
    write_json(run.path / FILE, {**kept._asdict(), "asked": kept.asked._asdict()})


def next_commands(run: RunFolder) -> list[str]:
    """What one does with it: files to open, commands to type."""
    name, place = run.path.name, run.path
    opened = {
        run.report: "hear it, see what its knobs do",
        place / f"{name}.html": "play it in a browser",
        place / f"{name}.onnx": "play it in a host",
    }
    lines = [f"  {path}\n    {said}" for path, said in opened.items() if path.is_file()]
    commands = [
        f"timbre render {place} IN.wav OUT.wav --set sharpness=0.8",
        f"timbre knobs {place} IN.wav",
        f"timbre test {place}",
    ]
    return [*lines, "Next:", *(f"  {command}" for command in commands)]
