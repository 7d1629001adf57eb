"""`timbre sweep`: the points of one question, for W&B, for a SLURM array, or for a study of two objectives."""

import argparse
import json
import logging
import os
import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from output.extras import require
from studies.run_folder import RunFolder
from studies.sweep import (
    KeptPoint,
    SweepFile,
    flags,
    keep,
    plain,
    point,
    read_kept,
    read_sweep,
    telling_points,
    wait_for_kept,
)
from studies.sweep.rules import TAKEN
from timbre import process_rank
from timbre.help_text import HelpText
from timbre.shipped import with_shipped

if TYPE_CHECKING:
    from lightning_modules.autoencoder import TimbreAutoencoder

AT_ONCE = 8
"""Tasks of an array that run at the same time."""


def run(verb: str, args: list[str]) -> None:
    """Say what a sweep asks, or train and test one of its points."""
    parser = _parser(verb)
    given, passed_on = parser.parse_known_args(args)
    sweep = read_sweep(given.file)
    said_by_the_file = [*sweep.options, *(f"--{setting.name}" for setting in sweep.settings)]
    if any(word.partition("=")[0] == "--trust" for word in said_by_the_file):
        raise ValueError(f"{sweep.path} says --trust, which only the person who starts it may say: leave it out there.")
    _refuse_swept(sweep, passed_on)
    if given.storage is None and (given.objectives or given.reference):
        raise ValueError("--objectives and --reference are for a study: say --storage journal.")
    if given.point is not None:
        _run_point(sweep, given, passed_on)
        return
    console = Console(width=100, markup=False, highlight=False, soft_wrap=True)
    if not (given.storage and (given.runs / sweep.name / "journal.log").is_file()):
        _refuse_unbuildable(sweep, passed_on)
        _describe(console, sweep, given, passed_on)
        return
    _report(console, sweep, given)


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="A sweep's question, points and how to submit them; with --point, train and test one of them. "
        "With --storage journal, points come from an Optuna study; without --point, what it has found so far. "
        "Further options go to the configuration of every point.",
        allow_abbrev=False,
        formatter_class=HelpText,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a sweep, such as sweeps/turned_share.yaml")
    parser.add_argument("--point", type=int, metavar="K", help="train and test point K, or go on with it")
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path(os.environ.get("TIMBRE_RUNS", "runs")),
        help="folder that holds the runs; point K goes to RUNS/SWEEP/SWEEP-K (default: TIMBRE_RUNS, else runs)",
    )
    parser.add_argument("--storage", choices=["journal"], help="take points from a study in RUNS/SWEEP/journal.log")
    parser.add_argument(
        "--objectives",
        nargs="+",
        default=[],
        metavar="WAY:FIGURE",
        help="of the study (default: maximize:frave_score minimize:multi_resolution_stft)",
    )
    parser.add_argument(
        "--reference", nargs=2, type=float, metavar="VALUE", help="of both objectives, where hypervolume counts from"
    )
    return parser


def _refuse_swept(sweep: SweepFile, passed_on: Sequence[str]) -> None:
    """An option that the sweep sets itself would be without effect, or spoil it."""
    swept = [setting.name for setting in sweep.settings]
    for option in (word.split("=")[0].lstrip("-") for word in passed_on if word.startswith("--")):
        if any(f"{plain(option)}.".startswith(f"{plain(name)}.") for name in swept):
            raise ValueError(f"--{option} is swept by {sweep.path}: leave it out.")
        if option in TAKEN and option != "config":
            raise ValueError(f"--{option} is set for every point by timbre sweep itself: leave it out.")


def _refuse_unbuildable(sweep: SweepFile, passed_on: Sequence[str]) -> None:
    """Build the model of some points: a key or value that the configuration does not know shows before any job."""
    for values in telling_points(sweep):
        try:
            build_model([*sweep.options, *passed_on, *flags(values)])
        except ValueError as error:
            raise ValueError(f"{sweep.path}: {error} ({' '.join(flags(values))})") from error


def build_model(options: Sequence[str]) -> "TimbreAutoencoder":
    """Options of `timbre fit` -> its model, nothing trained and nothing written.

    Raises:
        ValueError: the configuration does not know an option or a value
    """
    from jsonargparse import ArgumentError  # torch comes with these, and takes seconds

    from timbre.configured import ModelAlone, readable_error

    logging.getLogger("lightning.fabric.utilities.seed").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ModelAlone("fit", with_shipped(options)).model
        except ArgumentError as error:
            raise ValueError(readable_error(str(error))) from error


