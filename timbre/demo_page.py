"""One page to show for a training run: numbers, a note beside its resynthesis, and a knob turned; works offline."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jinja2
import torch
from matplotlib.figure import Figure
from torch import Tensor

from evaluation.resynthesis import readable_interval
from lightning_modules.pictures import pair_figure, sweep_figure
from output.data_urls import audio_url, data_url
from output.numbers import readable
from output.pictures import png_bytes
from output.whole_files import write_text
from studies.figure import MetricSummary
from synths.clip import ClipFormat

PEAK = 0.98
TEMPLATE = Path(__file__).with_name("demo_page.html")


class Training(NamedTuple):
    """What was trained: the run's name, its data in words, optimiser steps, and parameters learnt."""

    run: str
    data: str
    n_steps: int
    n_parameters: int


class Resynthesis(NamedTuple):
    """A held-out note: its name, and target and output (N,)."""

    note: str
    target: Tensor
    output: Tensor


class ShownSweep(NamedTuple):
    """One note at P positions of one knob.

    Attributes:
        name: of the knob
        unit: of its descriptor
        positions: P knob positions, 0..1 within the training range
        asked_readings: P values asked for, in the unit
        measured_readings: P values the descriptor reads on the audio, in the unit, NaN where it reads none
        open_readings: P values that it reads on what the decoder plays, before it is corrected
        audios: (P, N)
    """

    name: str
    unit: str
    positions: Sequence[float]
    asked_readings: Sequence[float]
    measured_readings: Sequence[float]
    open_readings: Sequence[float]
    audios: Tensor


class Player(NamedTuple):
    """A sound on the page: what it is called, a line of detail, and the sound itself as a data URL."""

    label: str
    detail: str
    url: str


def write_report_page(
    path: Path,
    training: Training,
    metrics: Sequence[MetricSummary],
    resynthesis: Resynthesis,
    sweeps: Sequence[ShownSweep],
    next_commands: Sequence[str],
    clip: ClipFormat,
) -> None:
    """Write one HTML file that carries its sounds and pictures and asks nothing of any network.

    Args:
        path: of the page; its folder is made if missing
        training: what was trained
        metrics: as summarize() gives them
        resynthesis: a note the run has not trained on
        sweeps: one section each
        next_commands: what to type next, a line each
        clip: format of all audio on the page
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"readable": readable, "interval": readable_interval}
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        training=training,
        metrics=metrics,
        note=resynthesis.note,
        pair_url=data_url(
            "image/png", png_bytes(pair_figure(resynthesis.target, resynthesis.output, clip, resynthesis.note))
        ),
        pair_players=_pair_players(resynthesis, clip),
        sweeps=[(sweep, _sweep_url(sweep, clip), _sweep_players(sweep, clip)) for sweep in sweeps],
        next_commands=next_commands,
    )
    write_text(path, page)


def _pair_players(resynthesis: Resynthesis, clip: ClipFormat) -> list[Player]:
    """The note and its resynthesis, ready to play."""
    urls = _audio_urls(torch.stack([resynthesis.target, resynthesis.output]), clip.sample_rate)
    labels, details = ("Target", "Resynthesis"), ("as recorded", "as the synth plays it")
    return [Player(*player) for player in zip(labels, details, urls, strict=True)]


def _sweep_players(sweep: ShownSweep, clip: ClipFormat) -> list[Player]:
    """The note at every position of the knob, ready to play."""
    urls = _audio_urls(sweep.audios, clip.sample_rate)
    details = [
        f"asked {readable(asked)}, measured {readable(read)} {sweep.unit}; "
        f"{readable(uncorrected)} as the decoder plays it"
        for asked, read, uncorrected in zip(
            sweep.asked_readings, sweep.measured_readings, sweep.open_readings, strict=True
        )
    ]
    labels = [f"{sweep.name} at {position:.2f}" for position in sweep.positions]
    return [Player(*player) for player in zip(labels, details, urls, strict=True)]


def _sweep_url(sweep: ShownSweep, clip: ClipFormat) -> str:
    """The picture of a sweep as a data URL."""
    return data_url("image/png", png_bytes(figure_of(sweep, clip)))


def figure_of(sweep: ShownSweep, clip: ClipFormat) -> Figure:
    """The picture of a sweep."""
    return sweep_figure(
        sweep.audios,
        sweep.positions,
        sweep.measured_readings,
        sweep.asked_readings,
        sweep.name,
        sweep.unit,
        clip,
        sweep.open_readings,
    )


def _audio_urls(audios: Tensor, sample_rate: int) -> list[str]:
    """(P, N) sounds to be compared -> a data URL each, turned down together if any would clip."""
    audios = torch.nan_to_num(audios.detach().cpu().float(), posinf=0.0, neginf=0.0)
    common_gain = min(1.0, PEAK / max(audios.abs().max().item(), PEAK))
    return [audio_url((common_gain * audio).numpy(), sample_rate) for audio in audios]
