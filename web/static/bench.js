// What the marking and the choosing page have in common around their images: keys, words, refusals.

import { helpOf, keyInWords } from "./keys.js";

export const at = (id) => document.getElementById(id);

/** An element with a class and a text. */
export function element(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

/** Sets a text that may be read out, unless it is there already. */
export function show(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

/** Puts the keys where they are told: into the help, and on the buttons, which `act(action, byMouse)`. */
export function tellKeys(page, settings, act) {
  at("keys").replaceChildren(...helpOf(page, settings).map(([keys, words]) => {
    const row = element("tr");
    const head = element("th", "", keys);
    head.scope = "row";
    row.append(head, element("td", "", words));
    return row;
  }));
  for (const button of document.querySelectorAll(".tools [data-action]")) {
    button.querySelector("kbd").textContent = keyInWords(settings[button.dataset.action]);
    button.addEventListener("click", (event) => act(button.dataset.action, event.detail > 0));
  }
}

export function toggleHelp() {
  if (at("help").open) at("help").close();
  else at("help").showModal();
}

/** What was refused stays until it was seen. */
export function tellRefused(words, seen) {
  const place = at("refused");
  place.hidden = !words.length;
  place.firstElementChild.textContent = words.join(" ");
  place.lastElementChild.onclick = seen;
}

/** How far it is, in the title line. */
export function tellFar(decided, all, unit = "") {
  at("share").max = all || 1;
  at("share").value = decided;
  show(at("far"), `${decided.toLocaleString()}/${all.toLocaleString()}${unit}`);
}

/** Whether a key press is for the page: not for a field, nor for a button that has the focus and takes it itself. */
export function isOurs(event) {
  if (event.defaultPrevented || event.target.closest("input, select, textarea")) return false;
  return !(event.target.closest("button, a, summary") && (event.key === "Enter" || event.key === " "));
}
