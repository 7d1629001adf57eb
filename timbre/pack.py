"""`timbre pack`: a trained run as a voice, one small file that goes anywhere."""

import argparse
from pathlib import Path

from output.whole_files import refuse_no_place
from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import RunFolder, checkpoint_in
from studies.voice_figures import figures_of
from studies.voices import SUFFIX, card_of
from timbre.help_text import HelpText
from timbre.knob_report import wrapped
from timbre.prepared_data import prepared_data
from timbre.start import with_run_folder

EXAMPLE = """examples:
  timbre pack runs/mine mine.timbre --what "my flute" --licence "CC BY 4.0"
  timbre render mine.timbre in.wav out.wav"""


def run(verb: str, args: list[str]) -> None:
    """Write one voice."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Write the best checkpoint of a run as a voice: weights of 16 bits, without what training alone "
        "needs. Nothing in such a file is run when it is loaded. Where the run's prepared sounds are at hand, what "
        "models know of them is measured again, and every folder that training sounds come from becomes a preset, with "
        "the envelopes of its notes.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument("run", type=Path, help="the folder of a run")
    parser.add_argument("output", type=Path, help=f"the {SUFFIX} file to write")
    parser.add_argument("--what", default="", help="what it plays, in one line; by default the run's name")
    parser.add_argument("--data", default="", help="what it was trained on")
    parser.add_argument("--licence", default="not said", help="of the weights, such as MIT")
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best", help="which one of the run's")
    parser.add_argument(
        "--examined", type=Path, metavar="RUN", help="a tested run that the voice's figures are of (default: the run)"
    )
    given = parser.parse_args(args)
    _refuse_what_is_wrong(given)
    _pack(given)


def _refuse_what_is_wrong(given: argparse.Namespace) -> None:
    if given.output.suffix != SUFFIX:
        raise ValueError(f"{given.output} ends in '{given.output.suffix}': write {SUFFIX}.")
    refuse_no_place(given.output)
    with_run_folder([str(given.run)])
    refuse_no_checkpoint(_checkpoint(given))
    if given.examined is None and RunFolder(given.run).metrics.is_file() and given.checkpoint == "best":
        given.examined = given.run
    given.figures = figures_of(given.examined) if given.examined else []


def _checkpoint(given: argparse.Namespace) -> Path:
    return RunFolder(given.run).last if given.checkpoint == "last" else checkpoint_in(given.run)


def _pack(given: argparse.Namespace) -> None:
    from lightning_modules.checkpoint import load_model, read_checkpoint
    from lightning_modules.presets import learn_presets
    from lightning_modules.voice_file import write_voice
    from timbre.playable import playing_of

    path = _checkpoint(given)
    checkpoint, model = read_checkpoint(path), load_model(path)
    data, presets, played = prepared_data(given.run), {}, {}
    if data is None:
        print("The run's prepared sounds are not at hand: no presets, and what was measured of them is kept.")
    else:
        model.encoder.calibrate((clips.audio, clips.f0_hz) for clips in data.clips_for_ranges())
        presets = learn_presets(model, data.clips_for_ranges(n_batches=len(data.datasets["train"])))  # type: ignore[arg-type]
        played = playing_of(model, data)
    name = given.run.resolve().name
    card = {"what": given.what or name, "data": given.data or "not said", "licence": given.licence}
    card |= {"examined": given.figures}
    write_voice(given.output, checkpoint, model, presets, card, played)
    said = card_of(given.output)
    print(f"{given.output}: {said.n_bytes / 1e6:.2f} MB, {said.steps} steps at {said.sample_rate} Hz")
    if said.presets:
        print(*wrapped(f"presets: {', '.join(said.presets)}"), sep="\n")
    if played.get("envelopes"):
        print(*wrapped(f"envelopes: {', '.join(bank['name'] for bank in played['envelopes'])}"), sep="\n")
