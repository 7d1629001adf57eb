"""`timbre export`: a model as a page to play, or as one file for another host."""

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from output.extras import require_alone
from output.whole_files import refuse_no_place
from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import checkpoint_in
from studies.voices import is_voice
from timbre.help_text import HelpText
from timbre.knob_report import wrapped
from timbre.named_model import MODEL, refuse_wrong_model

if TYPE_CHECKING:  # torch takes seconds, and what is plainly wrong is told before
    from instrument.onnx_export import Shapes

EXAMPLE = """example:
  timbre export runs/flute flute.html
  timbre export runs/flute flute.onnx
  timbre export runs/flute flute.onnx --exact --block_frames 2
  timbre export orchestra violin.ts --preset violin
  timbre export orchestra violin.nm --preset violin --knobs sharpness,noisiness

The .html file is an instrument: open it in a browser and play. The .json file
holds the same graphs and knobs for other programs (docs/instrument.md).

Of an .onnx file: the sound comes the printed latency after pitch and knobs; a
host's own buffer comes on top. Every memory is an input and, as NAME_next, an
output: hand each block's back with the next. The file's metadata says all a
host needs.

The .ts file is for nn~ in Max and Pure Data, the .nm file for Neutone FX: both
follow a sound, .ts can be told pitch and knobs instead. Their knobs are open:
what the decoder plays is not corrected."""


SUFFIXES = (".html", ".onnx", ".json", ".ts", ".nm")
HOSTED = (".ts", ".nm")


def run(verb: str, args: list[str]) -> None:
    """Export one model."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Write a model as one file that plays: .html is a page with keys and knobs, .onnx renders block by "
        "block in any host (it is tried beside the model before it gets its name), .ts is for nn~ in Max and Pure "
        "Data, .nm for Neutone FX, .json for other programs.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument("checkpoint", type=Path, help=MODEL)
    parser.add_argument("output", type=Path, help="the .html, .onnx, .ts, .nm or .json file to write")
    parser.add_argument("--block_frames", type=int, default=1, help="control frames per block of an .onnx file")
    parser.add_argument(
        "--exact",
        action="store_true",
        help="in an .onnx file, change what the decoder plays until its knobs read what is asked: no later, but more "
        "work; a page does so by itself",
    )
    parser.add_argument("--preset", metavar="NAME", help="in a .ts or .nm file, the instrument that it begins with")
    parser.add_argument(
        "--knobs", metavar="A,B,C,D", type=_names, default=[], help="in a .nm file, the four knobs (default: the first)"
    )
    given = parser.parse_args(args)
    _refuse_what_is_wrong(given)
    if given.output.suffix.lower() in HOSTED:
        from timbre.export_hosted import export_hosted

        export_hosted(given.checkpoint, given.output, given.preset, given.knobs)
    elif given.output.suffix.lower() == ".onnx":
        _export(given.checkpoint, given.output, given.block_frames, given.exact)
    else:
        _export_page(given.checkpoint, given.output)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _refuse_what_is_wrong(given: argparse.Namespace) -> None:
    suffix = given.output.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{given.output} ends in '{given.output.suffix}': write .html, .onnx, .json, .ts or .nm.")
    refuse_no_place(given.output)
    if given.block_frames < 1:
        raise ValueError(f"--block_frames {given.block_frames}: a block has at least 1.")
    if given.exact and suffix in HOSTED:
        raise ValueError(f"--exact: the knobs of a {suffix} file are open: leave it out, or write .html or .onnx.")
    if given.preset is not None and suffix not in HOSTED:
        raise ValueError(f"--preset is for .ts and .nm: a {suffix} file has all presets, or takes any residual.")
    if given.knobs and suffix != ".nm":
        raise ValueError(f"--knobs is for .nm: a {suffix} file has all knobs.")
    if suffix == ".nm":
        require_alone("neutone_sdk")
    if is_voice(checkpoint_in(given.checkpoint)):
        refuse_wrong_model(given)  # a run's presets are found in its data
    else:
        refuse_no_checkpoint(given.checkpoint)


def _export(checkpoint: Path, output: Path, block_frames: int, exact: bool) -> None:
    from instrument.instrument import Instrument, strayed_from
    from instrument.onnx_export import TOLERANCE, export_onnx, median_block_s, require_onnx
    from lightning_modules.checkpoint import load_model
    from lightning_modules.exact import obstacle_of

    require_onnx()
    path = checkpoint_in(checkpoint)
    model = load_model(path)
    instrument = Instrument(model)
    strayed = strayed_from(model, instrument)
    if not strayed <= TOLERANCE:
        names = ", ".join(type(module).__name__ for module in (*model.synth.parts, *model.synth.effects))
        raise ValueError(
            f"played block by block the model differs from itself by {strayed:.1e}: mend streaming() of one of {names}."
        )
    if exact:
        if obstacle := obstacle_of(model):
            raise ValueError(f"{obstacle}: export it without --exact.")
        instrument = Instrument(model, exact=True)
    exported = export_onnx(instrument, output, block_frames)
    clip = instrument.clip
    block_s, spent_s = block_frames * clip.hop / clip.sample_rate, median_block_s(output)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB, blocks of {1e3 * block_s:.1f} ms at {clip.sample_rate} Hz")
    states = {name: shape for name, shape in exported.inputs.items() if f"{name}_next" in exported.outputs}
    print(*wrapped(f"in       {_listed(exported.inputs, states)}"), sep="\n")
    print(*wrapped(f"out      {_listed(exported.outputs, [f'{name}_next' for name in states])}"), sep="\n")
    print(*wrapped(f"state    {_listed(states)}: in, and out as NAME_next"), sep="\n")
    print(f"  latency  {1e3 * instrument.latency_s:.1f} ms ({instrument.latency_frames} frames)")
    if exact:
        deaf = [knob.name for knob in instrument.knobs if knob.name not in instrument.knobs_met]
        print(f"  met      {', '.join(instrument.knobs_met)}")
        if deaf:
            print(f"  open     {', '.join(deaf)}: as the decoder plays")
    print(f"  differs from the model by {exported.difference:.1e} at most")
    print(f"  {1e3 * spent_s:.2f} ms per block on one thread: {spent_s / block_s:.3f} of real time")


def _export_page(checkpoint: Path, output: Path) -> None:
    from instrument.onnx_export import require_onnx
    from instrument.page import write_page
    from output.whole_files import write_text
    from timbre.playable import playable

    require_onnx()
    parts = playable(checkpoint, output.stem)
    if output.suffix.lower() == ".html":
        write_page(parts, output)
    else:
        write_text(output, parts.as_json())
    knobs = parts.about["knobs"]
    unread = [knob["name"] for knob in knobs if not knob["metered"]]
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB, {parts.about['sample_rate']} Hz")
    print(f"  knobs    {', '.join(knob['name'] for knob in knobs)}")
    if parts.about.get("presets"):
        print(*wrapped(f"presets  {', '.join(preset['name'] for preset in parts.about['presets'])}"), sep="\n")
    if unread:
        print(f"  no meter {', '.join(unread)}: only sound can tell")


def _listed(shapes: "Shapes", without: Collection[str] = ()) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items() if name not in without)
