"""`timbre compare`: tested runs side by side, the seeds of each model combined, control against quality."""

import argparse
import csv
import io
import math
import os
import re
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from output.numbers import readable
from output.pictures import save_png
from output.whole_files import write_text
from studies.comparison.comparison import Comparison, Model, compare
from studies.comparison.page import Cell, hover_text, pareto_plot, write_comparison_page
from studies.comparison.settings import NONE_SUCH
from studies.comparison.trade_off import TradeOff, trade_off
from studies.figure import OPEN, Figure
from timbre.help_text import HelpText

QUALITY = ("multi_resolution_stft", "magnitude_snr", "visqol", "f0_l1", "loudness_l1")
CONTROL = (
    *("frave_score", "frave_pearson", "ordering", "monotonicity", "error_jnd", "within_quarter", "all_met"),
    *("held_error_jnd", "off_target_drift_jnd", "leakage", "dci_disentanglement", "unreachable", "cost"),
)
BESIDE = ("multi_resolution_stft", "frave_score", "error_jnd", "within_quarter", "all_met", "held_error_jnd", "cost")
"""Figures that stand beside themselves, as the other renderings have them."""
SHOWN_IN_TERMINAL = ("ordering", "error_jnd", "off_target_drift_jnd")
BESIDE_IN_TERMINAL = ("error_jnd",)
"""Where other renderings have it, it takes the place of the first of those shown."""
WIDTH = 100
ARROWS = {"lower": "↓", "higher": "↑"}
LEGEND = (
    "↑ higher is better, ↓ lower is better; the best of each column is bold. ± is half the 95 % interval, over notes "
    "and, where a model has several seeds, over these too. A figure is over all notes that were tested, "
    "unless its cell says over how many. Models are ranked as their decoders play; a column that names another "
    "rendering says what comes of it when the knobs are met."
)
COLUMNS = "model seeds figure knob family register rendering value low high n of better unit".split()


