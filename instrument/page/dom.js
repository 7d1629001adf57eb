"use strict";

const byId = (id) => document.getElementById(id);

// An element with properties (aria- and data- names are attributes), and what it holds.
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

const press = (button, down) => button.setAttribute("aria-pressed", String(down));
const isPressed = (button) => button.getAttribute("aria-pressed") === "true";

// A fault that concerns the whole page, in one sentence.
function sayTrouble(sentence) {
  byId("trouble").textContent = sentence;
  byId("trouble").hidden = !sentence;
  byId("state").textContent = "";
}
