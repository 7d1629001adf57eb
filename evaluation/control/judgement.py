"""What was read of examined notes -> the figures of a report: sliders, F-RAVE's protocol, disentanglement."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from evaluation.control import (
    Column,
    ControlRow,
    FraveProtocol,
    KnobSweeps,
    control_figures,
    control_rows,
    measures_of,
    run_protocol,
)
from evaluation.control.examination import POSITIONS, ExaminationSettings, Examined, own_noise, watched
from evaluation.control.reach_memory import remembered_reach
from evaluation.control.reachability import met
from evaluation.control.target_curves import PublishedRange, curves_of, positions_of, resample_frames
from evaluation.disentanglement import disentanglement
from evaluation.renderings import Way, one_thread, turned_controls
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import Encoding
from studies.figure import OPEN, Figure
from synths import Descriptor, sounding_mean
from synths.signal import hz_to_midi


class Judgement(NamedTuple):
    """What every knob of every note did by each way of rendering, the same as rows, and all figures."""

    sweeps: list[KnobSweeps]
    rows: list[ControlRow]
    figures: list[Figure]


def judge(
    model: TimbreAutoencoder, examined: Examined, settings: ExaminationSettings, memory: Path, ways: Sequence[Way]
) -> Judgement:
    """Judge a model by notes on which it was examined.

    Args:
        model: that was examined, in eval mode
        examined: all notes
        settings: of the examination
        memory: folder that remembers which requests can be met
        ways: of rendering, in which the notes were examined, the open one first
    """
    sweeps = sweeps_of(model, examined, memory)
    rows = [control_rows(each) for each in sweeps]
    figures = [
        *_of_controls(rows[0], sweeps[0]),
        *frave_figures(model, examined, settings, ways[0]),
        *disentanglement_figures(model, examined, settings.seed),
    ]
    for way, own_rows, own_sweeps in list(zip(ways, rows, sweeps, strict=True))[1:]:
        with own_noise(way, model):
            followed = frave_figures(model, examined, settings, way)
        # The floor is a deaf system's, whatever the way.
        figures += [
            *_of_controls(own_rows, own_sweeps),
            *(figure._replace(rendering=way.name) for figure in followed if figure.name != "frave_floor"),
        ]
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


def frave_figures(
    model: TimbreAutoencoder, examined: Examined, settings: ExaminationSettings, way: Way
) -> list[Figure]:
    """F-RAVE's protocol on the notes examined, by one way of rendering, and what a deaf system scores on them.

    Most requests are blends of curves of the data set, whose common course is rewarded: deafness scores above 0.5.
    """
    published = settings.as_published
    protocol = FraveProtocol(published, passes=settings.passes, seed=settings.seed)
    frames = resample_frames(examined.positions.cpu().double().numpy(), protocol.n_frames, published)
    scale = PublishedRange.of(frames) if published else None

    def on_scale(positions: np.ndarray) -> np.ndarray:
        return scale.normalise(positions) if scale else curves_of(positions)

    def system(targets: np.ndarray, examples: slice) -> np.ndarray:
        asked = scale.restore(targets) if scale else positions_of(targets)
        return on_scale(resample_frames(_follow(model, examined, asked, examples, way), protocol.n_frames, published))

    heard = resample_frames(examined.sounding.cpu().numpy(), protocol.n_frames) > 0.5
    curves, knobs = on_scale(frames), model.encoder.knobs
    followed = run_protocol(system, curves, knobs, protocol, sounding=heard).figures()
    deaf = run_protocol(lambda _, examples: curves[examples], curves, knobs, protocol, sounding=heard).figures()
    floor = [
        figure._replace(name="frave_floor", definition="frave_score of a system that is deaf to every request.")
        for figure in deaf
        if figure.name == "frave_score"
    ]
    return followed + floor


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


@torch.no_grad()
def _follow(model: TimbreAutoencoder, examined: Examined, asked: np.ndarray, examples: slice, way: Way) -> np.ndarray:
    """(b, K, T) positions asked of some notes -> (b, K, F') positions measured on what is rendered."""
    controls, residual, f0_hz = (
        part[examples] for part in (examined.encoding.controls, examined.encoding.residual, examined.f0_hz)
    )
    curves = resample_frames(asked, f0_hz.shape[1]).swapaxes(1, 2)
    knobs = torch.from_numpy(np.ascontiguousarray(curves)).to(controls)
    turned = Encoding(torch.cat([knobs, controls[..., knobs.shape[-1] :]], dim=-1), residual, {})
    with one_thread():
        audio = way.follow(f0_hz, turned, examined.sounding[examples], turned_controls(model, [""] * len(f0_hz))).audio
    return model.encoder.knob_positions(audio, f0_hz, model.encoder.every).transpose(1, 2).cpu().double().numpy()


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