def run(verb: str, args: list[str]) -> None:
    """Compare runs that were tested."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        formatter_class=HelpText,
        description="Tested runs side by side: a table, control against quality with its Pareto front, a page to "
        "explore. Runs that differ in nothing but their seed are one model.",
    )
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="folders of runs that `timbre test` judged, such as runs/SWEEP/*",
    )
    parser.add_argument("--out", type=Path, default=Path("compare"), help="folder to write to (default: compare)")
    parser.add_argument("--quality", default="multi_resolution_stft", metavar="FIGURE", help="across the picture")
    parser.add_argument("--control", default="frave_score", metavar="FIGURE", help="upwards in the picture")
    parser.add_argument("--wandb", action="store_true", help="log it all to Weights & Biases too, by default offline")
    given = parser.parse_args(args)
    comparison = compare(given.runs)
    quality = _chosen(comparison, "quality", given.quality)
    control = _chosen(comparison, "control", given.control)
    trade = trade_off(comparison, quality, control)
    _write(given.out, comparison, trade)
    width = None if sys.stdout.isatty() else WIDTH
    console = Console(width=width, markup=False, highlight=False, soft_wrap=True)
    console.print(terminal_table(comparison, trade, console))
    for line in (front_sentence(trade), *comparison.remarks):
        console.print(line)
    console.print(f"Written: {given.out}/compare.md, compare.csv, pareto.png, compare.html")
    if given.wandb:
        _log(given.out, comparison, trade)
        console.print(f"Logged: {given.out}/wandb")


def _chosen(comparison: Comparison, kind: str, name: str) -> Figure:
    """The figure for an axis; where no model has knobs there is none of control, and its axis stays empty."""
    figures = comparison.figures(kind)
    if name in figures:
        return figures[name]
    if figures or kind == "quality":
        raise ValueError(f"--{kind} {name}: no run has that figure, choose {', '.join(figures) or 'none, test again'}.")
    return Figure(name, None, None, None, "", "higher", "", math.nan, math.nan, math.nan)


def _write(folder: Path, comparison: Comparison, trade: TradeOff) -> None:
    """Write the four files, each whole."""
    from studies.comparison.pareto import pareto_figure  # matplotlib takes half a second

    quality, control = trade.axes
    found = comparison.figures()
    headings, rows = table(comparison, (quality.name, *QUALITY, control.name, *CONTROL))
    texts = {"compare.md": markdown(headings, rows, [LEGEND, front_sentence(trade), *comparison.remarks])}
    texts["compare.csv"] = long_csv(comparison)
    for name, text in texts.items():
        write_text(folder / name, text)
    save_png(pareto_figure(trade), folder / "pareto.png")
    shown = [found[name] for name in dict.fromkeys((quality.name, control.name, *SHOWN_IN_TERMINAL)) if name in found]
    write_comparison_page(folder / "compare.html", comparison, quality, control, headings, rows, shown)


def table(
    comparison: Comparison, names: Iterable[str], with_settings: bool = True, beside: Sequence[str] = BESIDE
) -> tuple[list[str], list[list[Cell]]]:
    """Headings, and cells per model: name, seeds, settings that differ, figures; one that no model has is left out.

    Those named in `beside` are followed by the same of the other renderings.
    """
    settings = comparison.settings if with_settings else []
    shown = _shown(comparison, names, beside)
    best = [_best(comparison, figure) for figure in shown]
    rows = [
        [
            *(Cell(model.name), Cell(str(model.n_seeds))),
            *(Cell(setting.texts[number]) for setting in settings),
            *map(partial(_cell, model), shown, best),
        ]
        for number, model in enumerate(comparison.models)
    ]
    return ["model", "seeds", *(setting.name for setting in settings), *map(_heading, shown)], rows


def _shown(comparison: Comparison, names: Iterable[str], beside: Sequence[str]) -> list[Figure]:
    found = comparison.figures()
    pairs = [(found[name], comparison.beside(name) if name in beside else []) for name in names if name in found]
    return list({figure.subject: figure for opened, others in pairs for figure in (opened, *others)}.values())


def markdown(headings: Sequence[str], rows: Sequence[Sequence[Cell]], footer: Sequence[str]) -> str:
    """A table as Markdown, numbers to the right, sentences below."""
    cells = [[f"**{cell.text}**" if cell.best else cell.text.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(headings) - 1)]
    lines = [f"| {' | '.join(line)} |" for line in (headings, rule, *cells)]
    return "\n".join(lines) + "\n\n" + "\n\n".join(footer) + "\n"


def long_csv(comparison: Comparison) -> str:
    """A line per model and figure, those of single knobs, families and registers too, then the settings that differ.

    Empty: all, or undefined.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    settings = comparison.settings
    writer.writerow([*COLUMNS, *(setting.name for setting in settings)])
    for number, model in enumerate(comparison.models):
        values = ["" if setting.texts[number] == NONE_SUCH else setting.texts[number] for setting in settings]
        for figure in model.figures:
            ends = ["" if math.isnan(end) else end for end in (figure.value, figure.low, figure.high)]
            counts = figure.n, figure.of
            line = [model.name, figure.n_seeds, *figure.subject, *ends, *counts, figure.better, figure.unit]
            writer.writerow([_as_text(cell) for cell in (*line, *values)])
    return text.getvalue()


def _as_text(cell: Any) -> Any:
    """A word that a spreadsheet would take for a formula -> the same as text; numbers stay."""
    is_formula = isinstance(cell, str) and re.match(r"[=@\t\r]|[+-](?![\d.e+-]+$)", cell)
    return f"'{cell}" if is_formula else cell


def terminal_table(comparison: Comparison, trade: TradeOff, console: Console) -> Table:
    """The figures that matter most, in a hundred columns; other renderings and settings that differ if these fit."""
    shown_besides = SHOWN_IN_TERMINAL[1:] if comparison.beside("error_jnd") else SHOWN_IN_TERMINAL
    names = (*(figure.name for figure in trade.axes), *shown_besides)
    most, width = console.options.update(width=1000), min(console.width, WIDTH)
    for with_settings, beside in ((True, BESIDE_IN_TERMINAL), (False, BESIDE_IN_TERMINAL), (True, ()), (False, ())):
        shown = _for_terminal(*table(comparison, names, with_settings, beside))
        if console.measure(shown, options=most).maximum <= width:
            break
    return shown


