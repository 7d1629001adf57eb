"""One word per thing: no class name stands twice, a batch is not called like its format, docstrings begin plainly."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.glob("[a-z]*/**/*.py"))
}
SOURCES = {path: tree for path, tree in TREES.items() if not path.startswith("tests/")}
DOUBLED = {
    "Level",  # a knob and an augmentation: configurations and checkpoints name both
}


def doubled(trees: Mapping[str, ast.Module]) -> set[str]:
    """Names of classes that are defined more than once."""
    names = [node.name for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {name for name, count in Counter(names).items() if count > 1}


def docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """All strings that stand alone: of modules, classes and functions, and those below constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def begins_with_of(tree: ast.Module) -> list[int]:
    """Lines of docstrings that leave out what they are about."""
    return [text.lineno for text in docstrings(tree) if str(text.value).lstrip().startswith("Of ")]


def mistaken_clips(tree: ast.Module) -> list[str]:
    """Arguments that call a batch `clip` or a format `clips`."""
    wrong = {("clip", "Clip"), ("clips", "ClipFormat")}
    arguments = [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation]
    return [ast.unparse(each) for each in arguments if (each.arg, ast.unparse(each.annotation or each)) in wrong]


def test_finds_what_is_wrong():
    """The tests below are not void."""
    twice = ast.parse('class A:\n    """Of a page."""\nclass A:\n    def of(self, clip: Clip, clips: ClipFormat): ...')
    below = ast.parse('N = 1\n"""Of an epoch."""')
    assert doubled({"a.py": twice}) == {"A"} and doubled({"a.py": twice, "b.py": below}) == {"A"}
    assert begins_with_of(twice) == [2] and begins_with_of(below) == [2]
    assert mistaken_clips(twice) == ["clip: Clip", "clips: ClipFormat"]
    assert len(SOURCES) > 200 and "synths/clip.py" in SOURCES and "tests/test_house.py" in TREES


def test_no_class_name_is_defined_twice():
    assert doubled(SOURCES) <= DOUBLED


def test_no_docstring_begins_with_of():
    assert {path: lines for path, tree in TREES.items() if (lines := begins_with_of(tree))} == {}


def test_a_batch_is_called_clips_and_a_format_clip():
    assert {path: wrong for path, tree in SOURCES.items() if (wrong := mistaken_clips(tree))} == {}
