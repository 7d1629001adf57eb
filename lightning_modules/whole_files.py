"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import soundfile


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Write to the path this gives; it becomes `path` when all went well, and is removed when not.

    Raises:
        OSError: it cannot be written; the message names `path`
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        if isinstance(error, soundfile.SoundFileError):
            raise OSError(None, "cannot be written; is there room?", str(path)) from error
        raise
