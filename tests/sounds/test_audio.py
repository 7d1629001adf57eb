"""Sound files become mono clips at the rate of the run, and unusable ones say why."""

import os

import numpy as np
import pytest
import soundfile

from datamodules import UnusableAudio, read_audio, read_clip
from sounds.audio import blocks_at_rate, header_of, read_wav
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


def tone(sample_rate: int, duration_s: float = 1.0, f0_hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * f0_hz * np.arange(round(sample_rate * duration_s)) / sample_rate)


def peak_hz(audio: np.ndarray, sample_rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 8 * len(audio)))
    return float(np.argmax(spectrum) * sample_rate / (8 * len(audio)))


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("file_rate", [16000, 44100, 48000])
def test_every_format_and_rate_keeps_its_pitch(tmp_path, kind, file_rate):
    path = str(tmp_path / f"tone.{kind}")
    soundfile.write(path, tone(file_rate), file_rate)
    audio = read_clip(path, CLIP)
    assert audio.shape == (16000,) and audio.dtype == np.float32
    assert peak_hz(audio, 16000) == pytest.approx(440, abs=0.5)
    assert np.abs(audio[4000:12000]).max() == pytest.approx(0.5, abs=0.05)


def test_short_files_are_padded_and_long_ones_cropped(tmp_path):
    path = str(tmp_path / "tone.wav")
    soundfile.write(path, tone(16000, 0.5), 16000)
    audio = read_clip(path, CLIP)
    assert len(audio) == 16000 and not audio[8000:].any() and audio[7000:8000].any()
    assert len(read_audio(path, CLIP)) == 8000
    soundfile.write(path, tone(16000, 3.0), 16000)
    assert len(read_clip(path, CLIP)) == 16000
    assert len(read_audio(path, CLIP)) == 48000


def test_start_is_where_reading_starts(tmp_path):
    path = str(tmp_path / "tones.wav")
    soundfile.write(path, np.concatenate([tone(44100), tone(44100, f0_hz=660)]), 44100)
    assert peak_hz(read_clip(path, CLIP, start_s=1.0), 16000) == pytest.approx(660, abs=1)


def test_channel_chooses_one_of_several(tmp_path):
    path = str(tmp_path / "stereo.wav")
    soundfile.write(path, np.stack([tone(16000), tone(16000, f0_hz=880)], axis=1), 16000)
    assert peak_hz(read_clip(path, CLIP, channel=0), 16000) == pytest.approx(440, abs=1)
    assert peak_hz(read_clip(path, CLIP, channel=1), 16000) == pytest.approx(880, abs=1)
    assert np.abs(read_clip(path, CLIP, channel="mix")).max() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(read_clip(path, CLIP), read_clip(path, CLIP, channel="mix"))
    with pytest.raises(UnusableAudio, match=r"2 channels.*data\.channel"):
        read_clip(path, CLIP, channel=None)
    with pytest.raises(UnusableAudio, match="--channel asks for number 5"):
        read_audio(path, CLIP, channel=5, option="--channel")
    with pytest.raises(UnusableAudio, match="number 2"):
        read_clip(path, CLIP, channel=2)


@pytest.mark.parametrize("level_db", [-41, -60, -79])
def test_a_soft_sound_is_a_sound(tmp_path, level_db):
    audio = 10 ** (level_db / 20) * np.cos(np.arange(16000) * np.pi / 4)
    soundfile.write(tmp_path / "soft.wav", audio, 16000, subtype="FLOAT")
    assert np.abs(read_clip(str(tmp_path / "soft.wav"), CLIP)).max() == pytest.approx(10 ** (level_db / 20), rel=1e-3)


WRONG = {
    "text": (b"these are words, not sound", "cannot be read"),
    "nothing": (b"", "empty"),
    "empty": (np.zeros(0), "empty"),
    "silent": (1e-5 * tone(16000), "silent"),
    "brief": (tone(16000, 0.005), "control frame"),
    "infinite": (np.where(np.arange(16000) == 99, np.inf, 0.1), "not finite"),
    "not a number": (np.where(np.arange(16000) == 99, np.nan, 0.1), "not finite"),
}


WRONG |= {
    "nothing but an offset": (np.full(16000, 0.6), "silent"),
    "in the scale of 16 bits": (9000 * tone(16000), "16 bits: divide them by 32768"),
    "in the scale of 24 bits": (4e6 * tone(16000), "24 bits: divide them by 8388608"),
    "whole numbers": (np.rint(20 * tone(16000)), "8 bits"),
    "absurd": (1e30 * tone(16000), "not sound"),
    "as large as can be": (3.4e38 * np.sign(tone(16000)), "not sound"),
    "channels that cancel": (np.stack([tone(16000), 0.3 - tone(16000)], 1), r"cancel each other.*data\.channel 0"),
}
RATES = {1: False, 7: False, 100: False, 3999: False, 4000: True, 768000: True, 768001: False, 2**31 - 1: False}


