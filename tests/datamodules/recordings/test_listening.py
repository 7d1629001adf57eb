"""What sounds in recordings that were put together on purpose."""

import json

import numpy as np
import pytest
import soundfile

from datamodules.recordings import listening
from datamodules.recordings.listening import File, Listener, Span
from sounds import sound_file
from sounds.audio import UnusableAudio

RATE = 22050


def tone(duration_s, level_db=-10.0):
    time_s = np.arange(round(duration_s * RATE)) / RATE
    return np.sqrt(2) * 10 ** (level_db / 20) * np.sin(2 * np.pi * 300 * time_s)


def write(path, *parts):
    soundfile.write(path, np.concatenate(parts), RATE)
    return str(path)


def files(folder, n_files):
    made = [write(folder / f"{number}.wav", tone(0.5 + 0.1 * number)) for number in range(n_files)]
    return [File(path.rsplit("/", 1)[1], path, "stamp", 1) for path in made]


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_stretches_of_sound_are_found_to_a_hundredth_of_a_second(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", np.zeros(RATE), tone(0.5), np.zeros(RATE), tone(1.0), np.zeros(RATE // 2))
    assert np.allclose(Listener(trim_db=60).listen(path).sounding, [(1.0, 1.5), (2.5, 3.5)], atol=0.011)


def test_silence_is_what_is_far_below_the_loudest(tmp_path):
    path = write(tmp_path / "a.wav", tone(1.0, -45), tone(1.0, -5), tone(1.0, -25))
    assert np.allclose(Listener(trim_db=30).listen(path).sounding, [(1.0, 3.0)], atol=0.011)
    assert np.allclose(Listener(trim_db=60).listen(path).sounding, [(0.0, 3.0)], atol=0.011)


def test_without_trimming_everything_sounds(tmp_path):
    path = write(tmp_path / "a.wav", np.zeros(RATE), tone(0.5), np.zeros(RATE))
    assert np.allclose(Listener().listen(path).sounding, [(0.0, 2.5)], atol=0.011)


def test_a_gap_shorter_than_a_note_is_no_rest(tmp_path):
    path = write(tmp_path / "a.wav", tone(0.5), np.zeros(RATE // 20), tone(0.5), np.zeros(RATE // 5), tone(0.5))
    assert np.allclose(Listener(trim_db=60).listen(path).sounding, [(0.0, 1.05), (1.25, 1.75)], atol=0.011)


def test_blocks_are_joined_without_a_seam(tmp_path, monkeypatch):
    path = write(tmp_path / "a.wav", tone(1.0), np.zeros(RATE), tone(2.0), np.zeros(RATE), tone(0.37))
    whole = Listener(trim_db=60, with_onsets=True).listen(path)
    monkeypatch.setattr(sound_file, "BLOCK_S", 0.0703)
    assert Listener(trim_db=60, with_onsets=True).listen(path) == whole and whole.onsets_s


def test_times_do_not_drift_over_minutes(tmp_path):
    path = write(tmp_path / "a.wav", np.zeros(200 * RATE), tone(1.0))
    assert Listener(trim_db=60).listen(path).sounding[0].start_s == pytest.approx(200.0, abs=0.011)


def without_header(path):
    """The MP3 without the frame that says how long it is."""
    data = path.read_bytes()
    return data[data.find(data[:2], 40) :]


def test_an_mp3_ends_where_its_samples_do_whatever_its_header_says(tmp_path):
    kind = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0}
    soundfile.write(tmp_path / "plain.mp3", tone(4.0), RATE, **kind)
    tag = b"ID3\x03\0\0" + bytes([0, 1, 28, 32]) + bytes(20000)
    (tmp_path / "tagged.mp3").write_bytes(tag + without_header(tmp_path / "plain.mp3"))
    assert soundfile.info(str(tmp_path / "tagged.mp3")).duration > 4.5
    assert Listener().listen(str(tmp_path / "tagged.mp3")).sounding[-1].end_s == pytest.approx(4.0, abs=0.15)


def test_an_mp3_that_can_be_read_in_part_only_is_unusable(tmp_path):
    noise = 0.3 * np.random.default_rng(0).standard_normal(10 * RATE)
    kind = {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.4}
    soundfile.write(tmp_path / "whole.mp3", np.concatenate([noise, tone(10.0, -60)]), RATE, **kind)
    (tmp_path / "headless.mp3").write_bytes(without_header(tmp_path / "whole.mp3"))
    assert Listener().listen(str(tmp_path / "whole.mp3")).sounding[-1].end_s == pytest.approx(20.0, abs=0.1)
    with pytest.raises(UnusableAudio, match="does not say how long"):
        Listener().listen(str(tmp_path / "headless.mp3"))


def test_why_a_file_cannot_be_used_is_said(tmp_path):
    write(tmp_path / "silent.wav", np.zeros(RATE))
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone(1.0)] * 2, axis=1), RATE)
    soundfile.write(tmp_path / "broken.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    flac = write(tmp_path / "whole.flac", np.random.default_rng(0).standard_normal(RATE) / 9)
    (tmp_path / "cut.flac").write_bytes(open(flac, "rb").read()[:9000])
    problems = {"silent": "silent from", "stereo": "2 channels", "broken": "finite", "cut": "is cut off"}
    for name, why in problems.items():
        with pytest.raises(UnusableAudio, match=why) as error:
            Listener(channel=None).listen(str(*tmp_path.glob(f"{name}.*")))
        assert f"{name}." in str(error.value)
    assert Listener(channel="mix").listen(str(tmp_path / "stereo.wav")).sounding


def test_several_processes_hear_what_one_does(tmp_path, monkeypatch):
    found = files(tmp_path, 9)
    alone = Listener(trim_db=60).listen_to_all(found, str(tmp_path / "one"))
    monkeypatch.setattr(listening, "WORTH_PROCESSES_BYTES", 0)
    assert Listener(trim_db=60).listen_to_all(found, str(tmp_path / "several")) == alone
    assert [contents.sounding for contents in alone.values()] == [
        [Span(0.0, pytest.approx(0.5 + 0.1 * number, abs=0.011))] for number in range(9)
    ]


def test_what_was_heard_survives_an_interruption_and_damage_does_not_matter(tmp_path, monkeypatch):
    found, heard, listen = files(tmp_path, 4), [], Listener.listen

    def interrupted(self, path):
        heard.append(path)
        if len(heard) == 3:
            raise KeyboardInterrupt
        return listen(self, path)

    monkeypatch.setattr(Listener, "listen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Listener().listen_to_all(found, str(tmp_path / "cache"))
    contents = Listener().listen_to_all(found, str(tmp_path / "cache"))
    assert len(heard) == 3 + 2 and list(contents) == [file.name for file in found]
    (kept,) = (tmp_path / "cache").iterdir()
    for damage in ("", "[]", json.dumps({"0.wav": 3})):
        kept.write_text(damage)
        assert Listener().listen_to_all(found, str(tmp_path / "cache")) == contents


def test_another_question_or_another_stamp_is_heard_anew(tmp_path):
    (first,) = files(tmp_path, 1)
    cache = str(tmp_path / "cache")
    assert Listener().listen_to_all([first], cache)["0.wav"].onsets_s == []
    assert Listener(with_onsets=True).listen_to_all([first], cache)["0.wav"].onsets_s == [0.0]
    write(tmp_path / "0.wav", tone(3.0))
    assert Listener().listen_to_all([first], cache)["0.wav"].sounding[0].end_s < 1
    assert Listener().listen_to_all([first._replace(stamp="new")], cache)["0.wav"].sounding[0].end_s > 2.9


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OSError, match=r"data\.cache"):
        Listener().listen_to_all(files(tmp_path, 1), str(tmp_path / "cache"))
