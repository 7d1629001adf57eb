"""Predictions stay in their folder, whatever their clips are called."""

from types import SimpleNamespace

import pytest
import soundfile
import torch

from lightning_modules.callbacks import WriteAudio


@pytest.fixture
def write(tmp_path, second):
    """Write predictions of these names into a run's folder."""

    def run(*names, peak=0.0):
        trainer = SimpleNamespace(default_root_dir=str(tmp_path / "run"))
        outputs = SimpleNamespace(audio=torch.full((len(names), 160), peak))
        batch, module = SimpleNamespace(name=list(names)), SimpleNamespace(clip=second)
        callback = WriteAudio()
        callback.on_predict_batch_end(trainer, module, outputs, batch, 0)
        callback.on_predict_end(trainer, module)
        return sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.wav"))

    return run


def test_a_name_may_have_folders(write):
    written = write("a#0", "b/c", "b/../d", "..e")
    assert written == [f"run/predictions/{name}.wav" for name in ("..e", "a#0", "b/c", "d")]


@pytest.mark.parametrize("name", ["../x", "../../x", "/tmp/x", "a/../../x", "..", "../predictions2/x", "a\0b"])
def test_a_name_that_leads_out_is_refused(name, write, tmp_path):
    if name == "..":
        name = "../"
    with pytest.raises(ValueError, match=r"outside .*/predictions"):
        write(name)
    assert not list(tmp_path.rglob("*.wav"))


def test_a_folder_that_is_a_link_elsewhere_is_not_followed(write, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "predictions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="outside"):
        write("a")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_would_clip_is_lowered_and_counted(write, capsys, tmp_path):
    write("a", "b", peak=0.5)
    assert capsys.readouterr().out == f"Written: {tmp_path}/run/predictions (2 WAV files)\n"
    write("a", "b", peak=-2.0)
    assert "2 of them would have clipped: they are lowered to full scale" in capsys.readouterr().out
    assert soundfile.read(tmp_path / "run" / "predictions" / "a.wav")[0].min() == -1.0
