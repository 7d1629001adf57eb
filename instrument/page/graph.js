"use strict";
// Runs a compiled graph (instrument/graph.py): buffers are made once, and `run` makes nothing.
// Every value is [buffer, offset, strides] of one Float32Array, the memory of the WebAssembly module that multiplies.

// What a step does with its numbers a, b, c.
const EACH = {
  copy: "a", add: "a + b", sub: "a - b", mul: "a * b", div: "a / b", quotient: "Math.trunc(a / b)",
  mod: "a - b * Math.floor(a / b)", pow: "Math.pow(a, b)", min: "Math.min(a, b)", max: "Math.max(a, b)",
  sqrt: "Math.sqrt(a)", exp: "Math.exp(a)", log: "Math.log(a)", tanh: "Math.tanh(a)",
  sigmoid: "1 / (1 + Math.exp(-a))", relu: "a > 0 ? a : 0", leaky: "a > 0 ? a : a * b", neg: "-a", abs: "Math.abs(a)",
  sign: "Math.sign(a)", reciprocal: "1 / a", floor: "Math.floor(a)", ceil: "Math.ceil(a)", trunc: "Math.trunc(a)",
  round: "Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)", sin: "Math.sin(a)", cos: "Math.cos(a)",
  greater: "a > b ? 1 : 0", less: "a < b ? 1 : 0", at_least: "a >= b ? 1 : 0", at_most: "a <= b ? 1 : 0",
  equal: "a === b ? 1 : 0", and: "a && b ? 1 : 0", or: "a || b ? 1 : 0", not: "a ? 0 : 1", truth: "a ? 1 : 0",
  where: "a ? b : c", is_nan: "a !== a ? 1 : 0", is_infinite: "Math.abs(a) === Infinity ? 1 : 0",
};
// What a step gathers over inner axes: where it starts, what each number does, how it ends.
const OVER = {
  sum: ["0", "sum + a", "sum"], mean: ["0", "sum + a", "sum / count"], dot: ["0", "sum + a * b", "sum"],
  max: ["-Infinity", "Math.max(sum, a)", "sum"], min: ["Infinity", "Math.min(sum, a)", "sum"],
};
// What the WebAssembly module does four at a time: instrument/exponential_code.py.
const QUICK = { exp: ["exponential", 1], sigmoid: ["squash", -1, 1, 0], tanh: ["squash", -2, 2, -1] };
const NAMES = ["a", "b", "c"];
const written = new Map();

// Loops over axes, outermost first. Address k starts at `from(k)`; strides lie in the array `strides`, axis by axis.
function loops(rank, prefix, sizes, strides, count, from, body) {
  let text = "";
  const address = (axis, k) => (axis < 0 ? from(k) : `${prefix}${axis}_${k}`);
  for (let axis = 0; axis < rank; axis++) {
    const starts = Array.from({ length: count }, (_, k) => `${address(axis, k)} = ${address(axis - 1, k)}`);
    const steps = Array.from({ length: count }, (_, k) => `${address(axis, k)} += ${strides}[${axis * count + k}]`);
    text += `for (let ${prefix}${axis} = 0, ${starts.join(", ")}; ${prefix}${axis} < ${sizes}[${axis}]; `;
    text += `${prefix}${axis}++, ${steps.join(", ")}) {`;
  }
  return text + body((k) => address(rank - 1, k)) + "}".repeat(rank);
}

// What a power does whose base or exponent is known: an exponential costs a fifth of it.
function powerOf(base, exponent) {
  if (base > 0) return `Math.exp(b * ${Math.log(base)})`;
  if (exponent === 2) return "a * a";
  if (exponent === null) return EACH.pow;
  return `a > 0 ? Math.exp(${exponent} * Math.log(a)) : Math.pow(a, ${exponent})`;
}

// One function for each kind of step and number of axes, so that the engine makes fast code of it.
function loopOf(kind, rank, arity, innerRank, does = EACH[kind]) {
  const key = `${kind} ${rank} ${arity} ${innerRank} ${does}`;
  if (!written.has(key)) {
    const given = (at, skip) => NAMES.slice(0, arity).map((name, k) => `const ${name} = h[${at(k + skip)}];`).join("");
    const each = (at) => `${given(at, 1)} h[${at(0)}] = ${does};`;
    const over = (at) => {
      const [start, step, end] = OVER[kind];
      const inner = loops(innerRank, "j", "over", "by", arity, (k) => at(k + 1), (inside) =>
        `${given(inside, 0)} sum = ${step};`);
      return `let sum = ${start}; ${inner} h[${at(0)}] = ${end};`;
    };
    const body = loops(rank, "i", "sizes", "strides", arity + 1, (k) => `bases[${k}]`, innerRank ? over : each);
    written.set(key, new Function("h", "bases", "sizes", "strides", "over", "by", "count", body));
  }
  return written.get(key);
}