def _describe(console: Console, sweep: SweepFile, given: argparse.Namespace, passed_on: Sequence[str]) -> None:
    console.print(sweep.question)
    console.print(f"\n{sweep.method}, {sweep.n_points} points, each in {given.runs / sweep.name}")
    for setting in sweep.settings:
        console.print(f"  {setting.name}: {setting.text}")
    if sweep.halving is not None:
        console.print(f"  {sweep.halving.sentence}")
    study = ["--storage", "journal", *(["--objectives", *given.objectives] if given.objectives else [])]
    options = shlex.join([str(sweep.path), *(study if given.storage else []), *passed_on])
    array = f"-J {sweep.name} --array=0-{sweep.n_points - 1}%{min(AT_ONCE, sweep.n_points)}"
    console.print(f"\nOn a cluster:   sbatch {array} slurm/sweep_array.sh {options}")
    console.print(f"One point here: timbre sweep {options} --point 0")
    console.print(f"Through W&B:    wandb sweep {sweep.path}")


def _report(console: Console, sweep: SweepFile, given: argparse.Namespace) -> None:
    require("study", "optuna")
    from studies.sweep.objective import parse_objective
    from studies.sweep.study import open_study
    from studies.sweep.study_report import counts_sentence, front_table, hypervolume_sentence

    study = open_study(sweep, given.runs, [parse_objective(text) for text in given.objectives])
    console.print(sweep.question)
    console.print(counts_sentence(study))
    if study.best_trials:
        console.print(front_table(study))
        console.print(hypervolume_sentence(study, given.reference))


def _run_point(sweep: SweepFile, given: argparse.Namespace, passed_on: Sequence[str]) -> None:
    """Train and test a point, or go on with it."""
    if not 0 <= given.point < sweep.n_points:
        raise ValueError(f"--point {given.point}: {sweep.path} has points 0 to {sweep.n_points - 1}.")
    if given.storage:
        _run_trial(sweep, given, passed_on)
        return
    folder = sweep.point_folder(given.runs, given.point)
    kept = read_kept(folder, sweep)
    if kept is None:
        kept = KeptPoint(given.point, point(sweep, given.point))
        if process_rank() == 0:
            keep(folder, kept)
    if kept.trial is not None:
        raise ValueError(f"{folder} is a trial of a study: go on with --storage journal.")
    _train_and_test(sweep, folder, kept, passed_on)


def _run_trial(sweep: SweepFile, given: argparse.Namespace, passed_on: Sequence[str]) -> None:
    """The same for a point that the study chooses; an interruption tells the study nothing, an error that it failed."""
    require("study", "optuna")
    from studies.sweep.objective import parse_objective, read_values
    from studies.sweep.study import ask, open_study, study_objectives, tell, tell_ended_early, tell_failure

    folder = sweep.point_folder(given.runs, given.point)
    if process_rank() != 0:
        _train_and_test(sweep, folder, wait_for_kept(folder, sweep), passed_on)
        return
    objectives = [parse_objective(text) for text in given.objectives]
    study = open_study(sweep, given.runs, objectives, seed=given.point)
    kept = read_kept(folder, sweep)
    if kept is None:
        kept = ask(study, sweep, given.point)
        keep(folder, kept)
    if kept.trial is None:
        raise ValueError(f"{folder} was begun without a study: leave --storage out, or choose other --runs.")
    try:
        _train_and_test(sweep, folder, kept, passed_on)
    except Exception:
        tell_failure(study, kept)
        raise
    if RunFolder(folder).is_ended_early:
        tell_ended_early(study, kept)
        return
    tell(study, kept, read_values(folder, study_objectives(study)))


def _train_and_test(sweep: SweepFile, folder: Path, kept: KeptPoint, passed_on: Sequence[str]) -> None:
    """Run the experiment of a point, unless it is done."""
    if RunFolder(folder).is_done(tested=True):
        print(f"Point {kept.point} is done: {folder}")
        return
    from timbre.experiment import run_experiment  # torch comes with it, and takes seconds

    os.environ["WANDB_RUN_GROUP"] = sweep.name
    place = ["--runs", str(folder.parent), "--name", folder.name, "--resume", "true", "--test", "true"]
    options = [*sweep.options, *passed_on, *flags(kept.values), *_ending(sweep), *place]
    run_experiment("fit", with_shipped(options), hyperparameters=kept.values)


def _ending(sweep: SweepFile) -> list[str]:
    """Options by which a point ends where it lies behind the others."""
    if sweep.halving is None:
        return []
    callback = {"class_path": "lightning_modules.callbacks.EndBehind", "init_args": sweep.halving._asdict()}
    return ["--trainer.callbacks+", json.dumps(callback)]
