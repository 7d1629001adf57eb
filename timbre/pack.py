"""`timbre pack`: a trained run as a voice, one small file that goes anywhere; or a voice with other words on it."""

import argparse
from pathlib import Path

from output.whole_files import refuse_no_place
from studies.checkpoint_file import refuse_no_checkpoint
from studies.repacked_voice import refuse_test_of_other, repack
from studies.run_folder import RunFolder, checkpoint_in
from studies.voice_figures import figures_of
from studies.voices import SUFFIX, VoiceCard, card_of, is_voice
from timbre.help_text import HelpText
from timbre.knob_report import wrapped
from timbre.prepared_data import prepared_data
from timbre.start import with_run_folder

EXAMPLE = """examples:
  timbre pack runs/mine mine.timbre --what "my flute" --licence "CC BY 4.0"
  timbre render mine.timbre in.wav out.wav
  timbre pack mine.timbre new.timbre --examined runs/examined"""
WORDS = {"what": "", "data": "not said", "licence": "not said"}
"""What a voice says of itself where nobody says more."""


def run(verb: str, args: list[str]) -> None:
    """Write one voice."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Write the best checkpoint of a run as a voice: weights of 16 bits, without what training alone "
        "needs. Nothing in such a file is run when it is loaded. Where the run's prepared sounds are at hand, what "
        "models know of them is measured again, and every folder that training sounds come from becomes a preset, with "
        "the envelopes of its notes. Of a voice, other words and figures are written beside the same numbers.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument("run", type=Path, help="the folder of a run; or a voice, of which words are to change")
    parser.add_argument("output", type=Path, help=f"the {SUFFIX} file to write")
    parser.add_argument("--what", help="what it plays, in one line; by default the run's name")
    parser.add_argument("--data", help="what it was trained on")
    parser.add_argument("--licence", help="of the weights, such as MIT")
    parser.add_argument("--checkpoint", choices=("best", "last"), help="which one of the run's (default: best)")
    parser.add_argument(
        "--examined", type=Path, metavar="RUN", help="a tested run that the voice's figures are of (default: the run)"
    )
    given = parser.parse_args(args)
    if given.output.suffix != SUFFIX:
        raise ValueError(f"{given.output} ends in '{given.output.suffix}': write {SUFFIX}.")
    refuse_no_place(given.output)
    voice = checkpoint_in(given.run)
    if voice.is_file() and is_voice(voice):
        _repack(voice, given)
    else:
        _refuse_what_is_wrong(given)
        _pack(given)
    _say(card_of(given.output), given.output)


def _repack(voice: Path, given: argparse.Namespace) -> None:
    card = {key: getattr(given, key) for key in WORDS if getattr(given, key) is not None}
    if given.examined is not None:
        card["examined"] = figures_of(given.examined)
        refuse_test_of_other(voice, given.examined)
    if not card or given.checkpoint is not None:
        raise ValueError(
            f"{given.run} is a voice already: say what is to be another, --examined RUN, --what, --data or --licence."
        )
    repack(voice, given.output, card)


def _refuse_what_is_wrong(given: argparse.Namespace) -> None:
    with_run_folder([str(given.run)])
    refuse_no_checkpoint(_checkpoint(given))
    if given.examined is None and RunFolder(given.run).metrics.is_file() and given.checkpoint != "last":
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
    card = {key: getattr(given, key) or unsaid for key, unsaid in WORDS.items()}
    card |= {"what": given.what or given.run.resolve().name, "examined": given.figures}
    write_voice(given.output, checkpoint, model, presets, card, played)
    if played.get("envelopes"):
        print(*wrapped(f"envelopes: {', '.join(bank['name'] for bank in played['envelopes'])}"), sep="\n")


def _say(card: VoiceCard, output: Path) -> None:
    print(f"{output}: {card.n_bytes / 1e6:.2f} MB, {card.steps} steps at {card.sample_rate} Hz")
    if card.presets:
        print(*wrapped(f"presets: {', '.join(card.presets)}"), sep="\n")
