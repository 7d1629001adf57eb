"""Files of configs/ and sweeps/, which come with the package: they are found from any folder."""

from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("configs", "sweeps")


DEFAULT_VOICE = "orchestra"


def shipped_voice() -> str | None:
    """The name of the voice to begin with; None where the package brings none."""
    return DEFAULT_VOICE if (ROOT / "voices" / f"{DEFAULT_VOICE}.timbre").is_file() else None


def with_shipped(args: Sequence[str]) -> list[str]:
    """Arguments, those that name such a file replaced by its place where nothing of that name is in the current folder.

    The value of `--option=value` is looked at too.
    """
    return [_with_place(word) for word in args]


def _with_place(word: str) -> str:
    option, equals, value = word.rpartition("=")
    path = Path(value)
    if path.parts[:1] and path.parts[0] in FOLDERS and not path.exists() and (ROOT / path).is_file():
        return f"{option}{equals}{ROOT / path}"
    return word
