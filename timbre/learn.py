"""`timbre learn`: from a folder of one's own sounds to something to play, in one command and a given time."""

import argparse
import math
import re
import time
from pathlib import Path

from sounds.sound_file import SUFFIXES, sound_files
from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import RunFolder, checkpoint_in, refuse_no_name
from timbre.help_text import HelpText
from timbre.kept_learning import NOTHING, KeptLearning, LearnRequest, next_commands, read_learning

SHORTEST_MINUTES, LONGEST_MINUTES = 1.0, 60.0 * 24 * 30
EXAMPLE = """examples:
  timbre learn SOUNDS
  timbre learn SOUNDS --minutes 60 --name flute
  timbre learn SOUNDS --dry_run

Ctrl-C is safe: the same command goes on where it stopped."""


def run(verb: str, args: list[str]) -> None:
    """Look at what is asked, and at what is there already; then do it."""
    begun_s = time.monotonic()  # before torch is imported, which may take ten seconds of those that are given
    given = _parser(verb).parse_args(args)
    asked = _asked(given)
    name = given.name or _name_of(given.folder)
    refuse_no_name(name)
    folder = RunFolder(Path(given.runs) / name)
    kept = _kept(folder, asked)
    if kept is not None and kept.finished:
        print(f"{folder.path} is finished.", *next_commands(folder), sep="\n")
        return
    from timbre.learning import learn

    learn(folder, asked, kept, begun_s, given.dry_run)


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Learn an instrument from a folder of recordings, one voice at a time, within a given time: look "
        "at the sounds and say what is going to be done, prepare them, train, test briefly, and export what can be "
        "played. Training ends sooner where it no longer pays.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of sound files; half a minute of sound or more")
    parser.add_argument("--minutes", type=float, default=15.0, help="for all of it (default: 15)")
    parser.add_argument("--name", help="of the run (default: the folder's)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder that holds the runs (default: runs)")
    parser.add_argument(
        "--from",
        dest="begins_from",
        metavar="VOICE",
        help="a voice, or a run, to begin with; nothing begins with new weights (default: the default voice, if it is "
        "there and its rate fits)",
    )
    parser.add_argument("--sample_rate", type=int, metavar="HZ", help="16000 to 48000 (default: what the sounds need)")
    parser.add_argument("--clip_s", type=float, metavar="S", help="length of a clip (default: by that of the notes)")
    parser.add_argument("--dry_run", action="store_true", help="print the plan and stop")
    return parser


def _asked(given: argparse.Namespace) -> LearnRequest:
    """What is asked; raises ValueError or FileNotFoundError where it cannot be done."""
    if not given.folder.exists():
        raise FileNotFoundError(f"there is no folder {given.folder}: check its name.")
    if not given.folder.is_dir():
        raise ValueError(f"{given.folder} is a file: name the folder that holds your recordings.")
    if not sound_files(str(given.folder)):
        raise ValueError(f"{given.folder} holds no sound files ({', '.join(SUFFIXES[:6])} …): put recordings in it.")
    if not SHORTEST_MINUTES <= given.minutes <= LONGEST_MINUTES:
        raise ValueError(f"--minutes {given.minutes:g}: name {SHORTEST_MINUTES:g} minute or more.")
    if given.sample_rate is not None and not 16000 <= given.sample_rate <= 48000:
        raise ValueError(f"--sample_rate {given.sample_rate}: choose 16000 to 48000.")
    if given.clip_s is not None and not 0.5 <= given.clip_s <= 30.0:
        raise ValueError(f"--clip_s {given.clip_s:g}: choose 0.5 to 30 seconds.")
    if given.begins_from not in (None, NOTHING):
        refuse_no_checkpoint(checkpoint_in(Path(given.begins_from)))
    place = str(given.folder.resolve())
    return LearnRequest(place, given.minutes, given.begins_from, given.sample_rate, given.clip_s)


def _name_of(folder: Path) -> str:
    """A name for a run from a folder's: what is no letter, digit, dot or dash becomes a dash."""
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name).strip("-.") or "mine"


def _kept(folder: RunFolder, asked: LearnRequest) -> KeptLearning | None:
    """What an earlier start of the same command has decided; None at the first.

    Raises:
        ValueError: another run is there, or one that was learnt from other sounds or in another way
    """
    kept = read_learning(folder)
    if kept is None and folder.is_begun:
        raise ValueError(f"{folder.path} holds a run that timbre learn did not make: choose another --name.")
    if kept is None:
        return None
    for field, was in kept.asked._asdict().items():
        now = getattr(asked, field)
        if was != now and not (isinstance(was, float) and now is not None and math.isclose(was, now)):
            raise ValueError(
                f"{folder.path} was learnt with {_words(field, was)}, not {_words(field, now)}: choose another --name, "
                "or say the same."
            )
    return kept


def _words(field: str, value: object) -> str:
    name = {"folder": "the sounds in", "begins_from": "--from"}.get(field, f"--{field}")
    return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" if value else f"no {name}"