@pytest.mark.parametrize("rate", RATES)
def test_a_rate_that_no_sound_has_is_refused_before_anything_is_read(tmp_path, rate):
    content = wav(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes(content[:24] + rate.to_bytes(4, "little") + content[28:])
    if RATES[rate]:
        assert header_of(str(tmp_path / "a.wav")).rate == rate
    else:
        with pytest.raises(UnusableAudio, match=f"{rate:,} samples a second"):
            read_clip(str(tmp_path / "a.wav"), CLIP)


@pytest.mark.parametrize("kind", ["wav", "aiff", "au", "w64", "rf64", "ogg", "opus", "mp3", "flac", "svx", "caf"])
def test_a_file_that_is_cut_off_is_refused_as_that(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    known = {"opus": ("OGG", "OPUS")}.get(kind, (kind.upper(), None))
    soundfile.write(path, tone(48000, 4.0), 48000, format=known[0], subtype=known[1])
    content = path.read_bytes()
    assert len(read_audio(str(path), CLIP)) >= 63990
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnusableAudio, match="is cut off"):
        read_audio(str(path), CLIP)


def test_a_header_that_claims_more_than_memory_holds_costs_nothing(tmp_path):
    soundfile.write(tmp_path / "a.flac", tone(16000), 16000)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[21] |= 0x0F  # the highest four of the 36 bits that count its samples
    content[22:26] = b"\xff" * 4
    (tmp_path / "a.flac").write_bytes(content)
    with pytest.raises(UnusableAudio, match="is cut off"):
        read_audio(str(tmp_path / "a.flac"), CLIP)


@pytest.mark.parametrize("claimed", [0, 3000])
@pytest.mark.parametrize("lead", [0, 8000])
def test_a_recorder_that_lost_power_is_named(tmp_path, claimed, lead):
    soundfile.write(tmp_path / "a.wav", np.concatenate([np.zeros(lead), tone(16000)]), 16000)
    content = (tmp_path / "a.wav").read_bytes()
    sizes = (36 + claimed).to_bytes(4, "little"), claimed.to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content[:4] + sizes[0] + content[8:40] + sizes[1] + content[44:])
    with pytest.raises(UnusableAudio, match=r"lost power.*ffmpeg -ignore_length 1 -i a\.wav"):
        read_clip(str(tmp_path / "a.wav"), CLIP)


def test_what_is_no_file_is_named_as_what_it_is(tmp_path):
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    for name, why in {"folder.wav": "is a folder", "pipe.wav": "is a pipe"}.items():
        with pytest.raises(UnusableAudio, match=why):
            read_clip(str(tmp_path / name), CLIP)
    with pytest.raises(UnusableAudio, match="is a pipe or a device"):
        read_clip("/dev/zero", CLIP)


@pytest.mark.parametrize("name", WRONG)
def test_unusable_files_say_which_and_why_in_one_sentence(tmp_path, name):
    content, reason = WRONG[name]
    path = tmp_path / f"{name}.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        soundfile.write(path, content, 16000, subtype="FLOAT")
    with pytest.raises(UnusableAudio, match=reason) as raised:
        read_clip(str(path), CLIP)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(UnusableAudio, match=r"gone\.wav does not exist"):
        read_clip(str(tmp_path / "gone.wav"), CLIP)


def wav(path, sample_rate=16000, subtype="PCM_16") -> bytes:
    soundfile.write(path, tone(sample_rate), sample_rate, subtype=subtype)
    return path.read_bytes()


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_bytes_in_memory_sound_like_their_file(tmp_path, subtype):
    for rate in (16000, 44100):
        content = wav(tmp_path / "tone.wav", rate, subtype)
        assert np.array_equal(read_wav(content, "tone", CLIP, rate), read_clip(str(tmp_path / "tone.wav"), CLIP))


def test_another_rate_than_stated_is_named(tmp_path):
    content = wav(tmp_path / "tone.wav", 22050)
    assert read_wav(content, "tone", CLIP).shape == (16000,)
    with pytest.raises(UnusableAudio, match="tar:tone is sampled at 22050 Hz but its data set says 16000 Hz"):
        read_wav(content, "tar:tone", CLIP, 16000)


def test_a_wav_file_that_is_cut_off_is_named(tmp_path):
    content = wav(tmp_path / "tone.wav")
    for cut in (content[:-2], content[:5000], content[:50]):
        with pytest.raises(UnusableAudio, match="tar:tone is cut off"):
            read_wav(cut, "tar:tone", CLIP)
    for size in (2**32 - 1, len(content) - 9):
        assert read_wav(content[:4] + size.to_bytes(4, "little") + content[8:], "tone", CLIP).any()


def test_bytes_that_are_not_sound_are_named():
    for content in (b"", b"RIFF", b"these are words, not sound"):
        with pytest.raises(UnusableAudio, match="tar:words"):
            read_wav(content, "tar:words", CLIP)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_blocks_at_the_runs_rate_are_what_is_read_at_once(tmp_path, monkeypatch, rate):
    """To the bit, however short the blocks."""
    audio = 0.2 * np.random.default_rng(0).standard_normal((rate, 2))
    soundfile.write(tmp_path / "in.wav", audio, rate, "FLOAT")
    monkeypatch.setattr("sounds.sound_file.BLOCK_S", 0.3)
    path, clip = str(tmp_path / "in.wav"), ClipFormat()
    blocks = list(blocks_at_rate(path, clip, 1, "--channel"))
    assert len(blocks) > 3 and np.array_equal(np.concatenate(blocks), read_audio(path, clip, channel=1))


@pytest.mark.parametrize(
    ("audio", "words"), [(np.zeros(16000), "silent"), (np.ones(50), "less than one control frame")]
)
def test_blocks_of_too_little_are_refused(tmp_path, audio, words):
    soundfile.write(tmp_path / "in.wav", audio, 16000, "FLOAT")
    with pytest.raises(UnusableAudio, match=words):
        list(blocks_at_rate(str(tmp_path / "in.wav"), ClipFormat(), "mix", "--channel"))
