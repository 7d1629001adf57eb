"""`timbre dashboard`: a workspace or report at Weights & Biases that shows a project's runs as an ablation."""

import argparse
from pathlib import Path
from types import ModuleType
from typing import Any

from output.extras import require
from studies.sweep import read_sweep
from timbre.help_text import HelpText


def run(verb: str, args: list[str]) -> None:
    """Make a page at Weights & Biases."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        formatter_class=HelpText,
        description="A saved W&B workspace of a project: table of its runs, control against quality, settings to "
        "results, training curves, sound. `timbre compare RUN...` shows the same without an account.",
    )
    parser.add_argument("project", metavar="ENTITY/PROJECT", help="where the runs were logged or synced to")
    parser.add_argument(
        "--sweep", type=Path, metavar="FILE", help="show the runs of this sweep alone, with the settings it varies"
    )
    parser.add_argument("--report", action="store_true", help="a report, which can be shared, instead of a workspace")
    given = parser.parse_args(args)
    entity, slash, project = given.project.partition("/")
    if not (entity and slash and project) or "/" in project:
        raise ValueError(f"{given.project} is not ENTITY/PROJECT: give both, as in the address of the project's page.")
    dashboard = _dashboard()
    ablation = dashboard.ablation_of(read_sweep(given.sweep)) if given.sweep else dashboard.EVERYTHING
    kind = "report" if given.report else "workspace"
    print(f"Saved {kind}: {_save(dashboard, kind, (entity, project, ablation))}")


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