def _for_terminal(headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    shown = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        words = heading.replace("_", " ").replace(" ", "\n")
        shown.add_column(words, justify="right" if place else "left", vertical="bottom", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell.text, style="bold" if cell.best else "") for cell in row))
    return shown


def front_sentence(trade: TradeOff) -> str:
    """Which models no other beats in both figures."""
    names = ", ".join(trade.models[index].name for index in trade.front) or "no model has both"
    return f"Pareto front of {trade.axes[1].name} against {trade.axes[0].name}: {names}."


def _heading(figure: Figure) -> str:
    if figure.name == "unreachable":
        return "unreachable of requests"
    unit = "" if figure.unit in ("", "1") else f" ({figure.unit})"
    return f"{_name(figure)}{unit} {ARROWS[figure.better]}"


def _name(figure: Figure) -> str:
    """With the rendering, if it is not the open one."""
    return figure.name if figure.rendering == OPEN else f"{figure.name} {figure.rendering}"


def _best(comparison: Comparison, figure: Figure) -> set[str]:
    """Names of the models with the best value of an open figure; of control, among those that turn all knobs.

    A figure over far fewer notes than the others' does not count.
    """
    if figure.rendering != OPEN:
        return set()
    n_knobs = comparison.n_knobs if figure.name in comparison.figures("control") else 0
    contenders = [
        model
        for model in comparison.models
        if len(model.knobs) >= n_knobs and comparison.is_over_enough(model, figure.name)
    ]
    values = {model.name: found.value for model in contenders if (found := model.overall(figure.name))}
    if len(values) < 2:
        return set()
    best = (max if figure.better == "higher" else min)(values.values())
    return {name for name, value in values.items() if value == best}


def _cell(model: Model, figure: Figure, best: set[str]) -> Cell:
    found = model.overall(figure.name, figure.rendering)
    if found is None:
        return Cell("–")
    if figure.name != "unreachable":
        over = f" ({found.n} of {found.of} notes)" if found.n < found.of else ""
        text = found.text if figure.rendering == OPEN else readable(found.value)  # its interval is in compare.csv
        return Cell(text + over, model.name in best)
    requests = model.overall("requests")  # how many cannot be met depends on the notes more than on the model
    return Cell(f"{found.value:.0f} of {requests.value:.0f}" if requests else f"{found.value:.0f}")


def _log(folder: Path, comparison: Comparison, trade: TradeOff) -> None:
    """Log table and pictures as a run of its own, which needs no account unless WANDB_MODE=online."""
    import wandb  # it takes seconds, and not everybody asks for it

    os.environ.setdefault("WANDB_DATA_DIR", str(folder.resolve()))
    figures = _shown(comparison, comparison.figures(), BESIDE)
    found = [[model.overall(figure.name, figure.rendering) for figure in figures] for model in comparison.models]
    settings = comparison.settings
    data = [
        [
            *(model.name, model.n_seeds),
            *(setting.texts[number] for setting in settings),
            *(number for figure in row for number in _value_and_half_width(figure)),
        ]
        for number, (model, row) in enumerate(zip(comparison.models, found, strict=True))
    ]
    columns: list[str | int] = ["model", "seeds", *(setting.name for setting in settings)]
    columns += [f"{_name(figure)}{end}" for figure in figures for end in ("", " ±")]
    mode: Literal["offline"] | None = None if "WANDB_MODE" in os.environ else "offline"
    with wandb.init(project="interpretsynth", name=folder.name, job_type="compare", dir=folder, mode=mode) as run:
        plot = plotly.graph_objects.Figure(pareto_plot(trade))
        plot.data[0].hovertext = [hover_text(model) for model in comparison.models]
        picture = wandb.Image(str(folder / "pareto.png"))
        run.log(
            {
                "compare/table": wandb.Table(columns, data),
                "compare/pareto": wandb.Plotly(plot),
                "compare/picture": picture,
            }
        )


def _value_and_half_width(figure: Figure | None) -> tuple[float | None, float | None]:
    """Numbers for W&B, None where undefined."""
    if figure is None:
        return None, None
    return figure.value, figure.half_width if math.isfinite(figure.half_width) else None
