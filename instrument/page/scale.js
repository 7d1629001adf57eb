"use strict";
// The scale of a knob at the pitch that sounds: its ends in the unit, its ticks, and how numbers are written.

const BEYOND = 0.07; // share of the scale's width at either end that no note of this pitch reaches

// Where a share of the reach stands on the scale, 0 to 1.
const placeOf = (share) => BEYOND + share * (1 - 2 * BEYOND);
const shareOfPosition = ([low, high], position) => (position - low) / Math.max(1e-6, high - low);
const valueOfShare = (knob, [low, high], share) => valueAt(knob, low + share * (high - low));
const shareOfValue = (knob, reach, value) => shareOfPosition(reach, positionOf(knob, value));

// A unit as it is written, and how many of it make one of the knob's: a share in percent, as the commands print it.
const spokenUnit = ({ unit }) => ({ "1": { word: "%", n: 100 }, "0-100": { word: "points", n: 1 } })[unit] || { word: unit || "", n: 1 };

// Digits that tell two hundredths of the reach apart, at most three.
function digitsFor(knob, reach) {
  const span = spokenUnit(knob).n * Math.abs(valueOfShare(knob, reach, 1) - valueOfShare(knob, reach, 0));
  return Math.min(3, Math.max(0, Math.floor(2.7 - Math.log10(Math.max(1e-9, span)))));
}

// A step of 1, 2 or 5 times a power of ten that is no smaller.
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((times) => times * power >= least * 0.999);
}

// Ticks over the scale's `width` in pixels: { jnds: JNDs from tick to tick (0: the knob has none), ticks: [place],
// labels: [[place, text]] }.
function scaleTicks(knob, reach, width) {
  const ends = [-BEYOND, 1 + BEYOND].map((share) => valueOfShare(knob, reach, share / (1 - 2 * BEYOND)));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const per = (high - low) / Math.max(1, width);
  const jnds = knob.jnd ? Math.max(1, roundStep((6 * per) / knob.jnd)) : 0;
  const step = knob.jnd ? jnds * knob.jnd : roundStep(12 * per);
  const place = (value) => placeOf(shareOfValue(knob, reach, value));
  const onScale = (value) => { const at = place(value); return at >= 0 && at <= 1; };
  const every = (each) => {
    const found = [];
    for (let n = Math.ceil(low / each); n * each <= high && found.length < 400; n++) found.push(n * each);
    return found.filter(onScale);
  };
  const big = roundStep(72 * per);
  const { n } = spokenUnit(knob);
  const digits = Math.max(0, Math.ceil(-Math.log10(big * n) - 1e-9));
  return { jnds, ticks: every(step).map(place), labels: every(big).map((value) => [place(value), plainNumber(value * n, digits)]) };
}

const plainNumber = (value, digits) => value.toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "\u2212");
// A knob's value in its unit, with and without the word.
const inNumbers = (knob, value, digits) => plainNumber(value * spokenUnit(knob).n, digits);
const inUnit = (knob, text) => { const { word } = spokenUnit(knob); return word ? `${text}\u202f${word}` : text; };
const wordsOf = (name) => { const words = name.replace(/_/g, " "); return words[0].toUpperCase() + words.slice(1); };

const NOTE_NAMES = ["C", "C\u266f", "D", "E\u266d", "E", "F", "F\u266f", "G", "A\u266d", "A", "B\u266d", "B"];
const noteName = (midi) => `${NOTE_NAMES[((midi % 12) + 12) % 12]}${Math.floor(midi / 12) - 1}`;
const isBlack = (midi) => [1, 3, 6, 8, 10].includes(((midi % 12) + 12) % 12);

// "B4 +12 cents" of a frequency.
function saidPitch(hz) {
  const midi = midiOf(hz);
  const cents = Math.round(100 * (midi - Math.round(midi)));
  return `${noteName(Math.round(midi))}${cents ? ` ${cents > 0 ? "+" : "\u2212"}${Math.abs(cents)}\u202fct` : ""}`;
}

// Lowest and highest pitch of the training notes, from the rows of the reach: beyond them rows repeat.
function learntPitches(about) {
  if (about.pitches) return about.pitches;
  const tables = about.knobs.map(({ reach }) => reach).filter((rows) => rows.length > 1);
  if (!tables.length) return [36, 96];
  const alike = (a, b) => tables.every((rows) => Math.abs(rows[a][1] - rows[b][1]) + Math.abs(rows[a][2] - rows[b][2]) < 1e-6);
  let [first, last] = [0, tables[0].length - 1];
  while (first < last - 1 && alike(first, first + 1)) first++;
  while (last > first + 1 && alike(last, last - 1)) last--;
  return [tables[0][first][0], tables[0][last][0]];
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./knob_range.js"));
  module.exports = { placeOf, shareOfValue, valueOfShare, digitsFor, scaleTicks, plainNumber, noteName, isBlack, saidPitch, learntPitches, wordsOf, inNumbers, inUnit };
}
