"""What a package exports, imported when it is first asked for: torch takes seconds, and help should not."""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


def exports_of(package: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package that writes its exports once, as imports below `if TYPE_CHECKING:`.

    Args:
        package: its `__name__`

    Raises:
        AttributeError: by what is returned, of a name that the package does not export
    """
    module = sys.modules[package]

    @cache
    def homes() -> dict[str, str]:
        return dict(_homes(Path(str(module.__file__))))

    def exported(name: str) -> Any:
        if name.startswith("__") or name not in homes():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(homes()[name]), name)
        setattr(module, name, value)
        return value

    return exported


def _homes(source: Path) -> Iterator[tuple[str, str]]:
    """Each name that is imported below `if TYPE_CHECKING:`, and the module that it is imported from."""
    for block in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(block, ast.If):
            for line in block.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    for name in line.names:
                        names = import_module(line.module).__all__ if name.name == "*" else [name.name]
                        yield from ((each, line.module) for each in names)
