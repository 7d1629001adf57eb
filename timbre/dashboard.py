"""`timbre dashboard`: a workspace or report at Weights & Biases that shows a project's runs as an ablation."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from output.extras import require
from studies.run_folder import RunFolder
from studies.sweep import read_sweep
from timbre.help_text import HelpText
from timbre.report import next_commands


def run(verb: str, args: list[str]) -> None:
    """Make a page at Weights & Biases."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        formatter_class=HelpText,
        description="A saved W&B workspace of a project: table of its runs, control against quality, settings to "
        "results, training curves, sound. With --from it is made here, without an account: a page that compares runs, "
        "and one of each run.",
    )
    parser.add_argument("project", nargs="?", metavar="ENTITY/PROJECT", help="where the runs were logged or synced to")
    parser.add_argument(
        "--from", dest="runs", type=Path, nargs="+", default=[], metavar="RUN", help="tested runs: make it here"
    )
    parser.add_argument("--out", type=Path, default=Path("dashboard"), help="with --from: folder (default: dashboard)")
    parser.add_argument(
        "--sweep", type=Path, metavar="FILE", help="show the runs of this sweep alone, with the settings it varies"
    )
    parser.add_argument("--report", action="store_true", help="a report, which can be shared, instead of a workspace")
    given = parser.parse_args(args)
    if given.runs:
        if given.project or given.sweep or given.report:
            raise ValueError("--from makes the dashboard here: leave out ENTITY/PROJECT, --sweep and --report.")
        _make_here(given.runs, given.out)
        return
    if given.project is None:
        raise ValueError("dashboard needs ENTITY/PROJECT, where runs were logged, or --from RUN..., to make it here.")
    entity, slash, project = given.project.partition("/")
    if not (entity and slash and project) or "/" in project:
        raise ValueError(f"{given.project} is not ENTITY/PROJECT: give both, as in the address of the project's page.")
    dashboard = _dashboard()
    ablation = dashboard.ablation_of(read_sweep(given.sweep)) if given.sweep else dashboard.EVERYTHING
    kind = "report" if given.report else "workspace"
    print(f"Saved {kind}: {_save(dashboard, kind, (entity, project, ablation))}")


def _make_here(runs: Sequence[Path], folder: Path) -> None:
    """The page that compares runs, and one of each."""
    from studies.report.page import write_report
    from timbre.compare import run as compare

    compare("compare", [*map(str, runs), "--out", str(folder)])
    pages = [write_report(RunFolder(run), next_commands(run)) for run in runs if RunFolder(run).metrics.is_file()]
    print(f"Of each run: {', '.join(map(str, pages[:3]))}{' ...' if len(pages) > 3 else ''}")


def _dashboard() -> ModuleType:
    """The pages, which need what not everybody has installed."""
    require("dashboard", "wandb_workspaces")
    from studies import dashboard

    return dashboard


def _save(dashboard: ModuleType, kind: str, of: tuple[Any, ...]) -> str:
    """Put the page together and send it -> its address."""
    import wandb  # it takes seconds

    try:
        wandb.Api()
        return str(getattr(dashboard, kind)(*of).save().url)
    except wandb.errors.UsageError as error:
        raise ValueError("nobody is logged in to W&B: run `wandb login`, or set WANDB_API_KEY.") from error
    except Exception as error:  # the library raises bare ones, and those of whatever carries its requests
        raise ValueError(f"the {kind} of {of[0]}/{of[1]} was not saved: {str(error).rstrip('.')}.") from error
