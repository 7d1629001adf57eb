"""`timbre predict`: the resyntheses as files."""

from typing import Any

from lightning import Callback, Trainer

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.callbacks.listen import write_wav
from studies.run_folder import RunFolder
from synths import Clip


class WriteAudio(Callback):
    """Writes every predicted clip to predictions/NAME.wav in the run's folder."""

    def on_predict_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TimbreAutoencoder, outputs: Rendering, batch: Clip, batch_idx: int, *_: Any
    ) -> None:
        """Write one batch.

        Raises:
            ValueError: a clip's name leads out of the folder
        """
        folder = RunFolder(trainer.default_root_dir).predictions
        for name, audio in zip(batch.name, outputs.audio.cpu(), strict=True):
            path = folder / f"{name}.wav"
            if "\0" in name or folder.parent.resolve() / folder.name not in path.resolve().parents:
                raise ValueError(f"the clip {name!r} would be written outside {folder}: give it another name.")
            write_wav(path, audio, module.clip.sample_rate)
