"""`timbre knobs`: what can be turned, in which unit, and how far: by any model, or on a recording."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from output.whole_files import refuse_no_place
from sounds.audio import header_of
from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import checkpoint_in
from studies.voices import DEFAULT
from timbre.help_text import HelpText
from timbre.named_model import MODEL
from timbre.pitch_curve import refuse_no_pitch
from timbre.requests import beside_kind

if TYPE_CHECKING:  # torch takes seconds, and what is plainly wrong is told before
    from instrument.reach import KnobReach
    from lightning_modules.timbre_model import TimbreModel
    from synths import Descriptor


def run(verb: str, args: list[str]) -> None:
    """Print the knobs of a checkpoint."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        formatter_class=HelpText,
        description="The knobs of a model: names, units and ranges. With a recording: where each knob is there, and "
        "the lowest and highest place that it reaches while the others hold, in least audible differences (JND) too.",
    )
    parser.add_argument(
        "checkpoint", type=Path, nargs="?", default=Path(DEFAULT), help=f"{MODEL}; without one the voice {DEFAULT}"
    )
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
        header_of(str(given.input))
        refuse_no_pitch(given.f0)
    refuse_no_checkpoint(given.checkpoint)
    if given.input is None:
        _print_knobs(given)
    else:
        _print_reach(given, beside)


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


def _print_knobs(given: argparse.Namespace) -> None:
    """A line per knob of a model."""
    from rich.console import Console

    from lightning_modules.checkpoint import load_model
    from timbre.knob_tables import knob_table

    path = checkpoint_in(given.checkpoint)
    model = load_model(path)
    print(path)
    Console().print(knob_table(list(model.encoder.each_descriptor()), given.pitch))
    print(f"pitch tracker: {model.f0_tracker}")
    if given.pitch:
        print("at a pitch: the knob positions that 98 of 100 training frames near it lie between")


def _print_reach(given: argparse.Namespace, beside: "Sequence[type[Descriptor]]" = ()) -> None:
    """A line per knob of a recording, and the picture that is asked for."""
    from lightning_modules.checkpoint import load_model
    from lightning_modules.exact import obstacle_of
    from timbre.knob_tables import reach_lines

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
        from output.pictures import save_png
        from timbre.knob_picture import slider_figure

        save_png(slider_figure(found, given.input.name), given.picture)
        print(f"Written: {given.picture}")


def _reach(given: argparse.Namespace, model: "TimbreModel", beside: "Sequence[Descriptor]") -> "list[KnobReach]":
    import torch

    from instrument.reach import knob_reach
    from sounds.audio import read_audio
    from timbre.pitch_curve import given_pitch
    from timbre.tracked_pitch import tracked_pitch

    audio = read_audio(str(given.input), model.clip, channel="mix", option="")
    if given.f0 is None:
        f0_hz = tracked_pitch(audio, model, given.input)
    else:
        f0_hz = given_pitch(given.f0, len(audio), model.clip)
    return knob_reach(model, torch.from_numpy(audio), torch.from_numpy(f0_hz), beside)
