"""Tables of a comparison: a row per model, a column per figure, with the number of notes that each mean is over."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from output.numbers import readable
from studies.bounds import Between
from studies.comparison.comparison import Comparison, Model
from studies.figure import OPEN, Figure

QUALITY = ("multi_resolution_stft", "magnitude_snr", "visqol", "harmonic_error", "f0_l1", "loudness_l1")
BESIDE_FITS = ("harmonic_error", "multi_resolution_stft", "log_spectral_distance", "magnitude_snr", "visqol")
CONTROL = (
    *("frave_score", "frave_pearson", "ordering", "monotonicity", "error_jnd", "within_quarter", "all_met"),
    *("held_error_jnd", "off_target_drift_jnd", "leakage", "dci_disentanglement", "unreachable", "cost"),
)
BESIDE = ("multi_resolution_stft", "frave_score", "error_jnd", "within_quarter", "all_met", "held_error_jnd", "cost")
"""Figures that the other renderings have too."""
MOST_SETTINGS = 8
"""More columns of settings are not read."""
ARROWS = {"lower": "↓", "higher": "↑"}
LEGEND = (
    "↑ higher is better, ↓ lower is better; the best of each column is bold. ± is half the 95 % interval, over notes "
    "and, where a model has several seeds, over these too. n is how many notes a mean is over (for F-RAVE's figures, "
    "how many batches of notes); a cell that is over fewer says so. Models are ranked as their decoders play; a table "
    "of another rendering says what comes of it when the knobs are met."
)


class Cell(NamedTuple):
    """What the table says of a model, and whether no other model's figure is better."""

    text: str
    best: bool = False


class Table(NamedTuple):
    """Cells (a row per model, its name first) below headings; definitions of the columns, empty where there is none."""

    title: str
    headings: list[str]
    rows: list[list[Cell]]
    definitions: list[str]


def tables(comparison: Comparison, quality: Figure, control: Figure) -> list[Table]:
    """All that is shown, the axes of the picture first: resynthesis, control, other renderings, settings."""
    found = [
        table(comparison, "Resynthesis", shown(comparison, (quality.name, *QUALITY))),
        table(comparison, "Control, as the decoders play", shown(comparison, (control.name, *CONTROL))),
    ]
    met = [figure for name in BESIDE for figure in comparison.beside(name)]
    for rendering in dict.fromkeys(figure.rendering for figure in met):
        figures = [figure for figure in met if figure.rendering == rendering]
        found.append(table(comparison, f"Knobs met, {rendering}", figures))
    found += [_beside_fits(comparison), _settings(comparison)]
    return [each for each in found if len(each.headings) > 2]


def shown(comparison: Comparison, names: Iterable[str], beside: Sequence[str] = ()) -> list[Figure]:
    """Figures by name, each once, those that no model has left out; some followed by those of other renderings."""
    found = comparison.figures()
    pairs = [(found[name], comparison.beside(name) if name in beside else []) for name in names if name in found]
    return list({figure.subject: figure for opened, others in pairs for figure in (opened, *others)}.values())


def table(comparison: Comparison, title: str, figures: Sequence[Figure], with_counts: bool = True) -> Table:
    """Model, seeds and figures."""
    best = [_best(comparison, figure) for figure in figures]
    rows = [
        [
            *(Cell(model.name), Cell(str(model.n_seeds))),
            *map(partial(_cell, comparison, model), figures, best),
        ]
        for model in comparison.models
    ]
    headings = [_heading(figure) + (_count(comparison, figure) if with_counts else "") for figure in figures]
    return Table(
        title,
        ["model", "seeds", *headings],
        rows,
        ["", "runs that differ in their seed", *(f.definition for f in figures)],
    )


