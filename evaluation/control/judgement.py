"""What was read of examined notes -> the figures of a report: sliders, F-RAVE's protocol, disentanglement."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from evaluation.control import (
    Column,
    ControlRow,
    KnobSweeps,
    control_figures,
    control_rows,
    measures_of,
)
from evaluation.control.asked_curves import AskedCurves
from evaluation.control.examination import POSITIONS, ExaminationSettings, Examined, watched
from evaluation.control.reach_memory import remembered_reach
from evaluation.control.reachability import met
from evaluation.disentanglement import disentanglement
from lightning_modules.autoencoder import TimbreAutoencoder
from studies.figure import OPEN, Figure
from synths import Descriptor, sounding_mean
from synths.signal import hz_to_midi

ROUNDING = 1e-4
"""Positions that an end of a knob's reach may be off."""


class Judgement(NamedTuple):
    """What every knob of every note did by each way of rendering, the same as rows, and all figures."""

    sweeps: list[KnobSweeps]
    rows: list[ControlRow]
    figures: list[Figure]


def judge(
    model: TimbreAutoencoder,
    examined: Examined,
    settings: ExaminationSettings,
    memory: Path,
    followed: Mapping[str, Sequence[Tensor]],
) -> Judgement:
    """Judge a model by notes on which it was examined.

    Args:
        model: that was examined, in eval mode
        examined: all notes
        settings: of the examination
        memory: folder that remembers which requests can be met
        followed: for each way of rendering, the open one first, how it followed the `AskedCurves` of every batch
    """
    sweeps, asked = sweeps_of(model, examined, memory), AskedCurves(model, examined, settings)
    rows, figures = [control_rows(each) for each in sweeps], []
    for own_rows, own_sweeps, (rendering, answers) in zip(rows, sweeps, followed.items(), strict=True):
        figures += [*_of_controls(own_rows, own_sweeps), *asked.figures(answers, rendering)]
        if rendering == OPEN:
            figures += disentanglement_figures(model, examined, settings.seed)
    return Judgement(sweeps, [row for own in rows for row in own], figures)


def _of_controls(rows: list[ControlRow], sweeps: KnobSweeps) -> list[Figure]:
    return control_figures(rows, sweeps.columns, measures_of(sweeps.reach_unknown))


def sweeps_of(model: TimbreAutoencoder, examined: Examined, memory: Path) -> list[KnobSweeps]:
    """What every knob of every note did by each way of rendering, and which requests can be met at all.

    These are the same for all ways: what the search finds, and what the open rendering met.
    """
    descriptors, n_knobs, positions = watched(model), len(model.encoder.knobs), torch.tensor(POSITIONS)
    knobs, n_notes = descriptors[:n_knobs], len(examined.notes)
    asked = torch.stack([knob.value_at(positions.to(knob.span)) for knob in knobs]).cpu()
    unknown = _reach_unknown(model)
    reachable = _reachable(model, examined, knobs, None if unknown else memory).cpu().numpy()
    in_reach = _in_reach(examined, knobs).cpu().numpy()
    recorded = sounding_mean(examined.readings, examined.sounding)[:, :n_knobs]
    return [
        KnobSweeps(
            notes=examined.notes,
            columns=[*map(_column, descriptors), Column("f0", "cents", 0.0, 1200.0, 10.0)],
            n_knobs=n_knobs,
            positions=np.array(POSITIONS),
            asked_readings=asked.double().expand(n_notes, -1, -1).numpy(),
            own_readings=_numbers(answers.own_readings),
            measured_readings=_numbers(answers.measured_readings),
            reachable=reachable,
            in_reach=in_reach,
            recorded_readings=_numbers(recorded),
            frame_errors_jnd=_numbers(answers.frame_errors_jnd),
            cost=_numbers(answers.cost),
            rendering=name,
            reach_unknown=unknown,
        )
        for name, answers in examined.answers.items()
    ]


def _numbers(values: Tensor) -> np.ndarray:
    return np.asarray(values.cpu().double().numpy())


def disentanglement_figures(model: TimbreAutoencoder, examined: Examined, seed: int) -> list[Figure]:
    """What controls and residual say of the descriptors, in the frames that sound."""
    every = model.encoder.judged_every
    controls, residual = (part[:, ::every] for part in (examined.encoding.controls, examined.encoding.residual))
    heard = examined.sounding.bool()
    columns = (
        torch.cat([controls, residual], dim=-1),
        residual,
        examined.readings,
        hz_to_midi(examined.f0_hz[:, ::every]),
    )
    code, left, factor, pitch = (values[heard].cpu().double().numpy() for values in columns)
    groups = np.repeat(np.arange(len(heard)), heard.sum(dim=1).cpu().numpy())
    return disentanglement(code, left, factor, [each.name for each in watched(model)], pitch, groups, seed)


def _reachable(
    model: TimbreAutoencoder, examined: Examined, knobs: Sequence[Descriptor], memory: Path | None
) -> Tensor:
    """(N, K, P) whether any setting of the synth meets a request, or its decoder just did; all where nobody knows."""
    held = _in_positions(sounding_mean(examined.readings, examined.sounding), knobs)
    asked = held[:, None, None].repeat(1, len(knobs), len(POSITIONS), 1)
    for knob in range(len(knobs)):
        asked[:, knob, :, knob] = torch.tensor(POSITIONS).to(asked)
    if memory is None:
        return torch.ones(asked.shape[:3], dtype=torch.bool)
    f0_hz = examined.f0_hz.median(dim=1).values[:, None, None].expand(asked.shape[:3])
    found = remembered_reach(knobs, model.synth, f0_hz.flatten(), asked.flatten(0, 2), memory)
    measured = _in_positions(examined.answers[OPEN].measured_readings, knobs)
    return found.view(asked.shape[:3]) | met(measured, asked, knobs)


def _in_reach(examined: Examined, knobs: Sequence[Descriptor]) -> Tensor:
    """(N, K, P) whether a position lies between the ends that training notes near the pitch reach, but for rounding."""
    asked = torch.tensor(POSITIONS).to(examined.f0_hz)
    ends = (knob.range.reach(examined.f0_hz.median(dim=1).values) for knob in knobs)
    return torch.stack(
        [(low[:, None] <= asked + ROUNDING) & (asked - ROUNDING <= high[:, None]) for low, high in ends], dim=1
    )


def _reach_unknown(model: TimbreAutoencoder) -> str:
    """Why it is not known which requests can be met; empty where it is."""
    wordless = model.synth.parts_without_layers()
    if not wordless:
        return ""
    return f"which can be met is not known, because {', '.join(wordless)} of the synth cannot say what it plays."


def _column(descriptor: Descriptor) -> Column:
    low, high = descriptor.span.tolist()
    return Column(descriptor.name, descriptor.unit, low, high, descriptor.jnd, descriptor.curve)


def _in_positions(values: Tensor, knobs: Sequence[Descriptor]) -> Tensor:
    """(..., J) values in units -> (..., K) positions of the knobs, the first K of them."""
    return torch.stack([knob.position_of(values[..., index]) for index, knob in enumerate(knobs)], dim=-1)