// Whether the numbers of a view lie one behind the other.
function isDense(sizes, strides) {
  let step = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    if (sizes[axis] !== 1 && strides[axis] !== step) return false;
    step *= sizes[axis];
  }
  return true;
}

// All addresses of a view, in order.
function addressesOf(base, sizes, strides) {
  const total = sizes.reduce((product, size) => product * size, 1);
  return Int32Array.from({ length: total }, (_, index) => {
    let address = base;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      address += (index % sizes[axis]) * strides[axis];
      index = Math.floor(index / sizes[axis]);
    }
    return address;
  });
}

class Graph {
  // described, blob: of instrument/graph.py; code: bytes of the WebAssembly module.
  constructor(described, blob, code) {
    const starts = [];
    let total = 0;
    for (const size of described.sizes) {
      starts.push(total);
      total += Math.ceil(size / 4) * 4;
    }
    const wasm = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    wasm.memory.grow(Math.ceil((total * 4) / 65536));
    this.numbers = new Float32Array(wasm.memory.buffer, 0, total);
    this.starts = starts;
    this.wasm = wasm;
    this.multiply = wasm.multiply;
    for (const constant of described.constants) this.keep(constant, described.sizes, blob);
    this.constants = new Set(described.constants.map(([buffer]) => buffer));
    this.inputs = this.named(described.inputs);
    this.outputs = this.named(described.outputs);
    this.steps = described.steps.map((step) => this.made(step));
  }

  // Numbers of two bytes: all first bytes come before all second ones.
  keep([buffer, place, width, scale], sizes, blob) {
    const n = sizes[buffer];
    const into = this.numbers.subarray(this.starts[buffer], this.starts[buffer] + n);
    if (width === 4) { into.set(new Float32Array(blob, place, n)); return; }
    const bytes = new Uint8Array(blob, place, 2 * n);
    for (let index = 0; index < n; index++) into[index] = scale * fromHalf(bytes[index] | (bytes[n + index] << 8));
  }

  // Name -> where its numbers are: a dense one as an array to read and write, another as addresses.
  named(ends) {
    const found = {};
    for (const [name, shape, [buffer, offset, strides]] of ends) {
      const addresses = addressesOf(this.starts[buffer] + offset, shape, strides);
      const first = addresses.length ? addresses[0] : 0;
      const dense = addresses.every((address, index) => address === first + index);
      found[name] = { size: addresses.length, addresses, dense: dense ? this.numbers.subarray(first, first + addresses.length) : null };
    }
    return found;
  }

  // The array of an input.
  input(name) { return this.inputs[name].dense; }

  // Copy an output into an array from `start` on.
  read(name, into, start = 0) {
    const { addresses, dense } = this.outputs[name];
    if (dense) { into.set(dense, start); return; }
    for (let index = 0; index < addresses.length; index++) into[start + index] = this.numbers[addresses[index]];
  }

  run() {
    const { steps } = this;
    for (let index = 0; index < steps.length; index++) steps[index]();
  }

  made(step) {
    const special = { matmul: "product", normalise: "normalised", gates: "gated", look_up: "lookedUp", pick: "picked",
      scatter: "scattered", scatter_add: "scattered" }[step.do];
    if (special) return this[special](step);
    const h = this.numbers;
    const views = [step.to, ...step.from];
    const bases = views.map(([buffer, offset]) => this.starts[buffer] + offset);
    const strides = step.shape.flatMap((_, axis) => views.map((view) => view[2][axis]));
    const over = step.over || [];
    const by = over.flatMap((_, axis) => (step.by || []).map((each) => each[axis]));
    const count = over.reduce((product, size) => product * size, 1);
    const does = step.do === "pow" ? powerOf(...step.from.map((view) => this.known(view))) : EACH[step.do];
    const quick = this.quick(step);
    if (quick) return quick;
    const loop = loopOf(step.do, step.shape.length, step.from.length, over.length, does);
    if (!loop) throw new Error(`the page cannot run ${step.do}.`);
    return () => loop(h, bases, step.shape, strides, over, by, count);
  }

