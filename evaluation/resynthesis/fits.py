"""What the synth could do with a note, and what its noise alone costs: both without a model's weights."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from evaluation.renderings import one_thread, same_noise
from evaluation.resynthesis.fit_memory import FitMemory, Remembered
from evaluation.resynthesis.pair import Metric
from evaluation.resynthesis.summary import NoteRow, measure_notes
from evaluation.resynthesis.tracking import RangedTracker, TrackedTarget
from lightning_modules.losses import MultiResolution
from studies.bounds import FIT, TWO_SEEDS
from synths import Clip, SMSSynth
from synths.fitting import N_STEPS, fit


class FittedSounds(NamedTuple):
    """A fit of the synth to a note: (1, N) with the noise that it was made with, and with two that it does not know.

    The first is what `timbre render --faithful` plays. A network does not know its noise beforehand either.
    """

    with_own: Tensor
    first: Tensor
    second: Tensor


@torch.no_grad()
def fitted_sounds(synth: SMSSynth, audio: Tensor, f0_hz: Tensor, n_steps: int = N_STEPS) -> FittedSounds:
    """Fit the parts of a synth to one note, its effects off, since these may be learnt. The same at every call.

    Partials that are no harmonics stay where a search for a sound would begin (`SMSSynth.start`).

    Args:
        synth: whose parts play
        audio: (1, N), whole frames
        f0_hz: (1, F) pitch in Hz
        n_steps: of Adam; 0 leaves what a heterodyne finds

    Raises:
        NotImplementedError: a part renders its parameters only
        ValueError: the clip is too short for the distance
    """
    started = synth.start(0.0, 0.0, 0.0).items()
    parameters = {name: raw.to(f0_hz).expand(1, f0_hz.shape[1], -1) for name, raw in started}
    with synth.dry(), same_noise(f0_hz.device), one_thread():
        noise = synth.white_noise(f0_hz)
        found = fit(synth, audio, f0_hz, synth.played(f0_hz, parameters), noise, MultiResolution(synth.clip), n_steps)
        played = found.moved(found.decoded)
        return FittedSounds(*(synth.play(f0_hz, played, each) for each in (noise, None, None)))


def why_not_fitted(synth: SMSSynth) -> str:
    """Why a synth cannot be fitted, in one sentence; empty where it can."""
    if parts := synth.parts_that_cannot_play():
        return f"Not fitted: {', '.join(parts)} cannot play other numbers than a decoder's parameters."
    try:
        MultiResolution(synth.clip)
    except ValueError:
        return f"Not fitted: clips of {synth.clip.duration_s:.3g} s are too short for the distance that a fit goes by."
    return ""


class NoteFits:
    """Figures of fits, each made once: every model of the same synth shares what is remembered of a note.

    Args:
        synth: whose parts are fitted
        metrics: the figures
        tracker: what hears the pitch of both sides
        memory: folder of what is remembered, a small file of JSON per note
    """

    def __init__(
        self, synth: SMSSynth, metrics: Sequence[Metric], tracker: RangedTracker, memory: Path | None = None
    ) -> None:
        self.synth, self.metrics, self.tracker = synth, metrics, tracker
        self.memory = None if memory is None else FitMemory(memory)
        said = [N_STEPS, repr(synth.parts), synth.sizes, synth.clip, tracker.identity]
        # Where ViSQOL is not installed its figure is empty, and later it might be.
        said += [[metric.name for metric in metrics], find_spec("visqol") is not None]
        learnt = b"".join(_bytes(values) for values in synth.parts.state_dict().values())
        self._said = repr(said).encode() + learnt

    def rows(self, note: Clip) -> list[NoteRow]:
        """One note -> what its fit reaches, and what two noise seeds of the fit differ by."""
        values = self._remembered(note) if self.memory else self._measured(note)
        return [NoteRow(note.name[0], values[rendering], rendering=rendering) for rendering in (FIT, TWO_SEEDS)]

    def _remembered(self, note: Clip) -> Remembered:
        """What a fit hangs on, and no weight of the network among it, is what it is remembered by."""
        assert self.memory
        key = self._said + _bytes(note.audio) + _bytes(note.f0_hz)
        values = self.memory.kept(key, (FIT, TWO_SEEDS), [metric.name for metric in self.metrics])
        if values is None:
            values = self._measured(note)
            self.memory.keep(key, values)
        return values

    def _measured(self, note: Clip) -> Remembered:
        sounds = fitted_sounds(self.synth, note.audio, note.f0_hz)
        found = {}
        for name, target, output in ((FIT, note.audio, sounds.first), (TWO_SEEDS, sounds.first, sounds.second)):
            pair = TrackedTarget(self.tracker, target, note.f0_hz, self.synth.clip).with_output(output)
            found[name] = measure_notes(self.metrics, pair, note.name)[0].values
        return found


def _bytes(values: Tensor) -> bytes:
    return values.detach().cpu().numpy().tobytes()
