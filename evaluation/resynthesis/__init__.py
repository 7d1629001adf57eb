"""What `timbre test` reports of a resynthesis, one number per note and metric."""

from evaluation.resynthesis.pair import Metric, Pair
from evaluation.resynthesis.partials import HarmonicError
from evaluation.resynthesis.reconstruction import (
    F0L1,
    CentroidL1,
    FlatnessL1,
    LoudnessL1,
    StraySound,
    TemporalCentroidL1,
)
from evaluation.resynthesis.spectral import LogSpectralDistance, MagnitudeSNR, MultiResolutionSTFT
from evaluation.resynthesis.summary import (
    NoteRow,
    measure_notes,
    measured,
    not_finite_sentence,
    readable_interval,
    summarize,
    summary_table,
    write_report,
)
from evaluation.resynthesis.visqol import ViSQOL
from evaluation.resynthesis.waveform import SISDR, SNR

QUICK_METRICS: tuple[type[Metric], ...] = (
    F0L1,
    LoudnessL1,
    CentroidL1,
    FlatnessL1,
    TemporalCentroidL1,
    SNR,
    SISDR,
    MagnitudeSNR,
    MultiResolutionSTFT,
    LogSpectralDistance,
    HarmonicError,
    StraySound,
)
"""All that cost next to nothing; ViSQOL takes about half a second a note."""

METRICS: tuple[type[Metric], ...] = (*QUICK_METRICS, ViSQOL)

__all__ = [
    "F0L1",
    "METRICS",
    "QUICK_METRICS",
    "SISDR",
    "SNR",
    "CentroidL1",
    "FlatnessL1",
    "HarmonicError",
    "LogSpectralDistance",
    "LoudnessL1",
    "MagnitudeSNR",
    "Metric",
    "MultiResolutionSTFT",
    "NoteRow",
    "Pair",
    "StraySound",
    "TemporalCentroidL1",
    "ViSQOL",
    "measure_notes",
    "measured",
    "not_finite_sentence",
    "readable_interval",
    "summarize",
    "summary_table",
    "write_report",
]
