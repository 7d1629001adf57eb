"""The course of each voice's training as one picture: error of the sound and of turned knobs on validation notes.

    python -m benchmarks.voice_curves RUN... --out docs/voices_curves.png

RUN is a folder of a run with curves.csv; a run that was prolonged shows a step where its learning rate rose again.
"""

import argparse
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from output.pictures import save_png
from studies.run_curves import read_curves
from studies.run_folder import RunFolder

SOUND, KNOBS = "validation/reconstruction", "validation/control_error"


def main() -> None:
    """Draw a panel for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    figure = Figure(figsize=(3.4 * len(given.runs), 2.9), layout="constrained")
    for axes, run in zip(figure.subplots(1, len(given.runs), squeeze=False)[0], given.runs, strict=True):
        _draw(axes, run)
    save_png(figure, given.out)


def _draw(axes: Axes, place: Path) -> None:
    curves = read_curves(RunFolder(place))
    if curves is None:
        raise FileNotFoundError(f"{place} has no curves.csv: name the folder of a run.")
    axes.set(title=place.name, xlabel="steps of four clips")
    (sound,) = axes.plot(curves.steps, curves.figures[SOUND], color="tab:blue", label="error of the sound")
    axes.set_ylabel("distance", color=sound.get_color())
    beside = axes.twinx()
    (knobs,) = beside.plot(curves.steps, 100 * curves.figures[KNOBS], color="tab:orange", label="turned knobs off by")
    beside.set_ylabel("% of the range", color=knobs.get_color())
    beside.set_ylim(bottom=0.0)
    axes.legend(handles=[sound, knobs], frameon=False, fontsize="small")


if __name__ == "__main__":
    main()
