"use strict";
// Everything on the page that is neither knob nor key: buttons, switches, lists, and what they say.

class Controls {
  constructor(page) {
    this.page = page;
    this.shown = "";
    this.counted = { until_s: -1, from: 0 };
    const { about, desk } = page;
    this.facts(about);
    this.lists(about, desk);
    this.steps(desk);
    this.residual(about, desk);
    this.playing(desk);
    this.view();
    this.midi();
    this.recording();
    desk.listeners.push((settings) => this.show(settings));
    this.show(desk.now);
  }

  facts(about) {
    const n = about.knobs.length - (about.level >= 0 ? 1 : 0);
    byId("facts").textContent = `${n} knob${n === 1 ? "" : "s"} that say what they do \u00b7 plays at any rate, learnt at ${about.sample_rate / 1000}\u202fkHz`;
    byId("made").textContent = [`InterpretSynth ${about.version}`, about.notice].filter(Boolean).join(" \u00b7 ");
    byId("theme").addEventListener("click", () => {
      const dark = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
      document.documentElement.dataset.theme = dark === "dark" ? "light" : "dark";
      this.page.spectrum.recolour();
    });
  }

  lists(about, desk) {
    const fill = (name, entries, none, choose) => {
      byId(`${name}-label`).hidden = !entries.length;
      byId(name).append(new Option(none, ""), ...entries.map((entry) => new Option(wordsOf(entry.name), entry.name)));
      byId(name).addEventListener("change", ({ target }) => choose(target.value));
    };
    fill("preset", about.presets || [], "None", (name) => {
      const preset = about.presets.find((each) => each.name === name);
      desk.change(preset ? presetSettings(about, preset) : { preset: "", envelope: "" });
    });
    fill("envelope", about.envelopes || [], "Plain", (envelope) => desk.change({ envelope }));
  }

