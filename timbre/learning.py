"""The steps of `timbre learn`: look, plan, prepare, train, test, export."""

import os
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from datamodules import ClipDataModule
from datamodules.recordings.material import material_of
from datamodules.splits import SPLITS
from studies.prospects import validations_since_best
from studies.report.page import write_report
from studies.run_curves import read_curves
from studies.run_folder import RunFolder
from timbre.experiment import quieten, run_experiment
from timbre.export import run as run_export
from timbre.kept_learning import SUFFIXES, KeptLearning, LearnRequest, next_commands, write_learning
from timbre.learn_pace import Trial, pace_of
from timbre.learn_plan import LearnPlan, plan_for
from timbre.learn_schedule import BriefTest, Schedule, brief_test_after, schedule_for
from timbre.learn_start import start_of
from timbre.report import next_commands as commands_of_report
from timbre.shipped import ROOT

EXPERIMENT = ROOT / "configs" / "experiments" / "descriptor_recordings.yaml"
PATIENCE = 5
"""Validations in a row that are no better: training ends (docs/learn.md)."""


def learn(run: RunFolder, asked: LearnRequest, kept: KeptLearning | None, begun_s: float, dry: bool) -> None:
    """All of it, or what an earlier start has left; the given time counts from `begun_s` of `time.monotonic` on."""
    again, judged = _command(run, asked), None
    with _interrupted(again):
        if kept is None:
            plan = _looked_at(run, asked)
            print(f"{asked.folder}", *plan.lines(), sep="\n", flush=True)
            if dry:
                return
            kept, judged = _prepared(run, asked, plan, begun_s)
        elif dry:
            print(f"{run.path} is begun: {kept.n_steps} steps. Go on with: {again}")
            return
    if not run.is_done(tested=False):
        run_experiment("fit", kept.fit, again=again)
        _say_if_time_was_up(run, kept)
    if judged is not None:
        # Training took more or less than was planned: the test takes what is left.
        kept = kept._replace(test=_of_test(judged(60.0 * asked.minutes - (time.monotonic() - begun_s))))
        write_learning(run, kept)
    if not run.metrics.is_file():
        run_experiment("test", [str(run.path), *kept.test], again=again)
    with _interrupted(again):
        _export(run)
        write_report(run, commands_of_report(run.path))
        write_learning(run, kept._replace(finished=True))
    minutes = (time.monotonic() - begun_s) / 60.0
    print(f"\n{run.path} is finished, after {minutes:.1f} min.", *next_commands(run), sep="\n")


def _looked_at(run: RunFolder, asked: LearnRequest) -> LearnPlan:
    return plan_for(material_of(asked.folder, _cache(run, asked)), asked, start_of(asked.begins_from))


def _cache(run: RunFolder, asked: LearnRequest) -> str:
    """Beside the sounds, where every run finds it; in the run's folder where that cannot be written."""
    beside = Path(asked.folder) / ".timbre"
    return str(beside if os.access(asked.folder, os.W_OK) else run.path / "clips")


def _prepared(
    run: RunFolder, asked: LearnRequest, plan: LearnPlan, begun_s: float
) -> tuple[KeptLearning, Callable[[float], BriefTest]]:
    """Prepare the clips, measure how fast this machine trains on them, and keep what follows.

    Returns:
        that, and what test fits into so many seconds
    """
    base = options_of(run, asked, plan)
    quieten()
    trial = Trial("fit", base)
    trial.datamodule.prepare_data()
    print(_splits(trial.datamodule), flush=True)
    pace = pace_of(trial, asked.minutes)
    left_s = 60.0 * asked.minutes - (time.monotonic() - begun_s)
    schedule = schedule_for(left_s, pace, trial.datamodule.clip)
    print(schedule.said(pace), flush=True)
    kept = KeptLearning(asked, schedule.n_steps, [*base, *_of_schedule(schedule)], _of_test(schedule.test))
    write_learning(run, kept)
    return kept, partial(brief_test_after, pace=pace, clip=trial.datamodule.clip)


