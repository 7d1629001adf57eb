"""The comparison with reference values: which values belong together, how errors are counted, when it fails."""

import sys
from math import inf, nan
from pathlib import Path

import librosa
import pytest
import soundfile
import torch

from benchmarks import agreement
from benchmarks.agreement import (
    PAIRS,
    DescriptorPair,
    Measured,
    errors_of,
    odd_even_db,
    pitch_hz,
    read_reference,
    row,
    table,
    unmatched,
)
from synths import Brightness, Depth, Loudness, Sharpness, SpectralCentroid

CENTROID = DescriptorPair(SpectralCentroid, "librosa", "centroid_mean", relative=True, tolerance=1e-3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A second of noise with its true centroid, a sound without rows and rows without a sound."""
    noise = 0.1 * torch.randn(16050).numpy()
    for name in ("a_p69_16k.wav", "extra.wav"):
        soundfile.write(tmp_path / name, noise, 16000, subtype="FLOAT")
    hertz = librosa.feature.spectral_centroid(y=noise, sr=16000, n_fft=1024, hop_length=256).mean()
    rows = ["file,source,descriptor,value,unit", f"a_p69_16k.wav,librosa,centroid_mean,{hertz},Hz"]
    rows += ["gone.wav,analytic,f0,100.0,Hz"]
    (tmp_path / "reference.csv").write_text("\n".join(rows))
    return tmp_path


def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The command."""
    monkeypatch.setattr(sys, "argv", ["agreement", str(folder)])
    return agreement.main()


def test_agreement_is_seen(folder, monkeypatch, capsys):
    """Our centroid is librosa's: met, exit code 0, and what has no partner is named."""
    assert run(folder, monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "| spectral_centroid | librosa centroid_mean | relative | 16000 | 1 |" in printed and "| yes |" in printed
    assert "without rows: extra.wav; without a file: gone.wav." in printed


def test_disagreement_is_an_exit_code(folder, monkeypatch, capsys):
    """A reference 1 % away is ten times the tolerance."""
    (value,) = read_reference(folder / "reference.csv")["a_p69_16k.wav"].values()
    text = (folder / "reference.csv").read_text().replace(str(value), str(1.01 * value))
    (folder / "reference.csv").write_text(text)
    assert run(folder, monkeypatch) == 1 and "**no**" in capsys.readouterr().out


def test_pitch_is_known_or_not():
    """From this file, from the same sound at another rate, from the note in the name; a sound's own row first."""
    f0 = ("analytic", "f0")
    reference = {"a_p69_44k.wav": {f0: 330.0}, "b_16k.wav": {f0: 100.0}, "b_44k.wav": {f0: 101.0}}
    assert pitch_hz("a_p69_16k.wav", reference) == 330.0
    assert (pitch_hz("b_16k.wav", reference), pitch_hz("b_44k.wav", reference)) == (100.0, 101.0)
    assert pitch_hz("c_p57_v100_16k.wav", reference) == pytest.approx(220.0)
    assert pitch_hz("noise_16k.wav", reference) is None


def test_nothing_is_compared_without_the_pitch_it_needs(folder):
    """Depth of a sound without pitch has no error; brightness has."""
    values = {("timbral_models", "depth"): 50.0, ("timbral_models", "brightness"): 50.0}
    pairs = [
        DescriptorPair(Depth, "timbral_models", "depth"),
        DescriptorPair(Brightness, "timbral_models", "brightness"),
    ]
    path = folder / "extra.wav"
    assert [one.pair.ours for one in errors_of(path, None, values, pairs)] == [Brightness]
    assert [one.pair.ours for one in errors_of(path, 440.0, values, pairs)] == [Depth, Brightness]


def test_errors_are_counted_in_our_unit():
    """Absolute, relative, and after conversion."""
    assert DescriptorPair(Sharpness, "", "").error(1.2, 1.0) == pytest.approx(0.2)
    assert DescriptorPair(Loudness, "", "", relative=True).error(12.0, 10.0) == pytest.approx(0.2)
    assert DescriptorPair(Loudness, "", "", relative=True).error(0.0, 0.0) == 0.0
    assert DescriptorPair(Sharpness, "", "", in_our_unit=odd_even_db).error(10.0, 10.0) == pytest.approx(0.0, abs=0.1)


def test_odd_even_ratio_in_our_decibels():
    """0 dB for equal parts; nothing even or nothing odd is 30 dB."""
    assert odd_even_db(1.0) == 0.0
    assert odd_even_db(inf) == pytest.approx(30.0, abs=0.01) == -odd_even_db(0.0)


def test_tolerance_depends_on_the_rate():
    """Brightness may be half a point off at 16 kHz, not at 44.1."""
    brightness = next(pair for pair in PAIRS if pair.ours is Brightness)
    for rate, met in ((16000, True), (44100, False)):
        assert row(brightness, rate, [Measured(brightness, rate, "a.wav", 0.4)])[1] is met


def test_row_names_the_worst_file():
    """Median, 95th percentile and maximum of 1..41 thousandths, and whose the maximum is."""
    errors = [Measured(CENTROID, 16000, f"{n}.wav", 1e-3 * n) for n in range(41, 0, -1)]
    line, met = row(CENTROID, 16000, errors)
    assert line.endswith("| 41 | 0.021 | 0.039 | 0.041 | 41.wav | 0.001 | **no** |") and not met


def test_not_a_number_meets_no_tolerance():
    """One NaN among good files fails the table."""
    errors = [Measured(CENTROID, 16000, "good.wav", 0.0), Measured(CENTROID, 16000, "bad.wav", nan)]
    text, met = table(errors, [CENTROID])
    assert not met and "bad.wav" in text


def test_everything_has_its_partner(tmp_path):
    """Nothing is said where all files have rows."""
    (tmp_path / "a.wav").touch()
    assert unmatched(tmp_path, {"a.wav": {}}) == ""
