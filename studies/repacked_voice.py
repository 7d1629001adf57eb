"""A voice with other words on its card, such as the figures of another test; its numbers stay bit for bit the same."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from output.whole_files import written_whole
from studies.run_files import read_json
from studies.run_folder import RunFolder
from studies.voices import HEAD, card_of, head_of


def repack(path: Path, output: Path, card: Mapping[str, Any]) -> None:
    """Write a voice once more, whole or not at all; every entry but the words is copied.

    Args:
        path: of the voice
        output: the file to write, which may be the same
        card: what is to be said otherwise: what, data, licence, examined

    Raises:
        OSError: it cannot be written
        ValueError: it is damaged, or no voice
    """
    head = head_of(path)
    head["card"] = {**head.get("card", {}), **card}
    try:
        with ZipFile(path) as before:
            contents = {name: before.read(name) for name in before.namelist()}
    except (BadZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(f"{path} is not a voice that can be read: copy it again.") from error
    contents[HEAD] = json.dumps(head, indent=1).encode()
    with written_whole(output) as partial, ZipFile(partial, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def refuse_test_of_other(path: Path, folder: Path) -> None:
    """Raise ValueError where the test in a run's folder was of weights of another number of steps than a voice's."""
    facts, steps = read_json(RunFolder(folder).metrics).get("facts", {}), card_of(path).steps
    if facts.get("steps", steps) != steps:
        raise ValueError(
            f"{folder} is a test of weights of {facts['steps']} steps, and {path.stem} has {steps}: name a test of "
            f"this voice (timbre test -c EXPERIMENT --ckpt_path {path.stem} --name NAME)."
        )
