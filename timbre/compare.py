"""`timbre compare`: tested runs side by side, the seeds of each model combined, control against quality."""

import argparse
import csv
import io
import math
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as PrintedTable
from rich.text import Text

from output.pictures import save_png
from output.whole_files import write_text
from studies.comparison.comparison import Comparison, compare
from studies.comparison.page import write_comparison_page
from studies.comparison.paired import Difference, paired_csv, paired_differences, paired_sentence
from studies.comparison.pareto_plot import hover_text, pareto_plot
from studies.comparison.settings import NONE_SUCH
from studies.comparison.table import BESIDE, LEGEND, Cell, markdown, name_of, shown, table, tables
from studies.comparison.trade_off import TradeOff, trade_off
from studies.figure import Figure
from timbre.help_text import HelpText

SHOWN_IN_TERMINAL = ("error_jnd", "off_target_drift_jnd", "ordering")
BESIDE_IN_TERMINAL = ("error_jnd",)
"""Where other renderings have it, it takes the place of the last of those shown."""
FEWEST_IN_TERMINAL = 2
WIDTH = 80
COLUMNS = "model seeds figure knob family register rendering value low high n of better unit".split()


def run(verb: str, args: list[str]) -> None:
    """Compare runs that were tested."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        formatter_class=HelpText,
        description="Tested runs side by side: tables, control against quality with its Pareto front, differences on "
        "the same notes, a page to explore and listen to. Runs that differ in nothing but their seed are one model.",
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
    trade, differences = trade_off(comparison, quality, control), paired_differences(comparison)
    findings = [front_sentence(trade), *_paired_sentences(comparison, trade, differences)]
    written = _write(given.out, comparison, trade, differences, findings)
    console = Console(width=None if sys.stdout.isatty() else WIDTH, markup=False, highlight=False, soft_wrap=True)
    console.print(terminal_table(comparison, trade, console))
    for line in (*findings, *comparison.remarks, f"Written: {', '.join(written)} in {given.out}"):
        console.print(textwrap.fill(line, min(console.width, WIDTH), break_long_words=False, break_on_hyphens=False))
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


def _write(
    folder: Path, comparison: Comparison, trade: TradeOff, differences: Sequence[Difference], findings: Sequence[str]
) -> list[str]:
    """Write the files, each whole -> their names."""
    from studies.comparison.pareto import pareto_figure  # matplotlib takes half a second

    found, quality_and_control = comparison.figures(), trade.axes
    shown_tables = tables(comparison, *quality_and_control)
    texts = {
        "compare.md": markdown(shown_tables, [LEGEND, *findings, *comparison.remarks]),
        "compare.csv": long_csv(comparison),
    }
    if differences:
        texts["paired.csv"] = paired_csv(differences)
    for name, text in texts.items():
        write_text(folder / name, text)
    save_png(pareto_figure(trade), folder / "pareto.png")
    names = dict.fromkeys((*(figure.name for figure in quality_and_control), *SHOWN_IN_TERMINAL))
    followed = [found[name] for name in names if name in found]
    write_comparison_page(
        folder / "compare.html", comparison, *quality_and_control, shown_tables, findings, followed, differences
    )
    return [*texts, "pareto.png", "compare.html"]


def _paired_sentences(comparison: Comparison, trade: TradeOff, differences: Sequence[Difference]) -> list[str]:
    """What the same notes say of the two axes; error_jnd stands in for a figure that single notes do not have."""
    found = comparison.figures()
    said = [
        paired_sentence(comparison, differences, found[name])
        for name in dict.fromkeys((*(figure.name for figure in trade.axes), "error_jnd"))
        if name in found
    ]
    return [sentence for sentence in said if sentence]


def long_csv(comparison: Comparison) -> str:
    """A line per model and figure, those of single knobs, families, registers and fits too, then what differs.

    Empty: all, or undefined.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    settings = comparison.settings
    writer.writerow([*COLUMNS, *(setting.name for setting in settings)])
    for number, model in enumerate(comparison.models):
        values = ["" if setting.texts[number] == NONE_SUCH else setting.texts[number] for setting in settings]
        for figure in (*model.figures, *(own for between in model.bounds for own in between[1:])):
            ends = ["" if math.isnan(end) else end for end in (figure.value, figure.low, figure.high)]
            counts = figure.n, figure.of
            line = [model.name, figure.n_seeds, *figure.subject, *ends, *counts, figure.better, figure.unit]
            writer.writerow([_as_text(cell) for cell in (*line, *values)])
    return text.getvalue()


def _as_text(cell: Any) -> Any:
    """A word that a spreadsheet would take for a formula -> the same as text; numbers stay."""
    is_formula = isinstance(cell, str) and re.match(r"[=@\t\r]|[+-](?![\d.e+-]+$)", cell)
    return f"'{cell}" if is_formula else cell


def terminal_table(comparison: Comparison, trade: TradeOff, console: Console) -> PrintedTable:
    """The figures that matter most, as many as fit; other renderings and settings that differ if these fit too."""
    axes = [figure.name for figure in trade.axes]
    besides = SHOWN_IN_TERMINAL[:-1] if comparison.beside("error_jnd") else SHOWN_IN_TERMINAL
    names = list(dict.fromkeys((*axes, *besides)))
    most, width = console.options.update(width=1000), min(console.width, WIDTH)
    choices = [(names, *more) for more in product((True, False), (BESIDE_IN_TERMINAL, ()))]
    choices += [(names[:n], False, ()) for n in range(len(names) - 1, FEWEST_IN_TERMINAL - 1, -1)]
    for chosen, with_settings, beside in choices:
        printed = _for_terminal(comparison, shown(comparison, chosen, beside), with_settings)
        if console.measure(printed, options=most).maximum <= width:
            break
    return printed


def _for_terminal(comparison: Comparison, figures: Sequence[Figure], with_settings: bool) -> PrintedTable:
    content = table(comparison, "", figures, with_counts=False)
    settings = comparison.settings if with_settings else []
    printed = PrintedTable(box=SIMPLE, padding=(0, 1, 0, 0))
    for place, heading in enumerate([*content.headings[:2], *(each.name for each in settings), *content.headings[2:]]):
        words = heading.replace("_", " ").replace(" ", "\n")
        printed.add_column(words, justify="right" if place else "left", vertical="bottom", overflow="fold")
    for number, row in enumerate(content.rows):
        cells = [*row[:2], *(Cell(each.texts[number]) for each in settings), *row[2:]]
        printed.add_row(*(Text(cell.text, style="bold" if cell.best else "") for cell in cells))
    return printed


def front_sentence(trade: TradeOff) -> str:
    """Which models no other beats in both figures."""
    names = ", ".join(trade.models[index].name for index in trade.front) or "no model has both"
    return f"Pareto front of {trade.axes[1].name} against {trade.axes[0].name}: {names}."


def _log(folder: Path, comparison: Comparison, trade: TradeOff) -> None:
    """Log table and pictures as a run of its own, which needs no account unless WANDB_MODE=online."""
    import wandb  # it takes seconds, and not everybody asks for it

    os.environ.setdefault("WANDB_DATA_DIR", str(folder.resolve()))
    figures = shown(comparison, comparison.figures(), BESIDE)
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
    columns += [f"{name_of(figure)}{end}" for figure in figures for end in ("", " ±")]
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
