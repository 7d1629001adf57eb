"""A performer that learns from notes: pitch, strength and instrument in, courses of level and pitch out."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning import LightningModule
from torch import Tensor, nn

from instrument.played_notes import BANK_HZ
from lightning_modules.autoencoder import batch_seed
from lightning_modules.provenance import provenance
from performing.judged import Played, judged
from performing.note_curves import NoteCurves, fast, note_curves, strengths
from synths import Clip, ClipFormat
from synths.descriptors import Level

N_QUANTILES = 21
"""Of the tops of an instrument's notes, by which a strength that no name tells is told."""
RANGE_BATCHES = 256
"""Batches of training notes that instruments and their tops are taken from."""
TIMES_S = (0.01, 0.03, 0.1, 0.4)
"""After which the features of age fall to a third: an attack is heard by the short ones, a decay by the long."""
LONGEST_S, LATE_S = 4.0, 1.0
"""Age, and time after the release, behind which features no longer change."""
LEVEL_DB, PITCH_CENTS = 10.0, 10.0
"""What a one at the network's output stands for."""
ATTACK_S, ATTACK_WEIGHT = 0.2, 3.0
LIVELIEST = 4.0
"""By how much a fluctuation may be raised to be that of the notes."""
MONITORED_AS = "validation/reconstruction"


class Conditions(NamedTuple):
    """What is known of B notes before they sound: instrument (B,), index; midi (B,); strength (B,), 0..1."""

    instrument: Tensor
    midi: Tensor
    strength: Tensor


class Courses(NamedTuple):
    """What is expected of B notes over T frames.

    Attributes:
        db: (B, T) level below the top
        cents: (B, T) pitch above the note's
        spread_db, spread_cents: (B, T) standard deviation of what fluctuates around them
        state: (B, T, W) of the network, after each frame
    """

    db: Tensor
    cents: Tensor
    spread_db: Tensor
    spread_cents: Tensor
    state: Tensor


