"""One HTML file about one run: curves, figures, knobs, sounds; it plays offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from output.data_urls import data_url
from output.numbers import readable
from output.pages import rendered
from output.pictures import svg_bytes
from output.whole_files import write_text
from studies.comparison.sounds import sound_url
from studies.figure import OPEN, Figure
from studies.report.sliders import shown_notes
from studies.run_curves import Curves, read_curves
from studies.run_files import read_json, reading
from studies.run_folder import RunFolder
from studies.run_reports import ControlReport, read_bounds, read_control, read_quality
from studies.run_sounds import picture_beside, read_sliders, samples
from studies.tested_run import read_config

TEMPLATE = Path(__file__).with_name("page.html")
OF_A_KNOB = ("error_jnd", "within_one", "within_quarter", "monotonicity", "slope", "off_target_drift_jnd")


class HeardSample(NamedTuple):
    """A validation clip: target and resynthesis, and the picture of both, as data: URLs."""

    name: str
    target: str
    resynthesis: str
    picture: str


class KnobLine(NamedTuple):
    """A line of the table of knobs: how it was rendered, cells of the figures, and how far the knob went."""

    knob: str
    rendering: str
    cells: list[str]
    reach: str


def write_report(run: RunFolder, next_commands: Sequence[str] = ()) -> Path:
    """Write report.html into a run's folder, of what is there: an untested run has curves and samples only.

    Raises:
        FileNotFoundError: it is no run
        ValueError: a file of it cannot be read
    """
    config = read_config(run)
    curves = read_curves(run)
    with reading(f"the report in {run.path}", run.path):
        sliders = read_sliders(run)
        quality = read_quality(run)[0] if run.metrics.is_file() else []
        bounds = read_bounds(run) if run.metrics.is_file() else []
        facts = read_json(run.metrics)["facts"] if run.metrics.is_file() else {}
        control = read_control(run) or ControlReport((), [], None)
    knob_figures = [
        name for name in OF_A_KNOB if any(figure.name == name and figure.knob for figure in control.figures)
    ]
    page = rendered(
        TEMPLATE,
        name=run.path.resolve().name,
        facts=_facts(config, facts, curves),
        curves=_curve_urls(curves),
        best_step=None if curves is None or curves.best is None else int(curves.steps[curves.best]),
        quality=_overall(quality),
        bounds=bounds,
        control=_overall(control.figures),
        knob_headings=[_first(control.figures, name) for name in knob_figures],
        knobs=_knob_lines(control, knob_figures),
        sweeps=_sweep_urls(control),
        sliders=shown_notes(run, sliders),
        samples=_heard(run),
        tested=run.metrics.is_file(),
        path=run.path,
        next_commands=next_commands,
    )
    write_text(run.report, page)
    return run.report


def _facts(config: Mapping[str, Any], facts: Mapping[str, Any], curves: Curves | None) -> dict[str, str]:
    """What the reader needs to know of the run, in words."""
    data, model = config.get("data") or {}, config.get("model") or {}
    root = str((data.get("init_args") or {}).get("root") or "")
    found = {
        "trained on": " ".join(filter(None, (_class(data), Path(root).name))),
        "encoder": _class(model.get("encoder") or {}),
        "steps of the best checkpoint": f"{facts['steps']:,}" if "steps" in facts else "",
        "parameters": f"{facts['parameters']:,}" if "parameters" in facts else "",
        "training took": _duration(float(curves.training_s[-1])) if curves else "",
        "version": str(facts.get("version", "")),
    }
    return {name: text for name, text in found.items() if text}


def _class(component: Any) -> str:
    return str(component.get("class_path", "")).rpartition(".")[2] if isinstance(component, Mapping) else str(component)


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds:.0f} s"


def _curve_urls(curves: Curves | None) -> dict[str, str]:
    from studies.report.pictures import curve_pictures  # matplotlib takes half a second

    found = curve_pictures(curves) if curves else {}
    return {name: data_url("image/svg+xml", svg_bytes(picture)) for name, picture in found.items()}


def _sweep_urls(control: ControlReport) -> dict[str, str]:
    from studies.report.pictures import sweep_pictures

    return {
        knob: data_url("image/svg+xml", svg_bytes(picture)) for knob, picture in sweep_pictures(control.sweeps).items()
    }


def _overall(figures: Sequence[Figure]) -> list[tuple[Figure, list[Figure]]]:
    """Every figure of all knobs and notes as the decoder plays, with those of the other renderings."""
    overall = [figure for figure in figures if figure.subject[1:4] == (None, None, None)]
    return [
        (figure, [other for other in overall if other.name == figure.name and other.rendering != OPEN])
        for figure in overall
        if figure.rendering == OPEN
    ]


def _first(figures: Sequence[Figure], name: str) -> Figure:
    return next(figure for figure in figures if figure.name == name)


def _knob_lines(control: ControlReport, names: Sequence[str]) -> list[KnobLine]:
    """A line per knob and rendering."""
    of_all_notes = {
        (figure.knob, figure.rendering, figure.name): figure
        for figure in control.figures
        if figure.knob and figure.family is None and figure.register is None
    }
    places = dict.fromkeys((knob, rendering) for knob, rendering, _ in of_all_notes)
    lines = []
    for knob, rendering in places:
        own = {name: of_all_notes.get((knob, rendering, name)) for name in (*names, "reach_low", "reach_high")}
        low, high = own["reach_low"], own["reach_high"]
        unit = "" if low is None or low.unit in ("", "1") else f" {low.unit}"
        reach = f"{readable(low.value)} to {readable(high.value)}{unit}" if low and high else "–"
        cells = [figure.text if (figure := own[name]) else "–" for name in names]
        lines.append(KnobLine(str(knob), rendering, cells, reach))
    return lines


def _heard(run: RunFolder) -> list[HeardSample]:
    found = []
    for name, (target, output) in samples(run).items():
        picture = picture_beside(target)
        url = data_url("image/png", picture.read_bytes()) if picture.is_file() else ""
        found.append(HeardSample(name, sound_url(target), sound_url(output), url))
    return found
