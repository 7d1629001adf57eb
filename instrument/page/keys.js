"use strict";
// The keyboard on the screen and under the fingers.

const LOWER_ROW = ["KeyZ", "KeyS", "KeyX", "KeyD", "KeyC", "KeyV", "KeyG", "KeyB", "KeyH", "KeyN", "KeyJ", "KeyM", "Comma", "KeyL", "Period"];
const UPPER_ROW = ["KeyQ", "Digit2", "KeyW", "Digit3", "KeyE", "KeyR", "Digit5", "KeyT", "Digit6", "KeyY", "Digit7", "KeyU", "KeyI", "Digit9", "KeyO", "Digit0", "KeyP"];
const TYPED_VELOCITY = 0.75;
const LOWEST_C = 12, HIGHEST_KEY = 120;

// Semitones above the lowest typed key; null for a key that plays nothing.
function typedSemitones(code) {
  const [low, high] = [LOWER_ROW.indexOf(code), UPPER_ROW.indexOf(code)];
  return high >= 0 ? 12 + high : low >= 0 ? low : null;
}

// What is written on the typed keys, semitone by semitone; `layout`: of this keyboard, where the browser tells it.
function typedLetters(layout = new Map()) {
  const plain = (code) => ({ Comma: ",", Period: "." })[code] || code.replace(/^(Key|Digit)/, "");
  const codes = [...LOWER_ROW.slice(0, 12), ...UPPER_ROW];
  return codes.map((code) => (layout.get(code) || plain(code)).toUpperCase());
}

// Near its front edge a key sounds loudest.
const velocityAt = (share) => 0.3 + 0.7 * within(share, 0, 1);

