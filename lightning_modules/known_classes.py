"""What a file may name: the classes that our packages export, and nothing that Python could import besides."""

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from jsonargparse import _actions, _typehints

COMPONENTS = (
    *("synths", "synths.descriptors", "synths.descriptors.audio_commons"),
    *("lightning_modules.encoders", "lightning_modules.decoders", "lightning_modules.losses"),
)
"""Packages whose exports a model is made of: all that a checkpoint may name."""

_OURS = ("synths", "sounds", "datamodules", "lightning_modules")
"""Rooms that classes which files may name are defined in: a package may export what a room below it defines."""

_READERS: tuple[Any, ...] = (_actions, _typehints)
"""Modules of the parser that import what a value names, each by a function `import_object`."""


class UnknownClass(ImportError, ValueError):
    """A name that no file may make Python import; the parser takes either base for a wrong value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is none of the classes that a file may name")


def class_names(*packages: str) -> frozenset[str]:
    """Dotted paths of the classes that packages of ours export: in the package, and where they are defined.

    Names are compared as text: a path through our modules to something of another library is not among them.
    """
    found: set[str] = set()
    for package in packages:
        module = import_module(package)
        for name in module.__all__:
            kind = getattr(module, name)
            if inspect.isclass(kind) and kind.__module__.split(".")[0] in _OURS:
                found |= {f"{package}.{name}", f"{kind.__module__}.{kind.__qualname__}"}
    return frozenset(found)


@contextmanager
def only_known(names: Collection[str]) -> Iterator[list[str]]:
    """Meanwhile the parser of configurations imports nothing by any other name; gives a list of what was refused.

    It imports through one function, whatever it reads: files, the command line, checkpoints, at every depth. That is
    where names are checked, before anything is imported.
    """
    refused: list[str] = []
    plain = [reader.import_object for reader in _READERS]

    def checked(import_object: Callable[..., Any]) -> Callable[..., Any]:
        def import_known(name: Any, *args: Any, **options: Any) -> Any:
            if isinstance(name, str) and name not in names:
                refused.append(name)
                raise UnknownClass(name)
            return import_object(name, *args, **options)

        return import_known

    for reader, function in zip(_READERS, plain, strict=True):
        reader.import_object = checked(function)
    try:
        yield refused
    finally:
        for reader, function in zip(_READERS, plain, strict=True):
            reader.import_object = function
