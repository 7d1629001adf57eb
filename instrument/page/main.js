"use strict";
// The plainest page that plays: a button, sliders, keys.

const DATA = readPage();
const KEYS = "awsedftgyhujk";
const { about } = readAbout();
let instrument = null;

async function start() {
  if (instrument) return;
  const context = new AudioContext({ latencyHint: "interactive" });
  instrument = await makeInstrument(context, await DATA);
  instrument.output.connect(context.destination);
  instrument.onTell = tell;
}

function tell({ readings, f0_hz }) {
  if (!readings) return;
  document.getElementById("said").textContent = `${f0_hz.toFixed(1)} Hz`;
  about.knobs.forEach(({ unit }, index) => {
    const said = document.getElementById(`reading-${index}`);
    if (said && Number.isFinite(readings[index])) said.textContent = `${readings[index].toFixed(2)} ${unit}`;
  });
}

function addKnob(knob, index) {
  const label = document.createElement("label");
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1, step: 0.001, value: 0.5 });
  const reading = Object.assign(document.createElement("output"), { id: `reading-${index}` });
  slider.dataset.knob = knob.name;
  slider.addEventListener("input", () => instrument && instrument.send({ do: "knob", index, share: Number(slider.value) }));
  label.append(knob.name, slider, reading);
  document.getElementById("knobs").append(label);
}

function play(midi, down) {
  if (instrument) instrument.send({ do: down ? "on" : "off", id: midi, midi, velocity: 0.8 });
}

about.knobs.forEach((knob, index) => { if (index !== about.level) addKnob(knob, index); });
for (let midi = 60; midi <= 72; midi++) {
  const key = Object.assign(document.createElement("button"), { textContent: KEYS[midi - 60] });
  key.addEventListener("pointerdown", () => play(midi, true));
  for (const end of ["pointerup", "pointerleave"]) key.addEventListener(end, () => play(midi, false));
  document.getElementById("keys").append(key);
}
document.getElementById("start").addEventListener("click", start);
for (const [kind, down] of [["keydown", true], ["keyup", false]]) {
  addEventListener(kind, (event) => {
    const place = KEYS.indexOf(event.key);
    if (place >= 0 && !event.repeat) play(60 + place, down);
  });
}