class KeysView {
  // play: (midi, velocity) and release: (midi), for each note that begins and ends here.
  constructor(about, play, release) {
    this.play = play;
    this.release = release;
    this.learnt = learntPitches(about);
    this.first = within(12 * Math.floor((this.learnt[0] + this.learnt[1]) / 24) - 12, LOWEST_C, 96);
    this.pointers = new Map();
    this.lit = new Map();
    this.board = byId("keys");
    this.letters = typedLetters();
    if (navigator.keyboard && navigator.keyboard.getLayoutMap) {
      navigator.keyboard.getLayoutMap().then((layout) => { this.letters = typedLetters(layout); this.draw(true); }).catch(() => {});
    }
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.board);
    byId("down").addEventListener("click", () => this.shift(-12));
    byId("up").addEventListener("click", () => this.shift(12));
    byId("range").addEventListener("pointerdown", (event) => this.jump(event));
  }

  shift(semitones) {
    this.first = within(this.first + semitones, LOWEST_C, 96);
    this.draw(true);
  }

  // To the octave that was pointed at.
  jump(event) {
    const share = (event.clientX - byId("range").getBoundingClientRect().left) / byId("range").clientWidth;
    this.shift(12 * Math.round((21 + 88 * share - this.count / 2 - this.first) / 12));
  }

  // As many white keys as a finger can hit.
  draw(anew = false) {
    const width = this.board.clientWidth;
    const whites = Math.max(8, Math.floor(width / (width < 600 ? 34 : 42)));
    const focused = this.board.contains(document.activeElement) ? Number(document.activeElement.dataset.midi) : null;
    if (!anew && whites === this.whites) return;
    this.whites = whites;
    this.board.style.setProperty("--whites", whites);
    const keys = [];
    this.typedFrom = this.first + (whites > 18 ? 12 : 0);
    for (let midi = this.first, white = 0; white < whites && midi <= HIGHEST_KEY; midi++) {
      const [low, high] = this.learnt;
      const key = element("button", {
        type: "button", className: isBlack(midi) ? "black" : "white", tabIndex: keys.length ? -1 : 0,
        "aria-label": noteName(midi), "data-midi": midi,
      }, element("span", { textContent: midi % 12 === 0 ? noteName(midi) : "" }));
      key.classList.toggle("unlearnt", midi < low || midi > high);
      key.classList.toggle("on", (this.lit.get(midi) || 0) > 0);
      const letter = this.letters[midi - this.typedFrom];
      if (letter) key.dataset.typed = letter;
      key.style.setProperty("--at", isBlack(midi) ? white : white++);
      keys.push(key);
      this.count = midi - this.first + 1;
    }
    this.board.replaceChildren(...keys);
    if (focused !== null) (this.keyOf(focused) || keys[0]).focus();
    byId("octave").textContent = `${noteName(this.first)}\u2013${noteName(this.first + this.count - 1)}`;
    this.drawRange();
  }

  // The keys of a piano: those that the model has learnt, those on the screen.
  drawRange() {
    const span = (from, to) => `left:${((100 * (from - 21)) / 88).toFixed(2)}%;width:${((100 * (to - from + 1)) / 88).toFixed(2)}%`;
    const [low, high] = this.learnt;
    byId("range").innerHTML = `<i class="learnt" style="${span(low, high)}" title="Learnt: ${noteName(low)} to ${noteName(high)}"></i>`
      + `<i class="shown" style="${span(Math.max(21, this.first), Math.min(108, this.first + this.count - 1))}"></i>`;
  }

  keyOf(midi) { return this.board.querySelector(`[data-midi="${midi}"]`); }

  light(midi, on) {
    const now = Math.max(0, (this.lit.get(midi) || 0) + (on ? 1 : -1));
    this.lit.set(midi, now);
    const key = this.keyOf(midi);
    if (key) key.classList.toggle("on", now > 0);
  }

  dark() {
    this.lit.clear();
    for (const key of this.board.querySelectorAll(".on")) key.classList.remove("on");
  }

  listen() {
    const { board } = this;
    board.addEventListener("pointerdown", (event) => { if (event.target.closest("button")) { event.preventDefault(); this.point(event); } });
    addEventListener("pointermove", (event) => { if (this.pointers.has(event.pointerId)) this.point(event); });
    for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, (event) => this.lift(event.pointerId));
    board.addEventListener("keydown", (event) => this.type(event));
    board.addEventListener("keyup", (event) => {
      if (event.key === "Enter" && this.typed !== undefined) { this.release(this.typed); this.typed = undefined; }
    });
    board.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  // The key under a pointer sounds; drawn over others, it plays them in turn.
  point(event) {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const key = under && under.closest("#keys button");
    const midi = key ? Number(key.dataset.midi) : null;
    const before = this.pointers.get(event.pointerId);
    if (before === midi) return;
    if (before !== undefined && before !== null) this.release(before);
    this.pointers.set(event.pointerId, midi);
    if (midi === null) return;
    const box = key.getBoundingClientRect();
    this.play(midi, velocityAt((event.clientY - box.top) / box.height));
  }

  lift(pointer) {
    const midi = this.pointers.get(pointer);
    this.pointers.delete(pointer);
    if (midi !== undefined && midi !== null) this.release(midi);
  }

  type(event) {
    const midi = Number(event.target.dataset.midi);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: this.first - midi, End: this.first + this.count - 1 - midi }[event.key];
    if (step !== undefined) {
      const next = this.keyOf(midi + step);
      if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    } else if (event.key === "Enter" && !event.repeat) {
      this.typed = midi;
      this.play(midi, TYPED_VELOCITY);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

// Letters play wherever the focus is, arrows and space only where no control wants them.
class TypedKeys {
  constructor({ base, play, release, shift, bend, hold, silence }) {
    this.down = new Map();
    const wants = ({ target }) => target.closest && target.closest("input, select, textarea, button, a, summary");
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("select, [type=text]")) return;
      const semitones = typedSemitones(event.code);
      if (semitones !== null) {
        if (event.repeat || this.down.has(event.code)) return;
        const midi = base() + semitones;
        this.down.set(event.code, midi);
        play(midi, TYPED_VELOCITY);
        return;
      }
      if (event.code === "Escape") silence();
      if (wants(event) || event.repeat) return;
      const does = { ArrowLeft: () => shift(-12), ArrowRight: () => shift(12), ArrowUp: () => bend(2), ArrowDown: () => bend(-2), Space: hold }[event.code];
      if (does) { event.preventDefault(); does(); }
    });
    addEventListener("keyup", (event) => {
      if (event.code === "ArrowUp" || event.code === "ArrowDown") { if (!wants(event)) bend(0); return; }
      this.lift(event.code, release);
    });
    addEventListener("blur", () => { for (const code of [...this.down.keys()]) this.lift(code, release); });
  }

  lift(code, release) {
    const midi = this.down.get(code);
    if (midi === undefined) return;
    this.down.delete(code);
    release(midi);
  }
}

if (typeof module !== "undefined") {
  Object.assign(globalThis, require("./settings.js"));
  module.exports = { typedSemitones, typedLetters, velocityAt };
}