  steps(desk) {
    const { about } = desk;
    byId("undo").addEventListener("click", () => desk.undo());
    byId("redo").addEventListener("click", () => desk.redo());
    byId("reset").addEventListener("click", () => {
      const preset = (about.presets || []).find(({ name }) => name === desk.now.preset);
      const plain = { shares: about.knobs.map(() => 0.5), residual: new Array(about.residual_size).fill(0) };
      desk.change(preset ? presetSettings(about, preset) : plain);
    });
    byId("random").addEventListener("click", () => desk.change({ shares: about.knobs.map(() => Number(Math.random().toFixed(3))) }));
    for (const slot of ["A", "B"]) byId(`slot-${slot}`).addEventListener("click", () => desk.compare(slot));
    byId("link").addEventListener("click", () => this.copyLink());
    for (const id of ["keep", "exact"]) byId(id).addEventListener("change", ({ target }) => desk.change({ [id]: target.checked }));
    byId("exact").parentElement.hidden = !about.correction;
    byId("keep").parentElement.hidden = about.level < 0 || !about.knobs[about.level].metered;
    addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.code !== "KeyZ") return;
      event.preventDefault();
      if (event.shiftKey) desk.redo(); else desk.undo();
    });
  }

  async copyLink() {
    const { page } = this;
    page.write();
    let said = "Copied";
    try { await navigator.clipboard.writeText(page.address()); } catch { said = "It is in the address bar"; }
    byId("link").textContent = said;
    setTimeout(() => { byId("link").textContent = "Copy link"; }, 1500);
  }

  residual(about, desk) {
    byId("character").hidden = !about.residual_size;
    this.residuals = desk.now.residual.map((value, index) => {
      const slider = element("input", { type: "range", min: RESIDUAL_RANGE[0], max: RESIDUAL_RANGE[1], step: 0.05, value });
      slider.addEventListener("input", () => desk.change(
        { residual: desk.now.residual.map((each, at) => (at === index ? Number(slider.value) : each)) }, `residual ${index}`));
      slider.addEventListener("change", () => desk.settle());
      byId("residual").append(element("label", {}, String(index + 1), slider));
      return slider;
    });
  }

  playing(desk) {
    const { page } = this;
    byId("volume").addEventListener("input", ({ target }) => desk.change({ level_db: Number(target.value) }, "volume"));
    for (const [id, mono] of [["poly", false], ["mono", true]]) byId(id).addEventListener("click", () => desk.change({ mono }));
    byId("glide").addEventListener("input", ({ target }) => desk.change({ glide_ms: Number(target.value) }, "glide"));
    byId("bend").addEventListener("input", ({ target }) => page.bend(Number(target.value)));
    for (const end of ["pointerup", "blur", "keyup"]) byId("bend").addEventListener(end, () => page.bend(0));
    byId("vibrato").addEventListener("input", ({ target }) => page.vibrate(Number(target.value)));
    byId("hold").addEventListener("click", () => page.hold(!isPressed(byId("hold"))));
    const middle = () => { const [low, high] = page.keys.learnt; return within(12 * Math.round((low + high) / 24), low, Math.max(low, high - 17)); };
    this.phrase = new Phrase(middle, (midi, velocity) => page.note(`phrase ${midi}`, midi, velocity), (midi) => page.note(`phrase ${midi}`, midi, 0));
    byId("phrase").addEventListener("click", () => {
      if (this.phrase.isPlaying) this.phrase.stop(); else this.phrase.start();
      press(byId("phrase"), this.phrase.isPlaying);
    });
  }

  view() {
    for (const kind of ["spectrum", "spectrogram"]) {
      byId(`view-${kind}`).addEventListener("click", () => {
        this.page.spectrum.kind = kind;
        byId("view").classList.toggle("upright", kind === "spectrogram");
        for (const each of ["spectrum", "spectrogram"]) press(byId(`view-${each}`), each === kind);
      });
    }
  }

  midi() {
    const say = (sentence) => { byId("midi-said").textContent = sentence; };
    this.sayMidi = say;
    byId("connect").addEventListener("click", async () => {
      this.page.sound.wake();
      byId("learn").hidden = !(await connectMidi(this.page.midi, say));
    });
    byId("learn").addEventListener("click", () => this.setLearning(!isPressed(byId("learn"))));
  }

  setLearning(on) {
    press(byId("learn"), on);
    this.page.midi.learning = null;
    for (const view of this.page.knobs.views) if (view) { view.pick.hidden = !on; press(view.pick, false); }
    if (on) this.sayMidi("Choose Learn at a knob, then move a controller.");
  }

  picked(index) {
    this.page.knobs.views.forEach((view, each) => { if (view) press(view.pick, each === index); });
    this.sayMidi(`Move the controller that shall turn ${wordsOf(this.page.about.knobs[index].name)}.`);
  }

  learnt(controller, knob) {
    this.setLearning(false);
    this.sayMidi(`Controller ${controller} turns ${wordsOf(this.page.about.knobs[knob].name)}.`);
  }

  recording() {
    const { page } = this;
    const say = (sentence) => { byId("record-said").textContent = sentence; };
    byId("record").addEventListener("click", async () => {
      let recorder;
      try { ({ recorder } = await page.sound.ready()); } catch (error) { say(`Nothing to record: ${error.message}.`); return; }
      if (!recorder.node) {
        recorder.start();
        press(byId("record"), true);
        byId("record").textContent = "Stop";
        this.clock = setInterval(() => say(`${recorder.seconds.toFixed(1)} s`), 200);
        return;
      }
      clearInterval(this.clock);
      const bits = Number(byId("bits").value);
      const bytes = await recorder.stop(bits);
      press(byId("record"), false);
      byId("record").textContent = "Record";
      this.offer(bytes, recorder, bits, say);
    });
  }

  offer(bytes, recorder, bits, say) {
    const link = byId("recorded");
    if (link.href) URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
    link.download = `${this.page.about.name}.wav`;
    link.hidden = false;
    const clipped = recorder.peak > 1 ? " It went over full scale: turn the volume down and record again." : "";
    say(`${recorder.seconds.toFixed(1)} s, ${bits} bit, ${recorder.context.sampleRate / 1000} kHz, ${(bytes.length / 1e6).toFixed(1)} MB.${clipped}`);
  }

  show(settings) {
    const { desk } = this.page;
    byId("undo").disabled = !desk.past.length;
    byId("redo").disabled = !desk.future.length;
    for (const slot of ["A", "B"]) press(byId(`slot-${slot}`), desk.slot === slot);
    byId("preset").value = settings.preset;
    byId("envelope").value = settings.envelope;
    for (const id of ["keep", "exact"]) byId(id).checked = settings[id];
    byId("volume").value = settings.level_db;
    byId("glide").value = settings.glide_ms;
    byId("glide-said").textContent = `${settings.glide_ms}\u202fms`;
    byId("glide-label").hidden = !settings.mono;
    press(byId("poly"), !settings.mono);
    press(byId("mono"), settings.mono);
    settings.residual.forEach((value, index) => { this.residuals[index].value = value; });
  }

  // Gaps of the last ten seconds or less.
  gaps({ playbackStats, currentTime }) {
    if (!playbackStats) return 0;
    const now = playbackStats.underrunEvents;
    if (currentTime > this.counted.until_s) this.counted = { until_s: currentTime + 10, from: now };
    return now - this.counted.from;
  }

  // How soon and at what cost it sounds; said a few times a second at most.
  tell({ sounding, load }) {
    const { sound } = this.page;
    if (!sound.context || sound.context.state !== "running") return;
    const words = [`${Math.round(sound.latency_ms)}\u202fms`];
    words.push(`load ${Math.round(100 * load)}\u202f%`);
    const lost = this.gaps(sound.context);
    if (lost > 0) words.push(`${lost} gap${lost === 1 ? "" : "s"}`);
    words.push(`${sounding} voice${sounding === 1 ? "" : "s"}`);
    const text = words.join(" \u00b7 ");
    if (text !== this.shown) byId("state").textContent = this.shown = text;
  }
}
