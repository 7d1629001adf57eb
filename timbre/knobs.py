"""`timbre knobs`: what can be turned, in which unit, and how far: by any model, or on a recording."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from instrument.reach import KnobReach, knob_reach
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.exact import obstacle_of
from output.numbers import readable
from output.pictures import save_png
from output.whole_files import refuse_no_place
from sounds.audio import header_of, read_audio
from studies.run_folder import checkpoint_in
from synths import Descriptor
from timbre.knob_picture import slider_figure
from timbre.knob_report import wrapped
from timbre.pitch_curve import given_pitch
from timbre.requests import beside_kind, spoken_unit
from timbre.tracked_pitch import tracked_pitch

_COLUMNS = "{:<24}{:<8}{:>8}{:>7}{:>9}{:>9}{:>7}{:>7}"


def run(verb: str, args: list[str]) -> None:
    """Print the knobs of a checkpoint."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="The knobs of a model: names, units and ranges. With a recording: where each knob is there, and "
        "the lowest and highest place that it reaches while the others hold, in least audible differences (JND) too.",
    )
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file, or the folder of a run (its best checkpoint)")
    parser.add_argument("input", type=Path, nargs="?", help="a sound file at any rate, one voice")
    parser.add_argument(
        "--pitch", type=float, nargs="+", default=[], metavar="HZ", help="also what training notes of a pitch reach"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="of the recording's knobs as sliders")
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="NAME",
        help="of the recording, a descriptor too that the model was not trained on, such as warmth: as render takes it",
    )
    parser.add_argument("--f0", metavar="HZ|FILE", help="the recording's pitch where it is known, as for render")
    given = parser.parse_args(args)
    _refuse_what_does_not_go_together(given)
    beside = [beside_kind(name) for name in given.also]
    if given.input is not None:
        _print_reach(given, beside)
        return
    path = checkpoint_in(given.checkpoint)
    model = load_model(path)
    print(path)
    Console().print(knob_table(list(model.encoder.each_descriptor()), given.pitch))
    print(f"pitch tracker: {model.f0_tracker}")
    if given.pitch:
        print("at a pitch: the knob positions that 98 of 100 training frames near it lie between")


def _refuse_what_does_not_go_together(given: argparse.Namespace) -> None:
    for f0_hz in given.pitch:
        if not 0.0 < f0_hz < 20000.0:
            raise ValueError(f"--pitch {f0_hz:g} is not a pitch: give it in Hz, such as --pitch 220 440.")
    if given.input is None and (given.picture or given.f0 or given.also):
        option = "--picture" if given.picture else "--f0" if given.f0 else "--also"
        raise ValueError(f"{option} goes with a recording: timbre knobs {given.checkpoint} IN.wav {option} ...")
    if given.input is not None and given.pitch:
        raise ValueError("--pitch goes without a recording, which has a pitch already: leave one of them out.")
    if given.picture is None:
        return
    if given.picture.suffix.lower() != ".png":
        raise ValueError(f"--picture {given.picture}: write a file that ends in .png.")
    refuse_no_place(given.picture)


def _print_reach(given: argparse.Namespace, beside: Sequence[type[Descriptor]]) -> None:
    """A line per knob of a recording, and the picture that is asked for."""
    header_of(str(given.input))  # before the model is loaded, which takes seconds
    model = load_model(checkpoint_in(given.checkpoint))
    if obstacle := obstacle_of(model):
        raise ValueError(f"{obstacle}: what its knobs reach is not known; leave {given.input} out.")
    for kind in beside:
        if kind.name in model.encoder.controls:
            raise ValueError(f"--also {kind.name}: it is a knob of this model: leave it out.")
    found = _reach(given, model, [kind(model.clip) for kind in beside])
    print(f"{given.input}: how far its knobs go while the others hold")
    print(*reach_lines(found), sep="\n")
    if given.picture is not None:
        save_png(slider_figure(found, given.input.name), given.picture)
        print(f"Written: {given.picture}")


def _reach(given: argparse.Namespace, model: TimbreAutoencoder, beside: Sequence[Descriptor]) -> list[KnobReach]:
    audio = read_audio(str(given.input), model.clip, channel="mix", option="")
    if given.f0 is None:
        f0_hz = tracked_pitch(audio, model, given.input)
    else:
        f0_hz = given_pitch(given.f0, len(audio), model.clip)
    return knob_reach(model, torch.from_numpy(audio), torch.from_numpy(f0_hz), beside)


def reach_lines(found: Sequence[KnobReach]) -> list[str]:
    """A line per knob below a heading, then what is to be said of all, in 80 columns."""
    heading = _COLUMNS.format("knob", "unit", "is", "at", "lowest", "highest", "JND -", "JND +")
    lines = [heading, *(_reach_line(each) for each in found)]
    deaf = [each.descriptor.name for each in found if each.lowest != each.lowest]
    lines += (
        wrapped(f"{', '.join(deaf)}: only sound tells, and how far it goes is not known before it is rendered.")
        if deaf
        else []
    )
    return [*lines, *wrapped("at: its position, for --set. JND: least audible differences down and up, for --nudge.")]


def _reach_line(each: KnobReach) -> str:
    unit = spoken_unit(each.descriptor)
    places = (each.position, each.lowest, each.highest)
    here, lowest, highest = (readable(each.reading(place) * unit.n) for place in places)
    down, up = (_steps(each.jnds(place)) for place in places[1:])
    at = f"{each.position:.2f}"
    return _COLUMNS.format(each.descriptor.name, unit.word, here, at, lowest, highest, down, up)


def _steps(jnds: float) -> str:
    return f"{jnds:+.1f}" if jnds == jnds else "–"


def knob_table(descriptors: Sequence[Descriptor], pitches_hz: Sequence[float]) -> Table:
    """A row per knob: unit, range, least audible difference and what it measures.

    With pitches, instead of what follows the range: what training notes near them reach.
    """
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("knob", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    last = [f"at {f0_hz:g} Hz" for f0_hz in pitches_hz] or ["JND", "steps"]
    for end in ("at 0", "at 1", *last):
        table.add_column(end, justify="right", no_wrap=True)
    if not pitches_hz:
        table.add_column("measures")
    for descriptor in descriptors:
        unit = spoken_unit(descriptor)
        ends = [readable(end * unit.n) for end in descriptor.span.tolist()]
        row = [reach_text(descriptor, f0_hz) for f0_hz in pitches_hz]
        table.add_row(descriptor.name, unit.word, *ends, *(row or [*_jnd_texts(descriptor), descriptor.summary]))
    return table


def _jnd_texts(descriptor: Descriptor) -> tuple[str, str]:
    """The least audible difference, and how many of them the range has."""
    if descriptor.jnd is None:
        return "–", "–"
    low, high = descriptor.span.tolist()
    return readable(descriptor.jnd * spoken_unit(descriptor).n), f"{abs(high - low) / descriptor.jnd:.0f}"


def reach_text(descriptor: Descriptor, f0_hz: float) -> str:
    """Lowest and highest knob position of training notes near a pitch."""
    low, high = descriptor.range.reach(torch.tensor(f0_hz))
    return f"{low:.2f}–{high:.2f}"
