"use strict";
// The knobs: a slider over what notes of the sounding pitch reach, and a needle where the sound is.

const SVG = "http://www.w3.org/2000/svg";

class KnobView {
  constructor(knob, { onShare, onSettle, onReset, onPick }) {
    this.knob = knob;
    this.share = null;
    this.reach = [0, 1];
    this.drawn = "";
    this.build(onShare, onSettle, onReset, onPick);
    new ResizeObserver(() => this.draw()).observe(this.scale);
  }

  build(onShare, onSettle, onReset, onPick) {
    const { knob } = this;
    const title = wordsOf(knob.name);
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 0.001, id: `knob-${knob.name}` });
    this.slider.dataset.knob = knob.name;
    this.slider.addEventListener("input", () => onShare(Number(this.slider.value)));
    this.slider.addEventListener("change", onSettle);
    this.slider.addEventListener("dblclick", onReset);
    this.asked = element("output", { className: "asked number", htmlFor: this.slider.id });
    this.measured = element("span", { className: "measured number" });
    this.heard = element("span", { className: "quiet wide", textContent: "measured", hidden: true });
    this.off = element("output", { className: "off number", "aria-live": "off", "aria-label": `${title}, how far off` });
    this.needle = element("i", { className: "needle" });
    this.ticks = document.createElementNS(SVG, "svg");
    this.ticks.setAttribute("aria-hidden", "true");
    this.scale = element("div", { className: "scale" }, this.ticks, this.slider, this.needle);
    this.note = element("p", { className: "quiet note" });
    const reset = element("button", { type: "button", className: "small", textContent: "\u21ba", title: "Reset", "aria-label": `Reset ${title}` });
    reset.addEventListener("click", onReset);
    this.pick = element("button", { type: "button", className: "small pick", textContent: "Learn", hidden: true, "aria-label": `Learn a controller for ${title}`, "aria-pressed": "false" });
    this.pick.addEventListener("click", onPick);
    this.element = element("div", { className: "knob" },
      element("div", { className: "head" },
        element("label", { htmlFor: this.slider.id, textContent: title, title: knob.summary }),
        this.asked, element("span", { className: "space" }), this.heard, this.measured, this.off, this.pick, reset),
      this.scale, this.note);
  }

  set(share) {
    this.share = share;
    this.slider.value = share;
    this.say();
  }

  setReach(reach) {
    this.reach = [reach[0], reach[1]];
    this.draw();
    this.say();
  }

  say() {
    const { knob, reach } = this;
    if (this.share === null) return;
    const text = inUnit(knob, inNumbers(knob, valueOfShare(knob, reach, this.share), digitsFor(knob, reach)));
    this.asked.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }

  // Ticks and numbers anew, where something has changed.
  draw() {
    const { knob, reach, ticks } = this;
    const width = Math.round(this.scale.clientWidth);
    const key = `${width} ${reach.map((end) => end.toFixed(3))}`;
    if (!width || key === this.drawn) return;
    this.drawn = key;
    const { jnds, ticks: places, labels } = scaleTicks(knob, reach, width);
    ticks.setAttribute("viewBox", `0 0 ${width} 46`);
    const at = (place) => (place * width).toFixed(1);
    const inside = (place) => place >= BEYOND - 1e-6 && place <= 1 - BEYOND + 1e-6;
    const line = (places, to) => places.filter(inside).map((place) => `M${at(place)} 27V${to}`).join("");
    const words = labels.filter(([place]) => inside(place) && place * width > 14 && place * width < width - 14)
      .map(([place, text]) => `<text x="${at(place)}" y="44">${text}</text>`).join("");
    const end = at(BEYOND), rest = at(1 - BEYOND);
    ticks.innerHTML = `<rect class="beyond" x="0" y="11" width="${end}" height="12" rx="2"/>`
      + `<rect class="beyond" x="${rest}" y="11" width="${end}" height="12" rx="2"/>`
      + `<rect class="reach" x="${end}" y="15" width="${at(1 - 2 * BEYOND)}" height="4"/>`
      + `<path class="tick" d="${line(places, 31)}"/><path class="tick long" d="${line(labels.map(([place]) => place), 33)}"/>${words}`;
    this.sayTicks(jnds);
  }

  sayTicks(jnds) {
    const { knob } = this;
    const first = knob.summary ? `${wordsOf(knob.summary)}. ` : "";
    if (!knob.metered) this.note.textContent = `${first}${SOUND_ALONE}`;
    else if (knob.jnd) {
      const step = inUnit(knob, inNumbers(knob, jnds * knob.jnd, 3).replace(/\.?0+$/, ""));
      this.note.textContent = `${first}A tick: ${step}, ${jnds === 1 ? "just noticed" : `${jnds} times what is just noticed`}.`;
    } else this.note.textContent = first;
  }

  // A reading in the unit and what was asked there; null where nothing sounds.
  show(reading, asked) {
    const { knob, reach } = this;
    const known = reading !== null && Number.isFinite(reading);
    this.element.classList.toggle("sounding", known);
    if (!known) {
      this.measured.textContent = this.off.textContent = "";
      this.heard.hidden = true;
      return;
    }
    const place = within(placeOf(shareOfValue(knob, reach, reading)), 0.004, 0.996);
    this.needle.style.left = `${(100 * place).toFixed(2)}%`;
    this.measured.textContent = inNumbers(knob, reading, digitsFor(knob, reach));
    this.heard.hidden = false;
    if (!knob.jnd) return;
    const off = (reading - asked) / knob.jnd;
    const far = plainNumber(off, 1);
    this.off.textContent = `${off > 0 && Number(far) ? "+" : ""}${far} JND`;
    this.off.classList.toggle("far", Math.abs(off) > 1);
  }
}

const SOUND_ALONE = "Only the sound itself can tell it, so it has no needle.";

// All knobs but the level, which is the player's.
class KnobsView {
  constructor(about, desk, picked) {
    this.about = about;
    this.midi = null;
    this.views = about.knobs.map((knob, index) => (index === about.level ? null : new KnobView(knob, {
      onShare: (share) => desk.share(index, share),
      onSettle: () => desk.settle(),
      onReset: () => { desk.settle(); desk.share(index, firstShare(about, desk.now, index)); desk.settle(); },
      onPick: () => picked(index),
    })));
    byId("knobs").append(...this.views.filter(Boolean).map((view) => view.element));
    desk.listeners.push((settings) => this.set(settings));
    this.set(desk.now);
    const [low, high] = learntPitches(about);
    this.at(within(60, low, high));
  }

  set({ shares }) { this.views.forEach((view, index) => { if (view && view.share !== shares[index]) view.set(shares[index]); else if (view) view.say(); }); }

  // The pitch that sounds. A vibrato does not shake the scale.
  at(midi) {
    if (this.midi !== null && Math.abs(midi - this.midi) < 0.7) return;
    this.midi = Math.round(midi);
    this.views.forEach((view, index) => { if (view) view.setReach(reachOf(this.about.knobs[index], this.midi, [0, 1])); });
  }

  tell({ f0_hz, readings, asked }) {
    if (f0_hz) this.at(midiOf(f0_hz));
    this.views.forEach((view, index) => {
      if (view) view.show(readings ? readings[index] : null, readings ? valueAt(view.knob, asked[index]) : 0);
    });
  }
}

// Where a knob stands when it is reset: as its preset has it.
function firstShare(about, { preset }, index) {
  const found = (about.presets || []).find(({ name }) => name === preset);
  return found ? presetSettings(about, found).shares[index] : 0.5;
}