def _beside_fits(comparison: Comparison) -> Table:
    """The network's part of what is lost, and what a fit of the synth and two noise seeds have."""
    each = [{between.name: between for between in model.bounds} for model in comparison.models]
    names = [name for name in BESIDE_FITS if any(name in bounds for bounds in each)]
    first = [next(bounds[name] for bounds in each if name in bounds) for name in names]
    rows = [
        [Cell(model.name), Cell(str(model.n_seeds)), *(Cell(_part(bounds.get(name))) for name in names)]
        for model, bounds in zip(comparison.models, each, strict=True)
    ]
    return Table(
        "The network's part of what is lost (in brackets: a fit of the synth; two noise seeds)",
        ["model", "seeds", *(f"{between.name} part ↓, n = {between.share.n}" for between in first)],
        rows,
        ["", "runs that differ in their seed", *(between.share.definition for between in first)],
    )


def _part(between: Between | None) -> str:
    if between is None:
        return "–"
    return f"{between.share.text} ({readable(between.fit.value)}; {readable(between.two_seeds.value)})"


def _settings(comparison: Comparison) -> Table:
    """What was set; nothing where the models are too unlike for a table."""
    settings = comparison.settings if len(comparison.settings) <= MOST_SETTINGS else []
    rows = [
        [Cell(model.name), Cell(str(model.n_seeds)), *(Cell(setting.texts[number]) for setting in settings)]
        for number, model in enumerate(comparison.models)
    ]
    names = [setting.name for setting in settings]
    return Table("What sets the models apart", ["model", "seeds", *names], rows, [""] * (len(names) + 2))


def markdown(shown_tables: Sequence[Table], footer: Sequence[str]) -> str:
    """Tables as Markdown, numbers to the right, sentences below."""
    blocks = []
    for each in shown_tables:
        cells = [
            [f"**{cell.text}**" if cell.best else cell.text.replace("|", "\\|") for cell in row] for row in each.rows
        ]
        rule = ["---", *["---:"] * (len(each.headings) - 1)]
        lines = [f"| {' | '.join(line)} |" for line in (each.headings, rule, *cells)]
        blocks.append(f"## {each.title}\n\n" + "\n".join(lines))
    return "\n\n".join([*blocks, *footer]) + "\n"


def name_of(figure: Figure) -> str:
    """With the rendering, if it is not the open one."""
    return figure.name if figure.rendering == OPEN else f"{figure.name} {figure.rendering}"


def _heading(figure: Figure) -> str:
    if figure.name == "unreachable":
        return "unreachable of requests"
    unit = "" if figure.unit in ("", "1") else f" ({figure.unit})"
    return f"{name_of(figure)}{unit} {ARROWS[figure.better]}"


def _count(comparison: Comparison, figure: Figure) -> str:
    """How many notes all that have a figure have it of; the most, where they differ."""
    counts = _counts(comparison, figure)
    if not counts or figure.name == "unreachable":
        return ""
    n, of = max(counts)
    return f", n = {n} of {of}" if n < of and len(counts) == 1 else f", n = {n}"


def _counts(comparison: Comparison, figure: Figure) -> set[tuple[int, int]]:
    """Over how many notes of how many the models have a figure."""
    each = (model.overall(figure.name, figure.rendering) for model in comparison.models)
    return {(found.n, found.of) for found in each if found is not None}


def _best(comparison: Comparison, figure: Figure) -> set[str]:
    """Names of the models with the best value of an open figure; of control, among those that turn all knobs."""
    if figure.rendering != OPEN:
        return set()
    contenders = comparison.contenders(figure)
    values = {model.name: found.value for model in contenders if (found := model.overall(figure.name))}
    if len(values) < 2:
        return set()
    best = (max if figure.better == "higher" else min)(values.values())
    return {name for name, value in values.items() if value == best}


def _cell(comparison: Comparison, model: Model, figure: Figure, best: set[str]) -> Cell:
    found = model.overall(figure.name, figure.rendering)
    if found is None:
        return Cell("–")
    if figure.name != "unreachable":
        is_told = len(_counts(comparison, figure)) > 1  # else the heading says it
        over = f" ({found.n} of {found.of} notes)" if found.n < found.of and is_told else ""
        text = found.text if figure.rendering == OPEN else readable(found.value)  # its interval is in compare.csv
        return Cell(text + over, model.name in best)
    requests = model.overall("requests")  # how many cannot be met depends on the notes more than on the model
    return Cell(f"{found.value:.0f} of {requests.value:.0f}" if requests else f"{found.value:.0f}")
