"""What a folder holds, on sounds whose length, bandwidth and noise are known."""

import numpy as np
import pytest
import soundfile

from datamodules.recordings.material import look_at, material_of

RATE = 44100
RNG = np.random.default_rng(0)


def tone(seconds, highest_hz, f0_hz=220.0, gain=0.02):
    """All partials alike, up to a frequency."""
    time = np.arange(round(seconds * RATE)) / RATE
    return gain * sum(np.sin(2 * np.pi * k * f0_hz * time) for k in range(1, int(highest_hz / f0_hz) + 1))


@pytest.fixture
def write(tmp_path):
    """Name, (n,) or (n, channels) -> the path of a file."""

    def written(name, audio, rate=RATE):
        soundfile.write(tmp_path / name, audio, rate, "FLOAT")
        return str(tmp_path / name)

    return written


@pytest.mark.parametrize(("highest_hz", "found"), [(3900.0, (3900, 4500)), (15900.0, (15900, 16100))])
def test_the_bandwidth_is_that_of_the_sound(write, highest_hz, found):
    """Within a sixth of an octave, and a click is not heard."""
    sound = tone(1.0, highest_hz)
    sound[RATE // 2 : RATE // 2 + 3] += 0.9
    look = look_at(write("a.wav", sound))
    assert found[0] <= look.bandwidth_hz <= found[1] and look.noise_db == np.inf


def test_noise_in_the_pauses_is_no_bandwidth(write):
    """White noise 46 dB below the loudest frame: its place is found, and what it covers does not count."""
    sound = np.concatenate([tone(1.0, 3900.0), np.zeros(RATE // 2)])
    loudest = np.sqrt((sound[:RATE] ** 2).mean())
    look = look_at(write("a.wav", sound + 10 ** (-46 / 20) * loudest * RNG.standard_normal(len(sound))))
    assert look.bandwidth_hz < 4500 and look.noise_db == pytest.approx(46, abs=2.5)


def test_the_quiet_end_of_a_note_is_no_noise(write):
    decay = 10 ** (-np.linspace(0, 60, RATE) / 20)
    assert look_at(write("a.wav", tone(1.0, 3900.0) * decay)).noise_db == np.inf


def test_a_folder(write, tmp_path):
    """Two notes with a pause, a stereo file and one that is no sound."""
    rest = np.zeros(RATE // 2)
    write("a.wav", np.concatenate([tone(1.0, 7000.0), rest, tone(1.5, 7000.0)]))
    write("b.wav", np.stack([tone(1.25, 7000.0)] * 2, 1))
    (tmp_path / "c.wav").write_text("no sound")
    material = material_of(str(tmp_path), str(tmp_path / "cache"))
    assert sorted(material.contents) == ["a.wav", "b.wav"] and "cannot be read" in material.unusable["c.wav"]
    assert (material.rate, material.n_stereo, material.trim_db) == (RATE, 1, 60.0)
    assert material.sounding_s == pytest.approx(3.75, abs=0.05)
    assert material.stretches_s == pytest.approx([1.0, 1.25, 1.5], abs=0.03)
    # Clips of a second: three of a.wav (the last begins in its second note), one of b.wav and its last quarter.
    assert material.n_clips(1.0) == 5 and material.n_clips(4.0) == 2
    assert material.sounding_share(4.0) == pytest.approx(3.75 / 8, abs=0.01)


def test_an_empty_folder_has_nothing(tmp_path):
    material = material_of(str(tmp_path), str(tmp_path / "cache"))
    assert material.sounding_s == 0.0 and material.sounding_share(1.0) == 0.0 and len(material.stretches_s) == 0