class Performer(LightningModule):
    """How notes go: a trend for each frame, and fluctuations around it that are drawn.

    The trend is learnt by its absolute error, which alone would leave notes without life. What is faster than 0.2 s is
    learnt as a distribution, a first-order autoregression whose spread the network says for each frame; validation
    scales it to be as lively, by its standard deviation, as the notes are (measured as `fast` measures).

    Args:
        clip: format of the clips that notes are heard in
        width: of the recurrent layer
        n_instruments: most that are told apart; others, and notes of none, share one
        learning_rate: of Adam, falling to a twentieth along a cosine
        fluctuation_weight: of the fluctuations' negative log likelihood
        pitch_weight: of the error in pitch, tens of cents, beside that of level, tens of dB
    """

    names: list[str]

    def __init__(
        self,
        clip: ClipFormat,
        width: int = 64,
        n_instruments: int = 64,
        learning_rate: float = 3e-3,
        fluctuation_weight: float = 0.1,
        pitch_weight: float = 0.3,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.clip = clip
        self.learning_rate, self.fluctuation_weight, self.pitch_weight = learning_rate, fluctuation_weight, pitch_weight
        self.level = Level(clip)
        self.instruments = nn.Embedding(n_instruments + 1, 8)
        nn.init.normal_(self.instruments.weight, std=0.1)
        self.recurrent = nn.GRU(2 * len(TIMES_S) + 3 + 11, width, batch_first=True)
        self.heads = nn.Linear(width + 11, 4)
        self.top = nn.Sequential(nn.Linear(11, 32), nn.SiLU(), nn.Linear(32, 1))
        self.kept = nn.Parameter(torch.zeros(2))
        self.register_buffer("liveliness", torch.ones(2))
        self.register_buffer("tops_db", torch.zeros(n_instruments + 1, N_QUANTILES))
        self.liveliness: Tensor
        self.tops_db: Tensor
        self.names = []
        self.seed = 0
        self.f0_tracker: str | None = None
        self._heard: list[tuple[float, float, float, float]] = []

    def known(self, conditions: Conditions) -> Tensor:
        """(B, 11) what the network is told of each note."""
        octaves = (conditions.midi - 60.0) / 24.0
        numbers = torch.stack([octaves, octaves**2, 2.0 * conditions.strength - 1.0], dim=1)
        return torch.cat([self.instruments(conditions.instrument), numbers], dim=1)

    def courses(self, known: Tensor, age_s: Tensor, released_s: Tensor, state: Tensor | None = None) -> Courses:
        """What is expected.

        Args:
            known: (B, 11)
            age_s: (B, T) since the note began
            released_s: (B, T) since it was let go; below 0 while it is held
            state: (B, W) of the frame before; None where the note begins
        """
        further = known[:, None].expand(-1, age_s.shape[1], -1)
        given = torch.cat([_features(age_s, released_s), further], dim=2)
        states, _ = self.recurrent(given, None if state is None else state[None].contiguous())
        db, cents, spread_db, spread_cents = self.heads(torch.cat([states, further], dim=2)).unbind(2)
        spreads = [nn.functional.softplus(each - 2.0) + 1e-3 for each in (spread_db, spread_cents)]
        return Courses(LEVEL_DB * db, PITCH_CENTS * cents, 5.0 * spreads[0], 5.0 * spreads[1], states)

    def expected_top_db(self, known: Tensor) -> Tensor:
        """(B, 11) -> (B,) level at the loudest."""
        top: Tensor = 10.0 * self.top(known)[:, 0] - 30.0
        return top

    def drawn(
        self, courses: Courses, generator: torch.Generator, before: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Fluctuations around a course.

        Args:
            courses: of B notes
            generator: to draw from, on the CPU
            before: (B, 2) fluctuations of the frame before, in standard deviations; None draws them

        Returns:
            (B, T, 2) in dB and cents; (B, 2) the last ones in standard deviations
        """
        kept = torch.sigmoid(self.kept)
        shape = (*courses.db.shape, 2)
        noise = torch.randn(shape, generator=generator).to(courses.db) * (1.0 - kept**2).sqrt()
        now = torch.randn((shape[0], 2), generator=generator).to(noise) if before is None else before
        each = []
        for frame in range(shape[1]):
            now = kept * now + noise[:, frame]
            each.append(now)
        spread = torch.stack([courses.spread_db, courses.spread_cents], dim=2) * self.liveliness
        return torch.stack(each, dim=1) * spread, now

    def conditions(self, notes: Sequence[NoteCurves]) -> Conditions:
        """What is known of notes."""
        index = [self.index_of(note.instrument) for note in notes]
        strength = strengths(notes, self.tops_db[index].cpu().numpy())
        midi = torch.tensor([note.midi for note in notes], dtype=torch.float32, device=self.device)
        return Conditions(torch.tensor(index, device=self.device), midi, torch.from_numpy(strength).to(midi))

    def index_of(self, instrument: str) -> int:
        """Its row; 0 for one that was not heard in training."""
        return self.names.index(instrument) + 1 if instrument in self.names else 0

    def training_step(self, clips: Clip, batch_idx: int) -> Tensor:
        """Sum of weighted terms, each logged."""
        notes = note_curves(clips, self.clip, self.level)
        if not notes:
            return 0.0 * self.heads.weight.sum()
        known = self.known(self.conditions(notes))
        batch = _Padded(notes, self.device)
        courses = self.courses(known, batch.age_s, batch.released_s)
        tops_db = torch.tensor([note.top_db for note in notes], device=self.device, dtype=torch.float32)
        terms = {
            "level": batch.mean((courses.db - batch.db).abs() / LEVEL_DB, batch.weight),
            "pitch": self.pitch_weight * batch.mean((courses.cents - batch.cents).abs() / PITCH_CENTS, batch.sure),
            "top": 0.1 * (self.expected_top_db(known) - tops_db).abs().mean() / LEVEL_DB,
            "fluctuation": self.fluctuation_weight * self._surprise(courses, batch),
        }
        self.log_dict({f"train/{name}": value.detach() for name, value in terms.items()}, batch_size=len(notes))
        total = torch.stack([*terms.values()]).sum()
        self.log("train/loss", total.detach(), batch_size=len(notes))
        return total

    def _surprise(self, courses: Courses, batch: "_Padded") -> Tensor:
        """Negative log likelihood of the fast fluctuations, given the frame before."""
        kept = torch.sigmoid(self.kept)
        found = []
        spreads = (courses.spread_db, courses.spread_cents)
        for which, (x, spread, counts) in enumerate(
            zip((batch.fast_db, batch.fast_cents), spreads, batch.lively, strict=True)
        ):
            scaled = x / spread
            step = (1.0 - kept[which] ** 2).sqrt()
            new = (scaled[:, 1:] - kept[which] * scaled[:, :-1]) / step
            lost = 0.5 * new**2 + torch.log(step * spread[:, 1:])
            found.append(batch.mean(lost.clamp_max(20.0), counts[:, 1:] * counts[:, :-1]))
        return torch.stack(found).mean()

    def validation_step(self, clips: Clip, batch_idx: int) -> None:
        """Log the level's error in dB, top included, and hear how lively both sides are."""
        notes = note_curves(clips, self.clip, self.level)
        if not notes:
            return
        known, batch = self.known(self.conditions(notes)), _Padded(notes, self.device)
        courses = self.courses(known, batch.age_s, batch.released_s)
        drawn, _ = self.drawn(courses, torch.Generator().manual_seed(batch_idx))
        unscaled = (drawn / self.liveliness).cpu().numpy()
        tops_db = self.expected_top_db(known)
        errors = [
            batch.mean((courses.db[row] + tops_db[row] - note.top_db - batch.db[row]).abs(), batch.counts[row])
            for row, note in enumerate(notes)
        ]
        for row in range(len(notes)):
            counted = [batch.lively[which][row].cpu().numpy() > 0 for which in range(2)]
            real = [batch.fast_db[row].cpu().numpy(), batch.fast_cents[row].cpu().numpy()]
            spreads = [_spread(x, which) for x, which in zip(real, counted, strict=True)]
            spreads += [_spread(fast(unscaled[row, :, which]), counted[which]) for which in range(2)]
            self._heard.append((spreads[0], spreads[2], spreads[1], spreads[3]))
        logged = {MONITORED_AS: torch.stack(errors).mean()}
        self.log_dict(logged, prog_bar=True, batch_size=len(notes), sync_dist=True)

    def test_step(self, clips: Clip, batch_idx: int) -> list[dict[str, float]]:
        """Play the notes of a batch, and judge them."""
        notes = note_curves(clips, self.clip, self.level)
        if not notes:
            return []
        number = self.trainer.datamodule.test_batches[batch_idx]  # type: ignore[attr-defined]
        played = self.played(notes, torch.Generator().manual_seed(number))
        return [judged(note, each) for note, each in zip(notes, played, strict=True)]

    @torch.no_grad()
    def played(self, notes: Sequence[NoteCurves], generator: torch.Generator | None) -> list[Played]:
        """Notes of the same pitch, strength, instrument and length, played; without a generator nothing fluctuates."""
        known, batch = self.known(self.conditions(notes)), _Padded(notes, self.device)
        courses = self.courses(known, batch.age_s, batch.released_s)
        both = torch.stack([courses.db, courses.cents], dim=2)
        if generator is not None:
            both = both + self.drawn(courses, generator)[0]
        tops_db, curves = self.expected_top_db(known).tolist(), both.double().cpu().numpy()
        lengths = [len(note.db) for note in notes]
        return [
            Played(top_db, curves[row, :n, 0], curves[row, :n, 1])
            for row, (top_db, n) in enumerate(zip(tops_db, lengths, strict=True))
        ]

    def on_validation_epoch_end(self) -> None:
        """Scale what is drawn to be as lively as the notes are."""
        heard, self._heard = np.array(self._heard).reshape(-1, 4), []
        for which in range(2):
            real, made = heard[:, 2 * which], heard[:, 2 * which + 1]
            both = np.isfinite(real) & np.isfinite(made)
            if both.any() and made[both].mean() > 0:
                ratio = real[both].mean() / made[both].mean()
                self.liveliness[which] = float(np.clip(ratio, 1.0 / LIVELIEST, LIVELIEST))

    def setup(self, stage: str) -> None:
        """Remember the seed and the data's pitch tracker."""
        if stage == "fit":
            self.seed = torch.initial_seed()
        tracker = getattr(getattr(self.trainer, "datamodule", None), "tracker", None)
        self.f0_tracker = self.f0_tracker or getattr(tracker, "identity", None)

    def on_fit_start(self) -> None:
        """Learn which instruments there are and how loud they play, once in the life of a run.

        Raises:
            ValueError: no training clip sounds
        """
        if bool(self.tops_db.any()):
            return
        tops: dict[str, list[float]] = {}
        for clips in self.trainer.datamodule.clips_for_ranges(RANGE_BATCHES):  # type: ignore[attr-defined]
            there = clips._replace(audio=clips.audio.to(self.device), f0_hz=clips.f0_hz.to(self.device))
            for note in note_curves(there, self.clip, self.level):
                tops.setdefault(note.instrument, []).append(note.top_db)
        if not tops:
            raise ValueError("no training clip sounds: there is nothing to learn notes from.")
        self.names = sorted(tops, key=lambda name: (-len(tops[name]), name))[: len(self.tops_db) - 1]
        shares = np.linspace(0.0, 1.0, N_QUANTILES)
        everything = np.quantile(np.concatenate([*tops.values()]), shares)
        rows = [everything, *(np.quantile(tops[name], shares) for name in self.names)]
        self.tops_db[: len(rows)] = torch.from_numpy(np.array(rows)).to(self.tops_db)
        self.tops_db[len(rows) :] = self.tops_db[0]

    def on_train_batch_start(self, batch: Clip, batch_idx: int) -> None:
        """Seed this batch from the run, its number and the process alone: a resumed run draws the same."""
        n_trained = self.trainer.fit_loop.epoch_loop.batch_progress.total.processed  # type: ignore[attr-defined]
        torch.manual_seed(batch_seed(self.seed, n_trained, self.global_rank))

    def configure_optimizers(self) -> Any:
        """Adam, its rate on a cosine over the planned steps."""
        optimizer = torch.optim.Adam(self.parameters(), lr=self.learning_rate)
        n_steps = self.trainer.estimated_stepping_batches

        def falling(step: int) -> float:
            return 0.05 + 0.475 * (1.0 + math.cos(math.pi * min(1.0, step / n_steps)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, falling)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Say what made the checkpoint."""
        origin = {**provenance(), "f0_tracker": self.f0_tracker, "knobs": [], "seed": self.seed}
        checkpoint["interpretsynth"] = {**origin, "instruments": self.names}

    def on_load_checkpoint(self, checkpoint: Mapping[str, Any]) -> None:
        """Know the instruments."""
        self.remember(checkpoint)

    def remember(self, checkpoint: Mapping[str, Any]) -> None:
        """Take from a checkpoint what its weights do not say."""
        origin = checkpoint["interpretsynth"]
        self.names, self.seed = list(origin["instruments"]), origin.get("seed", self.seed)
        self.f0_tracker = origin["f0_tracker"]


class _Padded:
    """Notes of several lengths side by side: (B, T) of each."""

    def __init__(self, notes: Sequence[NoteCurves], device: torch.device) -> None:
        longest = max(len(note.db) for note in notes)

        def padded(rows: Sequence[np.ndarray]) -> Tensor:
            filled = [np.pad(np.asarray(row, np.float32), (0, longest - len(row))) for row in rows]
            return torch.from_numpy(np.stack(filled)).to(device)

        self.db = padded([note.db for note in notes])
        self.cents = padded([np.nan_to_num(note.cents) for note in notes])
        self.counts = padded([np.ones(len(note.db)) for note in notes])
        frame = torch.arange(longest, device=device) / BANK_HZ
        self.age_s = frame.expand(len(notes), -1)
        released = torch.tensor([note.release / BANK_HZ for note in notes], device=device)
        self.released_s = self.age_s - released[:, None]
        held = self.counts * (self.released_s <= 0)
        self.sure = held * padded([np.isfinite(note.cents) for note in notes])
        self.weight = self.counts * (1.0 + (ATTACK_WEIGHT - 1.0) * (self.age_s < ATTACK_S))
        self.fast_db = padded([fast(note.db) for note in notes])
        self.fast_cents = padded([fast(np.nan_to_num(note.cents)) for note in notes])
        lively = padded([note.lively for note in notes])
        self.lively = (lively, lively * padded([_all_sure(note.cents) for note in notes]))

    @staticmethod
    def mean(values: Tensor, counts: Tensor) -> Tensor:
        """Over what counts; 0 where nothing does."""
        return (values * counts).sum() / counts.sum().clamp_min(1.0)


def _all_sure(cents: np.ndarray) -> np.ndarray:
    """(T,) where the pitch is sure all around: a gap that is filled with the median would be life."""
    unsure = np.convolve(~np.isfinite(cents), np.ones(21), mode="same")
    return unsure < 0.5


def _spread(x: np.ndarray, counted: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x[counted] ** 2))) if counted.sum() > 10 else math.nan


def _features(age_s: Tensor, released_s: Tensor) -> Tensor:
    """(B, T) each -> (B, T, 11)."""
    age_s, held = age_s.clamp_max(LONGEST_S), (released_s < 0).float()
    after_s = released_s.clamp(0.0, LATE_S)
    ages = [torch.exp(-age_s / each) for each in TIMES_S]
    afters = [(1.0 - held) * torch.exp(-after_s / each) for each in TIMES_S]
    return torch.stack([*ages, *afters, held, torch.log1p(10.0 * age_s) / 3.0, (1.0 - held) * after_s], dim=2)
