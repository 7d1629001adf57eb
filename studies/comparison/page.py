"""One HTML file to explore a comparison: pictures first, then sounds, then all tables; works offline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from output.pages import rendered
from output.whole_files import write_text
from studies.comparison.comparison import Comparison
from studies.comparison.crosstalk_plot import crosstalk_plot
from studies.comparison.curves_plot import courses, curve_plots
from studies.comparison.paired import SIGNIFICANT, Difference
from studies.comparison.parallel_plot import MOST_AXES, parallel_plot
from studies.comparison.pareto_plot import hover_text, pareto_plot
from studies.comparison.plot_look import CONFIG
from studies.comparison.settings import NONE_SUCH, Setting
from studies.comparison.sounds import embedded, listening
from studies.comparison.table import Table, name_of
from studies.comparison.trade_off import CAPTION, trade_off
from studies.figure import Figure

TEMPLATE = Path(__file__).with_name("page.html")


def write_comparison_page(
    path: Path,
    comparison: Comparison,
    quality: Figure,
    control: Figure,
    tables: Sequence[Table],
    findings: Sequence[str],
    followed: Sequence[Figure] = (),
    differences: Sequence[Difference] = (),
) -> None:
    """Write one HTML file that carries its script and asks nothing of any network.

    Every pair of a figure of quality and one of control is drawn beforehand, so that the page computes nothing.

    Args:
        path: of the page; its folder is made if missing
        comparison: what is compared
        quality: the figure across at first
        control: the figure upwards at first
        tables: a row per model
        findings: what comes of it, in sentences
        followed: figures to which lines lead from the settings in which the models differ
        differences: of pairs of models on the same notes
    """
    qualities, controls = comparison.figures("quality"), comparison.figures("control") or {control.name: control}
    talks = {model.name: model.crosstalk for model in comparison.models if model.crosstalk is not None}
    settings = comparison.settings
    said = {model.name: _settings_of(number, settings) for number, model in enumerate(comparison.models)}
    sounds, left_out = embedded(listening(comparison.models))
    follows = bool(settings and followed) and len(settings) + len(followed) <= MOST_AXES
    page = rendered(
        TEMPLATE,
        plotly_js=get_plotlyjs(),
        models=[model.name for model in comparison.models],
        qualities=list(qualities),
        controls=list(controls),
        quality=quality.name,
        control=control.name,
        caption=CAPTION,
        tables=tables,
        findings=findings,
        remarks=comparison.remarks,
        config=CONFIG,
        hover=[hover_text(model, said[model.name]) for model in comparison.models],
        plots={
            across: {upwards: pareto_plot(trade_off(comparison, x, y)) for upwards, y in controls.items()}
            for across, x in qualities.items()
        },
        parallel=parallel_plot(comparison, settings, followed, control) if follows else None,
        curves=curve_plots(courses(comparison.models)),
        paired=_pairs(differences),
        significant=SIGNIFICANT,
        listening=sounds,
        left_out=left_out,
        said={name: text for name, text in said.items() if text},
        crosstalk={name: crosstalk_plot(talk) for name, talk in talks.items()},
    )
    write_text(path, page)


def _settings_of(number: int, settings: Sequence[Setting]) -> str:
    """What sets a model apart from the others, beside its name."""
    texts = [(setting.name, setting.texts[number]) for setting in settings]
    return " · ".join(f"{name} {text}" for name, text in texts if text != NONE_SUCH)


def _pairs(differences: Sequence[Difference]) -> dict[str, dict[str, Any]]:
    """Name of a figure -> what it is, and its differences as lists that the page's script reads."""
    found: dict[str, dict[str, Any]] = {}
    for pair in differences:
        figure = pair.figure
        unit = "" if figure.unit in ("", "1") else figure.unit
        about = {"unit": unit, "higher": figure.better == "higher", "rows": []}
        numbers = (pair.difference, pair.low, pair.high, pair.p_holm)
        written = [float(f"{value:.4g}") if value == value else None for value in numbers]
        found.setdefault(name_of(figure), about)["rows"].append([pair.first, pair.second, pair.n, *written])
    return found