def _splits(data: ClipDataModule) -> str:
    """How the clips are shared out, and of what is left out how much."""
    found = {split: summary for split, summary in data.summary().items() if summary is not None}
    counts = [found[split].n_usable if split in found else 0 for split in SPLITS]
    n_skipped = sum(len(summary.skipped) for summary in found.values())
    if not all(counts):
        reasons = [reason for summary in found.values() for reason in summary.skipped.values()]
        why = f" ({n_skipped} cannot be used; the first: {reasons[0]})" if reasons else ""
        raise ValueError(f"{data.root} gives {sum(counts)} clips, too few to hold some out{why}: record more.")
    left_out = f"; {n_skipped} cannot be used, as timbre prepare says" if n_skipped else ""
    return f"Clips: {counts[0]} to train, held out {counts[1]} to validate and {counts[2]} to test{left_out}."


def options_of(run: RunFolder, asked: LearnRequest, plan: LearnPlan) -> list[str]:
    """Arguments of `timbre fit`, but for its length."""
    options: dict[str, object] = {
        "data": "datamodules.Recordings",
        "data.root": asked.folder,
        "data.cache": _cache(run, asked),
        "data.trim_db": plan.trim_db,
        "data.num_workers": 0,
        "clip.sample_rate": plan.sample_rate,
        "clip.hop": plan.hop,
        "clip.n_samples": plan.hop * plan.n_frames,
        "trainer.logger": "false",
        "patience": PATIENCE,
        "name": run.path.name,
        "runs": run.path.parent,
        "resume": "true",
    }
    if plan.start is None:
        return ["-c", str(EXPERIMENT), *_flags(options)]
    return ["-c", plan.start.experiment, *_flags(options), "--init_from", plan.start.name]


def _of_schedule(schedule: Schedule) -> list[str]:
    hours, seconds = divmod(round(schedule.most_s), 3600)
    options: dict[str, object] = {
        "trainer.max_steps": schedule.n_steps,
        "trainer.val_check_interval": schedule.validate_every,
        "trainer.limit_val_batches": schedule.n_valid_batches,
        "trainer.max_time": f"{hours // 24:02}:{hours % 24:02}:{seconds // 60:02}:{seconds % 60:02}",
    }
    return _flags(options)


def _of_test(test: BriefTest) -> list[str]:
    options: dict[str, object] = {
        "trainer.limit_test_batches": test.n_batches,
        "control.n_notes": test.n_turned,
        "control.renderings": "[open, exact]" if test.with_exact else "[open]",
        "fitted_notes": 0,
    }
    return _flags(options)


def _flags(options: dict[str, object]) -> list[str]:
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]


def _say_if_time_was_up(run: RunFolder, kept: KeptLearning) -> None:
    curves = read_curves(run)
    if curves is None:
        return
    last = int(curves.steps[-1])
    if last < kept.n_steps and validations_since_best(curves) < PATIENCE:
        print(f"The time was up before step {kept.n_steps}, which the pace of the beginning had promised.")


def _export(run: RunFolder) -> None:
    """Whatever `timbre export` writes here, of this run; the run is worth keeping without it."""
    for suffix in SUFFIXES:
        output = run.path / f"{run.path.name}{suffix}"
        if output.is_file():
            continue
        try:
            run_export("export", [str(run.path), str(output)])
        except ValueError as error:
            if f"ends in '{suffix}'" not in str(error):  # a kind of file that this version does not write
                print(f"Not exported: {error}")


def _command(run: RunFolder, asked: LearnRequest) -> str:
    """The command that goes on."""
    words = ["timbre", "learn", asked.folder, "--minutes", f"{asked.minutes:g}", "--name", run.path.name]
    words += ["--runs", str(run.path.parent)]
    for option, value in (
        ("--from", asked.begins_from),
        ("--sample_rate", asked.sample_rate),
        ("--clip_s", asked.clip_s),
    ):
        words += [option, f"{value}"] if value is not None else []
    return shlex.join(words)


@contextmanager
def _interrupted(again: str) -> Iterator[None]:
    """Say how to go on when Ctrl-C or a signal comes between the steps that say so themselves."""
    try:
        yield
    except KeyboardInterrupt as stop:
        print(f"\nInterrupted; what was prepared is kept. Go on with: {again}")
        raise SystemExit(130) from stop
