"use strict";
// Runs parts of the page for the tests: a job in JSON from stdin, its answer in JSON to stdout.

const path = require("path");
const PAGE = path.join(__dirname, "..", "..", "instrument", "page");
const part = (name) => require(path.join(PAGE, name));
const bytes = (text) => { const b = Buffer.from(text, "base64"); return b.buffer.slice(b.byteOffset, b.byteOffset + b.length); };

const JOBS = {
  // A graph on several inputs; an output NAME_next becomes the input NAME of the next.
  graph({ graph, blob, code, runs }) {
    const { Graph } = part("graph.js");
    const made = new Graph(graph, bytes(blob), bytes(code));
    return runs.map((inputs) => {
      for (const [name, numbers] of Object.entries(inputs)) made.input(name).set(numbers);
      made.run();
      const answers = {};
      for (const [name, { size }] of Object.entries(made.outputs)) {
        answers[name] = new Float32Array(size);
        made.read(name, answers[name]);
      }
      for (const [name, numbers] of Object.entries(answers)) {
        const before = name.replace(/_next$/, "");
        if (before !== name) made.input(before).set(numbers);
      }
      return Object.fromEntries(Object.entries(answers).map(([name, numbers]) => [name, Array.from(numbers)]));
    });
  },

  // What a function of the module does with numbers: from the middle of its memory to a place before, and what is beside.
  exponentials({ code, name, how, x }) {
    const { memory, [name]: run } = new WebAssembly.Instance(new WebAssembly.Module(bytes(code))).exports;
    const numbers = new Float32Array(memory.buffer);
    numbers.set(x.map(Number), 8192);
    numbers.fill(7, 0, x.length + 8);
    run(4 * 8192, 4 * 4, x.length / 4, ...how);
    return Array.from(numbers.subarray(0, x.length + 8), String);
  },

  // One voice through given curves and noise: from the first frame's beginning on, open knobs.
  synth({ about, blob, code, f0_hz, controls, residual, noise }) {
    const { Player } = part("player.js");
    const player = new Player(about, bytes(blob), bytes(code));
    const voice = player.pool[0];
    voice.start(0, 60, 1);
    const { hop } = about;
    const sound = new Float32Array(hop * f0_hz.length);
    const hopSound = new Float32Array(hop);
    for (let t = 0; t < f0_hz.length; t++) {
      [voice.near, voice.far] = [voice.far, voice.near];
      voice.controls.set(controls[t]);
      if (residual) voice.residual.set(residual[t]);
      player.decode(voice, f0_hz[t], Math.max(f0_hz[t], t ? f0_hz[t - 1] : 0));
      hopSound.fill(0);
      if (t) voice.partials.add(hopSound, f0_hz[t - 1], f0_hz[t], voice.near, voice.far, about.n_partials);
      voice.bands.add(hopSound, voice.magnitudes, noise[t]);
      if (t) sound.set(hopSound, (t - 1) * hop);
    }
    return Array.from(sound.subarray(0, (f0_hz.length - 1) * hop));
  },

  // Notes: each event is [seconds, method, ...arguments] of the player; what the voices are asked, hop by hop.
  notes({ about, blob, code, events, seconds, settings, rate }) {
    const { Player } = part("player.js");
    const { Resampler } = part("resample.js");
    const player = new Player(about, bytes(blob), bytes(code));
    Object.assign(player, settings);
    const resampler = new Resampler(about.sample_rate, rate, (out, n) => player.render(out, n));
    const sound = [];
    const asked = [];
    const out = new Float32Array(128);
    for (let at = 0; at < seconds * rate; at += 128) {
      while (events.length && events[0][0] <= at / rate) {
        const [, method, ...given] = events.shift();
        player[method](...given);
      }
      resampler.fill(out);
      sound.push(...out);
      const read = player.measure();
      asked.push(player.pool.filter((voice) => voice.active).map((voice) => ({
        id: voice.id, f0_hz: voice.f0_hz, asked: Array.from(voice.asked), level_db: voice.level_db,
        readings: read === voice ? Array.from(player.readings) : null,
      })));
    }
    return { sound, asked };
  },

  tracker({ rate, sound }) {
    const { Tracker } = part("tracker.js");
    const found = [];
    new Tracker(rate).push(sound, (each) => found.push([each.f0_hz, each.confidence, each.level_db]));
    return found;
  },

  resample({ from, to, sound }) {
    const { Resampler } = part("resample.js");
    let at = 0;
    const pull = (into, n) => { for (let i = 0; i < n; i++) into[i] = sound[at++] || 0; };
    const resampler = new Resampler(from, to, pull);
    const out = [];
    const block = new Float32Array(128);
    while (at < sound.length) { resampler.fill(block); out.push(...block); }
    return out;
  },
};

const job = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(JOBS[job.kind](job)));
