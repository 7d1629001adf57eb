"""The page's exponentials in WebAssembly, four at a time: the engine's take a quarter of a voice's time.

    (func (export "exponential") (param $x i32) (param $y i32) (param $groups i32) (param $scale f32)
      (local $v v128) (local $k v128)
      (loop                              ;; four numbers: y = exp(scale * x)
        $v = min(max(load($x) * splat($scale), -87.3), 89)
        $k = nearest($v * log2(e)); $v -= $k * ln(2)         ;; in two parts, exactly
        $y := 2 * (polynomial($v) as bits + ($k - 1 as an exponent))
        $x += 16; $y += 16
        (br_if 0 ($groups -= 1))))
    (func (export "squash") …            ;; y = foot + height / (1 + exp(scale * x))

Sigmoid is a squash of scale -1, height 1 and foot 0, tanh one of -2, 2 and -1. The polynomial is that of `expf` of the
Cephes library (S. Moshier): off by 2e-7 of the value at most. What is too large is infinite, what is below 2.4e-38 is
0, NaN stays NaN.
"""

import math

from instrument import webassembly as wasm
from instrument.webassembly import Function, added, constant, floats, get, integers, memory, put, put_and_keep

X, Y, GROUPS, SCALE = range(4)
HEIGHT, FOOT = 4, 5
CEPHES = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
LN2_IN_TWO = (0.693359375, -2.12194440e-4)
"""ln 2 as a number of few bits, whose products with small integers are exact, and the rest."""


def exponential() -> Function:
    """`exponential`, see above."""
    v, k = 4, 5
    body = _each_group(_exponential_of_x(v, k) + put(v), get(v))
    return Function("exponential", [wasm.I32] * 3 + [wasm.F32], 0, 2, body)


def squash() -> Function:
    """`squash`, see above."""
    v, k = 6, 7
    divided = get(HEIGHT) + wasm.SPLAT + floats(1.0) + get(v) + wasm.F32X4_ADD + wasm.F32X4_DIVIDE
    body = _each_group(_exponential_of_x(v, k) + put(v), get(FOOT) + wasm.SPLAT + divided + wasm.F32X4_ADD)
    return Function("squash", [wasm.I32] * 3 + [wasm.F32] * 3, 0, 2, body)


def _each_group(before: bytes, value: bytes) -> bytes:
    """A loop over groups of four, which stores a value of each."""
    store = get(Y) + value + wasm.STORE + memory(2, 0)
    count = get(GROUPS) + constant(1) + wasm.I32_SUB + put_and_keep(GROUPS) + wasm.BRANCH_IF + b"\x00"
    return wasm.LOOP + before + store + added(X, constant(16)) + added(Y, constant(16)) + count + wasm.END_OF_BLOCK


def _exponential_of_x(v: int, k: int) -> bytes:
    """Push exp(scale x) of the four numbers at X, with two locals to work in."""
    load = get(X) + wasm.LOAD + memory(2, 0) + get(SCALE) + wasm.SPLAT + wasm.F32X4_MULTIPLY
    bounded = load + floats(-87.3) + wasm.F32X4_MAX + floats(89.0) + wasm.F32X4_MIN + put_and_keep(v)
    code = bounded + floats(math.log2(math.e)) + wasm.F32X4_MULTIPLY + wasm.F32X4_NEAREST + put(k)
    for part in LN2_IN_TWO:
        code += get(v) + get(k) + floats(part) + wasm.F32X4_MULTIPLY + wasm.F32X4_SUB + put(v)
    code += floats(CEPHES[0])
    for coefficient in (*CEPHES[1:], 1.0, 1.0):
        code += get(v) + wasm.F32X4_MULTIPLY + floats(coefficient) + wasm.F32X4_ADD
    # 2^(k - 1), and twice that: 2^128 itself is no number.
    exponent = get(k) + wasm.I32X4_FROM_F32X4 + integers(126) + wasm.I32X4_ADD + constant(23) + wasm.I32X4_SHIFT
    return code + exponent + wasm.F32X4_MULTIPLY + put_and_keep(v) + get(v) + wasm.F32X4_ADD
