"use strict";
// The cases of player_vectors.json, played by the page's player: the same JSON with the curves of its voices.
// To write the file anew: node tests/melodies/play_vectors.js > new.json && mv new.json tests/melodies/player_vectors.json

const fs = require("fs");
const path = require("path");
const { Player, Voice } = require(path.join(__dirname, "..", "..", "instrument", "page", "player.js"));

// What a model would do: here every partial is 1.
const number = () => ({ dense: new Float32Array(1), size: 1 });
globalThis.Graph = class { constructor() { this.inputs = { f0_hz: number() }; } };
globalThis.Convolution = class { constructor() { this.side = new Float32Array(4096); } response() { return this.side; } convolve() {} };
Player.prototype.decode = (voice) => { voice.far.fill(1); };

const round = (value) => Number(value.toPrecision(7));
const list = (values) => Array.from(values, round);
let voices = [];
const start = Voice.prototype.start;
Voice.prototype.start = function (...given) {
  this.curves = { start_s: round(this.player.now_s), f0_hz: [], asked: [], controls: [], residual: [], gain: [] };
  voices.push(this.curves);
  start.apply(this, given);
};
const frame = Voice.prototype.frame;
Voice.prototype.frame = function () {
  const f0_hz = frame.call(this);
  this.curves.f0_hz.push(round(f0_hz));
  for (const name of ["asked", "controls", "residual"]) this.curves[name].push(list(this[name]));
  this.curves.gain.push(round(this.far[0]));
  return f0_hz;
};

const DOES = {
  on: (player, ...given) => player.on(...given),
  off: (player, id) => player.off(id),
  pedal: (player, down) => player.pedal(down),
  panic: (player) => player.panic(),
  share: (player, index, value) => { player.shares[index] = value; },
  place: (player, index, value) => { player.places[index] = value; },
  bend: (player, semitones, id) => {
    if (id === undefined) player.bend = semitones;
    else player.voiceOf(id).bend = semitones;
  },
  pressure: (player, amount, id) => { player.voiceOf(id).pressure = amount; },
  vibrato: (player, semitones) => { player.vibrato = semitones; },
  level: (player, db) => { player.level_db = db; },
};

function played({ about, settings, events, seconds }) {
  voices = [];
  const whole = { ...about, n_partials: 1, n_bands: 2, ramp: "linear", states: [], decoder: {} };
  const player = new Player(whole, null, null, { voices: settings.most || 32 });
  for (const name of ["shares", "pressures"]) if (settings[name]) player[name].set(settings[name]);
  for (const name of ["mono", "glide_s", "vibrato", "level_db", "preset"]) if (name in settings) player[name] = settings[name];
  if (settings.cells) player.bank = { cells: settings.cells };
  const until = (time_s) => {
    const n = Math.round((time_s - player.now_s) * about.sample_rate);
    player.render(new Float32Array(n), n);
    player.now_s = time_s;
  };
  player.now_s = 0;
  for (const [time_s, does, ...given] of events) {
    until(time_s);
    DOES[does](player, ...given);
  }
  until(seconds);
  return voices.filter(({ f0_hz }) => f0_hz.length);
}

const cases = JSON.parse(fs.readFileSync(path.join(__dirname, "player_vectors.json"), "utf8"));
const lines = cases.map((each) => JSON.stringify({ ...each, voices: played(each) }));
process.stdout.write(`[\n${lines.join(",\n")}\n]\n`);
