"""A sound or a folder of them, described: table, JSON, picture."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from rich.console import Console
from torch import Tensor
from tqdm import tqdm

from datamodules.preparation.report import printable
from lightning_modules.encoders import DEFAULT_KNOBS
from output.whole_files import write_text
from sounds.audio import Channel
from sounds.headers import UnusableAudio
from synths import ClipFormat, Descriptor
from synths.descriptors.describe import Description, describe, kinds_named
from timbre.describe.files import sound_files
from timbre.describe.sounds import DescribedSound, pitch_source, read_sound
from timbre.describe.tables import as_json, json_text, many_sounds_table, one_sound_table


class Described(NamedTuple):
    """What is kept of a sound: all but its audio, of which a folder may have more than memory holds."""

    description: Description
    f0_hz: Tensor | None
    n_channels: int
    clip: ClipFormat


def describe_all(given: argparse.Namespace) -> None:
    """Do what the options of the command ask.

    Raises:
        ValueError: no such descriptor, or none of the sounds can be used
    """
    kinds = kinds_named(None if given.only is None else [name.strip() for name in given.only.split(",")])
    torch.set_num_threads(1)  # spectra of notes are small: more threads are no faster, and far slower on a busy machine
    # A table in a file is not cut to a terminal's width.
    width = None if sys.stdout.isatty() else 120
    console = Console(quiet=str(given.json) == "-", width=width, markup=False, highlight=False, soft_wrap=True)
    (_describe_folder if given.input.is_dir() else _describe_file)(given, kinds, console)


def _describe_file(given: argparse.Namespace, kinds: list[type[Descriptor]], console: Console) -> None:
    sound, described = _described(given.input, given, kinds)
    name = printable(given.input.name)
    if given.plot:
        _plot(given.plot, name, sound, described.description, kinds)
    _write_json({name: described}, given.json)
    pitch = "" if sound.f0_hz is None else f", pitch {sound.f0_hz.median():.1f} Hz ({pitch_source(given.f0)})"
    console.print(f"{name}: {len(sound.audio) / sound.clip.sample_rate:.2f} s at {sound.clip.sample_rate} Hz{pitch}")
    _remark([described], given, console)
    console.print(one_sound_table(described.description, kinds))
    _name_written(given, console)


def _describe_folder(given: argparse.Namespace, kinds: list[type[Descriptor]], console: Console) -> None:
    paths = sound_files(given.input)
    described, problems = {}, []
    for path in tqdm(paths, "describing", unit="file", leave=False, disable=None):
        try:
            described[path.relative_to(given.input).as_posix()] = _described(path, given, kinds)[1]
        except UnusableAudio as error:
            problems.append(str(error))
        except Exception as error:  # one bad file never costs the results of the others
            problems.append(f"{path} cannot be described ({type(error).__name__}: {error}).")
    for problem in problems:
        print(printable(problem), file=sys.stderr)
    if not described:
        raise ValueError(f"none of the {len(paths)} sound files in {given.input} can be used.")
    _write_json(described, given.json)
    _remark(list(described.values()), given, console)
    shown = kinds if given.only else [kind for kind in kinds if kind in DEFAULT_KNOBS]
    console.print(many_sounds_table({printable(name): one.description for name, one in described.items()}, shown))
    refused = f"; {len(problems)} cannot be used, for the reasons above" if problems else ""
    console.print(f"{len(described)} of {len(paths)} sounds described{refused}. Pitch: {pitch_source(given.f0)}.")
    _name_written(given, console)


def _remark(described: Sequence[Described], given: argparse.Namespace, console: Console) -> None:
    """Say what the numbers rest on: calibration, and sounds that were mixed or have no pitch."""
    console.print(f"A signal of rms 1.0 is taken as {given.full_scale_db_spl:g} dB SPL (--full-scale-db-spl).")
    n_mixed = sum(one.n_channels > 1 for one in described) if given.channel == "mix" else 0
    if n_mixed:
        console.print(f"Several channels{_of(n_mixed, described)}: their mean is described (--channel 0: the first).")
    n_unpitched = sum(one.f0_hz is None for one in described)
    if n_unpitched:
        console.print(f"No clear pitch{_of(n_unpitched, described)}: what needs one is – (--f0 HZ gives it).")


def _of(count: int, described: Sequence[Described]) -> str:
    return f" in {count} of {len(described)}" if len(described) > 1 else ""


def _described(
    path: Path, given: argparse.Namespace, kinds: list[type[Descriptor]]
) -> tuple[DescribedSound, Described]:
    channel: Channel = "mix" if given.channel == "mix" else int(given.channel)
    sound = read_sound(path, channel, given.f0, given.full_scale_db_spl)
    return sound, Described(describe(sound.audio, sound.f0_hz, sound.clip, kinds), *sound[1:])


def _plot(
    path: Path, title: str, sound: DescribedSound, description: Description, kinds: list[type[Descriptor]]
) -> None:
    # Imported only now: matplotlib takes a second that a table need not wait for.
    from output.pictures import save_png
    from timbre.describe.figure import description_figure

    save_png(description_figure(description, sound.audio, sound.clip, kinds, title), path)


def _write_json(described: Mapping[str, Described], path: Path | None) -> None:
    if path is None:
        return
    text = json_text({name: as_json(one.description, one.f0_hz, one.clip) for name, one in described.items()})
    if str(path) == "-":
        print(text, end="")
        return
    write_text(path, text)


def _name_written(given: argparse.Namespace, console: Console) -> None:
    if given.plot:
        console.print(f"{given.plot}: the sound and its descriptors over time")
    if given.json:
        console.print(f"{given.json}: all numbers and frames")
