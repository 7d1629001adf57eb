"""`timbre report`: one run on one page that plays offline."""

import argparse
from pathlib import Path

from studies.report.page import write_report
from studies.run_folder import RunFolder


def run(verb: str, args: list[str]) -> None:
    """Write the page of a run."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Write report.html into a run's folder: training curves, figures of the resynthesis with their "
        "intervals, what every knob does, the sounds of turned knobs and of resyntheses with spectrograms. What was "
        "not tested yet is left out.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run")
    run = RunFolder(parser.parse_args(args).run)
    # A test of weights that lie elsewhere has none to go on with.
    commands = [] if run.metrics.is_file() and not run.is_begun else next_commands(run.path)
    print(f"Written: {write_report(run, commands)}")


def next_commands(folder: Path, sound: str = "IN.wav") -> list[str]:
    """What one does with a run."""
    return [f"timbre knobs {folder}", f"timbre render {folder} {sound} OUT.wav --set sharpness=0.9"]
