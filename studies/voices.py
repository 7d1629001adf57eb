"""Voices: trained models that fit into a small file, some of which come with the package and go by name."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from studies.figure import Figure, figure_from_json

FOLDER = Path(__file__).parents[1] / "voices"
SUFFIX = ".timbre"
DEFAULT = "orchestra"
"""The voice that is meant where none is named."""

HEAD = "voice.json"
"""The entry of the file that says everything but numbers; each tensor is another, NAME.npy."""

FORMAT = 2
"""1 said nothing of how notes are played, and not its number."""

LARGEST_HEAD_BYTES = 1 << 20


class VoiceCard(NamedTuple):
    """What a voice says of itself.

    Attributes:
        what: it plays, in one line
        data: it was trained on
        licence: of its weights
        sample_rate: in Hz
        steps: it was trained for
        presets: instruments that its residual can be set to
        n_bytes: size of its file
        examined: figures of its examination, none where nobody says
    """

    what: str
    data: str
    licence: str
    sample_rate: int
    steps: int
    presets: list[str]
    n_bytes: int
    examined: Sequence[Figure] = ()


def voice_names() -> list[str]:
    """Names of the voices that come with the package, the default first."""
    names = sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))
    return sorted(names, key=lambda name: name != DEFAULT)


def voice_file(name: str) -> Path | None:
    """The file of a voice that comes with the package; None where none has that name."""
    return FOLDER / f"{name}{SUFFIX}" if name in voice_names() else None


def is_voice(path: Path) -> bool:
    """Whether a file is a voice; False where it cannot be read."""
    try:
        with ZipFile(path) as archive:
            return HEAD in archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def head_of(path: Path) -> dict[str, Any]:
    """What a voice's file says beside its numbers.

    Raises:
        ValueError: it is damaged, or no voice
    """
    try:
        with ZipFile(path) as archive:
            if archive.getinfo(HEAD).file_size > LARGEST_HEAD_BYTES:
                raise ValueError("too large")
            head = json.loads(archive.read(HEAD))
    except (BadZipFile, KeyError, ValueError, NotImplementedError, RecursionError, EOFError) as error:
        raise ValueError(f"{path} is not a voice that can be read: copy it again.") from error
    if not isinstance(head, dict):
        raise ValueError(f"{path} is not a voice that can be read: copy it again.")
    if not isinstance(form := head.get("format", 1), int) or form > FORMAT:
        raise ValueError(f"{path} is a voice of a newer InterpretSynth than this one: update the program.")
    return head


def card_of(path: Path) -> VoiceCard:
    """What a voice says of itself.

    Raises:
        ValueError: its file is damaged, or says less than all of it
    """
    head = head_of(path)
    try:
        said: Mapping[str, Any] = head["card"]
        words = [str(said[key]) for key in ("what", "data", "licence")]
        rate, steps = int(head["hyper_parameters"]["clip"]["sample_rate"]), int(head["global_step"])
        presets = [str(name) for name in head["presets"]]
        examined = [figure_from_json(each, int(each["n"]), int(each["of"])) for each in said.get("examined", [])]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not say what voice it is: write it again with timbre pack.") from error
    return VoiceCard(words[0], words[1], words[2], rate, steps, presets, path.stat().st_size, examined)
