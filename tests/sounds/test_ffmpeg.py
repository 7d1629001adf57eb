"""What phones write is read through ffmpeg where it is there, and otherwise refused with the command."""

import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from sounds import ffmpeg
from sounds.audio import UnusableAudio, header_of, read_audio
from synths.clip import ClipFormat

CLIP = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture
def phone(tmp_path):
    """A stereo memo of 440 Hz whose name looks like an option."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * 44100) / 44100)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], 1), 44100)
    path = tmp_path / "-memo 1.m4a"
    if shutil.which("ffmpeg"):
        subprocess.run(
            ["ffmpeg", "-v", "error", "-i", tmp_path / "tone.wav", "-c:a", "aac", f"file:{path}"], check=True
        )
    return path


@needs_ffmpeg
@pytest.mark.parametrize("named", [True, False])
def test_a_memo_of_a_phone_is_read(phone, named):
    path = phone if named else phone.rename(phone.with_suffix(".wav"))
    assert header_of(str(path)) == (44100, 2)
    audio = read_audio(str(path), CLIP)
    spectrum = np.abs(np.fft.rfft(audio[8000:24000]))
    assert len(audio) == pytest.approx(32000, abs=1500) and spectrum.argmax() == 440
    assert read_audio(str(path), CLIP, 0.5, 0.5) == pytest.approx(audio[8000:16000], abs=2e-2)


@needs_ffmpeg
def test_one_that_is_cut_off_or_names_other_files_is_refused(phone, tmp_path):
    phone.write_bytes(phone.read_bytes()[:-2000])
    (tmp_path / "list.m4a").write_text("#EXTM3U\n#EXTINF:2,\ntone.wav\n")
    for path in (phone, tmp_path / "list.m4a"):
        with pytest.raises(UnusableAudio, match="cannot be read as sound"):
            read_audio(str(path), CLIP)


def test_without_ffmpeg_the_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ffmpeg.shutil, "which", lambda program: None)
    (tmp_path / "memo.m4a").write_bytes(b"\0\0\0\x1cftypM4A ")
    with pytest.raises(UnusableAudio, match=r"needs the program ffmpeg.*ffmpeg -i 'memo\.m4a' 'memo\.wav'"):
        read_audio(str(tmp_path / "memo.m4a"), CLIP)
