"""What each operation of a network becomes: a view, or steps of the page's runner."""

from typing import Any

import numpy as np

from instrument.graph_moves import MOVES
from instrument.graph_program import Lower, Steps, attributes
from instrument.graph_sums import SUMS


def _plain(kind: str) -> Lower:
    """For each number by itself."""

    def lower(steps: Steps, node: Any) -> None:
        name = node.output[0]
        steps.step(kind, steps.place(name, steps.known[name].shape), [steps.view(each) for each in node.input])

    return lower


def _chain(kind: str) -> Lower:
    """Any number of inputs, two at a time."""

    def lower(steps: Steps, node: Any) -> None:
        name, (first, *others) = node.output[0], [steps.view(each) for each in node.input]
        to = steps.place(name, steps.known[name].shape)
        steps.step(kind if others else "copy", to, [first, *others[:1]])
        for other in others[1:]:
            steps.step(kind, to, [to, other])

    return lower


def _cast(steps: Steps, node: Any) -> None:
    before, name = steps.known[node.input[0]].dtype, node.output[0]
    after = steps.known[name].dtype
    if after.kind == "b" and before.kind != "b":
        steps.step("truth", steps.place(name, steps.known[name].shape), [steps.view(node.input[0])])
    elif np.issubdtype(after, np.integer) and np.issubdtype(before, np.floating):
        steps.step("trunc", steps.place(name, steps.known[name].shape), [steps.view(node.input[0])])
    else:
        steps.views[name] = steps.view(node.input[0])


def _clipped(steps: Steps, node: Any) -> None:
    name, (value, *ends) = node.output[0], node.input
    to, source = steps.place(name, steps.known[name].shape), steps.view(value)
    kinds = [(kind, end) for kind, end in zip(("max", "min"), ends, strict=False) if end]
    for kind, end in kinds:
        steps.step(kind, to, [source, steps.view(end)])
        source = to
    if not kinds:
        steps.step("copy", to, [source])


def _powered(steps: Steps, node: Any) -> None:
    base, exponent = (steps.view(name) for name in node.input)
    name = node.output[0]
    to = steps.place(name, steps.known[name].shape)
    fixed = node.input[1] in steps.fixed and np.prod(exponent.shape) == 1
    if fixed and steps.number(node.input[1]) == 2.0:
        steps.step("mul", to, [base, base])
    elif fixed and steps.number(node.input[1]) == 0.5:
        steps.step("sqrt", to, [base])
    else:
        steps.step("pow", to, [base, exponent])


def _divided(steps: Steps, node: Any) -> None:
    is_whole = np.issubdtype(steps.known[node.output[0]].dtype, np.integer)
    _plain("quotient" if is_whole else "div")(steps, node)


def _leaky(steps: Steps, node: Any) -> None:
    name = node.output[0]
    slope = steps.constant(np.array([attributes(node).get("alpha", 0.01)]))
    steps.step("leaky", steps.place(name, steps.known[name].shape), [steps.view(node.input[0]), slope])


PLAIN = {
    "Add": "add", "Sub": "sub", "Mul": "mul", "Sqrt": "sqrt", "Exp": "exp", "Log": "log", "Tanh": "tanh",
    "Sigmoid": "sigmoid", "Relu": "relu", "Neg": "neg", "Abs": "abs", "Sign": "sign", "Reciprocal": "reciprocal",
    "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sin": "sin", "Cos": "cos", "Greater": "greater",
    "Less": "less", "GreaterOrEqual": "at_least", "LessOrEqual": "at_most", "Equal": "equal", "And": "and",
    "Or": "or", "Not": "not",
    "Where": "where", "IsNaN": "is_nan", "IsInf": "is_infinite", "Mod": "mod",
}  # fmt: skip
STEPS: dict[str, Lower] = {
    **{name: _plain(kind) for name, kind in PLAIN.items()},
    **{"Min": _chain("min"), "Max": _chain("max"), "Sum": _chain("add")},
    **{"Cast": _cast, "CastLike": _cast, "Clip": _clipped, "Pow": _powered, "Div": _divided, "LeakyRelu": _leaky},
    **MOVES,
    **SUMS,
}
"""Operation -> what makes steps of it."""