  // An exponential of numbers that lie one behind the other, four at a time; null for every other step.
  quick(step) {
    const base = step.do === "pow" ? this.known(step.from[0]) : null;
    const found = base > 0 ? ["exponential", Math.log(base)] : QUICK[step.do];
    const from = step.from[step.from.length - 1];
    if (!found || ![step.to, from].every(([, , strides]) => isDense(step.shape, strides))) return null;
    const h = this.numbers, n = step.shape.reduce((product, size) => product * size, 1), whole = n - (n % 4);
    const [name, ...how] = found, run = this.wasm[name], [to, at] = [this.at(step.to), this.at(from)];
    const loop = loopOf(step.do, 1, 1, 0, { exponential: `Math.exp(${how[0]} * a)` }[name] || EACH[step.do]);
    const [bases, sizes, strides] = [[to + whole, at + whole], [n - whole], [1, 1]];
    return () => {
      if (whole) run(4 * at, 4 * to, whole / 4, ...how);
      loop(h, bases, sizes, strides);
    };
  }

  // The one number that a view always is; null if there are others.
  known([buffer, offset, strides]) {
    return this.constants.has(buffer) && strides.every((stride) => stride === 0) ? this.numbers[this.starts[buffer] + offset] : null;
  }

  at([buffer, offset]) { return this.starts[buffer] + offset; }

  flat(step, view) { return addressesOf(this.at(view), step.shape, view[2]); }

  product({ to, from, rows, inner, panels }) {
    const [y, x, w] = [to, ...from].map((end) => 4 * this.at(end));
    const { multiply } = this;
    if (rows === 1) return () => { multiply(x, w, y, inner, panels, 64, 0); };
    // A panel stays in the nearest memory while all rows go through it.
    return () => {
      for (let panel = 0; panel < panels; panel++) {
        const at = w + 64 * inner * panel;
        for (let row = 0; row < rows; row++) multiply(x + 4 * inner * row, at, y + 64 * (panels * row + panel), inner, 1, 64, 0);
      }
    };
  }

  normalised({ to, from, rows, width, epsilon }) {
    const h = this.numbers;
    const [y, x, scale, bias] = [to, ...from].map((end) => this.at(end));
    const shifts = from.length > 2;
    return () => {
      for (let row = 0; row < rows; row++) {
        const start = x + row * width;
        let mean = 0, square = 0;
        for (let i = 0; i < width; i++) mean += h[start + i];
        mean /= width;
        for (let i = 0; i < width; i++) square += (h[start + i] - mean) ** 2;
        const by = 1 / Math.sqrt(square / width + epsilon);
        for (let i = 0; i < width; i++) {
          h[y + row * width + i] = (h[start + i] - mean) * by * h[scale + i] + (shifts ? h[bias + i] : 0);
        }
      }
    };
  }

  // A GRU's gates: update, reset, candidate, as ONNX orders them.
  gated({ to, from, width }) {
    const h = this.numbers;
    const [y, x, r, before] = [to, ...from].map((end) => this.at(end));
    return () => {
      for (let i = 0; i < width; i++) {
        const update = 1 / (1 + Math.exp(-h[x + i] - h[r + i]));
        const reset = 1 / (1 + Math.exp(-h[x + width + i] - h[r + width + i]));
        const candidate = Math.tanh(h[x + 2 * width + i] + reset * h[r + 2 * width + i]);
        h[y + i] = (1 - update) * candidate + update * h[before + i];
      }
    };
  }

  // to = source at an index that is itself a value.
  lookedUp(step) {
    const h = this.numbers;
    const to = this.flat(step, step.to);
    const [still, ...rows] = step.from.map((view) => this.flat(step, view));
    const { along, most } = step;
    return () => {
      for (let i = 0; i < to.length; i++) {
        let address = still[i];
        for (let axis = 0; axis < rows.length; axis++) {
          const index = h[rows[axis][i]];
          address += (index < 0 ? index + most[axis] : index) * along[axis];
        }
        h[to[i]] = h[address];
      }
    };
  }

  picked(step) {
    const h = this.numbers;
    const to = this.flat(step, step.to);
    const start = this.starts[step.from[0][0]];
    const from = Int32Array.from(step.at, (address) => start + address);
    return () => { for (let i = 0; i < to.length; i++) h[to[i]] = h[from[i]]; };
  }

  scattered(step) {
    const h = this.numbers;
    const to = this.flat(step, step.to);
    const [rows, from] = step.from.map((view) => this.flat(step, view));
    const { along, most } = step;
    const adds = step.do === "scatter_add" ? 1 : 0;
    return () => {
      for (let i = 0; i < to.length; i++) {
        const index = h[rows[i]];
        const address = to[i] + (index < 0 ? index + most : index) * along;
        h[address] = adds * h[address] + h[from[i]];
      }
    };
  }
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./half.js"));
  module.exports = { Graph };
}
