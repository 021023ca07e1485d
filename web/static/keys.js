// Keys and what they do. The bindings come from the settings; the help is made from the same tables.

/** What can be bound on the marking page, in the order of the help; `several` are those with one key per image. */
export const MARKING = {
  actions: {
    submit: "Record these and show the next",
    back: "Back to the batch before, to revise it",
    forward: "Forward again",
    undo: "Undo",
    redo: "Redo",
    skip: "Skip image 1, 2, 3 ... (no crop for it), or take that back",
    reset: "Whole image again: image 1, 2, 3 ...",
    accept: "Take the suggested box",
    suggestion: "Change between the suggestion and your own box",
    shape: "Next shape: the image's, free, or a fixed one",
    next_directory: "Next directory",
    previous_directory: "Previous directory",
    overlay: "Hide or show the boxes",
    end: "End the sitting",
    help: "Show or hide these keys",
  },
  several: new Set(["skip", "reset"]),
  // These cannot be rebound: they are how a focused box is moved everywhere.
  fixed: [
    ["Tab", "Go to the next box"],
    [". and ,", "In a box: to its next handle, to the one before"],
    ["Arrow keys", "Move the focused box or handle by 1 pixel; with Shift by 10, with Alt by 100"],
    ["Ctrl + arrow keys", "Make the focused box wider, narrower, taller or lower; with Shift by 10, with Alt by 100"],
    ["Escape", "Leave the box; the arrow keys mean batches again"],
  ],
};

/** The same for the choosing page. */
export const CHOOSING = {
  actions: {
    suggested: "Keep image 1, 2, 3, 4 as suggested; whole, where nothing is suggested",
    whole: "Keep image 1, 2, 3, 4 whole",
    crop: "Keep image 1, 2, 3, 4 and draw its crop now",
    next: "Next group without a decision; while drawing: record the crop first",
    back: "Back to the group before",
    reject: "Keep none of this group",
    reopen: "Take the decision about this group back",
    help: "Show or hide these keys",
  },
  several: new Set(["suggested", "whole", "crop"]),
  fixed: [
    ["Arrow keys", "While drawing: move the box by 1 pixel; with Shift by 10, with Alt by 100, with Ctrl its size"],
    ["Escape", "Stop drawing; the image stays chosen and waits to be marked"],
  ],
};

/** The table that `actionOf` looks into, from a page's bindings such as {submit: "Enter", back: "ArrowLeft b"}. */
export function bindings(page, settings) {
  const table = new Map();
  for (const [action, keys] of Object.entries(settings)) {
    keysOf(keys).forEach((key, index) => {
      table.set(normal(key), page.several.has(action) ? { action, index } : { action });
    });
  }
  return table;
}

/** What a key event asks for: {action, index?}, or undefined. */
export const actionOf = (event, table) => table.get(nameOf(event));

const keysOf = (text) => text.split(/\s+/).filter(Boolean);

/** A key as it is written in the settings, in one spelling: modifiers in order, letters in lower case. */
function normal(text) {
  const parts = text === "+" ? ["+"] : text.split("+");
  const key = parts.pop();
  return spelt(key, new Set(parts.map((part) => part.toLowerCase())));
}

/** The same spelling for a key event. */
export function nameOf(event) {
  // On some keyboards a digit needs Shift; where the key sits says which digit is meant.
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code ?? "");
  const key = digit && !event.ctrlKey && !event.altKey && !event.metaKey ? digit[1] : event.key;
  const held = new Set();
  if (event.ctrlKey) held.add("ctrl");
  if (event.altKey) held.add("alt");
  if (event.metaKey) held.add("meta");
  if (event.shiftKey) held.add("shift");
  return spelt(key, held);
}

function spelt(key, held) {
  const name = key === " " ? "space" : key.toLowerCase();
  // Shift is part of how a sign such as ? is typed, but a choice with letters and named keys.
  if (name.length === 1 && !/\p{L}/u.test(name)) held.delete("shift");
  return [...["ctrl", "alt", "meta", "shift"].filter((each) => held.has(each)), name].join("+");
}

const SHOWN = { arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", space: "Space", enter: "Enter", escape: "Esc" };

/** One key of a binding, the first or that of an image, as it is shown: "Enter", "2", "Shift-Z". */
export const keyInWords = (keys, index = 0) => (keysOf(keys)[index] ? shownKey(keysOf(keys)[index]) : "");

/** The lines of the help, [keys, words]: "← or B" where each does the same, "1 2 3" where each is of another image. */
export const helpOf = (page, settings) => [
  ...Object.entries(page.actions).map(([action, words]) => [keysOf(settings[action]).map(shownKey).join(page.several.has(action) ? " " : " or "), words]),
  ...page.fixed,
];

const shownKey = (key) => normal(key).split("+").map(word).join("-");
const word = (part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part[0].toUpperCase() + part.slice(1));
