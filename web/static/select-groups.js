// The state of the choosing page, and how it changes: pure, so that any sequence of keys can be tried without a browser.
//
// A group has one place for the image that is kept, so there is never a second one. What is decided goes into the
// outbox at once; what the server says afterwards is the truth.

import { denormalise, normalise, whole } from "./crop-geometry.js";

/** The keys, in the order of the help: [what it does, one key per image or one key, words]. */
export const KEYS = [
  ["suggested", ["1", "2", "3", "4"], "Keep image 1, 2, 3, 4 as suggested; whole, where nothing is suggested"],
  ["whole", ["a", "s", "d", "f"], "Keep image 1, 2, 3, 4 whole"],
  ["crop", ["q", "w", "e", "r"], "Keep image 1, 2, 3, 4 and draw its crop now"],
  ["next", ["enter"], "Next group without a decision; while drawing: record the crop first"],
  ["back", ["arrowup"], "Back to the group before"],
  ["reject", ["x"], "Keep none of this group"],
  ["reopen", ["z"], "Take the decision about this group back"],
  ["escape", ["escape"], "Stop drawing; the image stays chosen and waits to be marked"],
  ["help", ["?"], "Show or hide these keys"],
];

const TABLE = new Map(KEYS.flatMap(([action, keys]) => keys.map((key, index) => [key, { action, index }])));

/** What a key, as `nameOf` spells it, asks for: {action, index}, or undefined. */
export const actionOf = (key) => TABLE.get(key);

/** The page at its first group without a decision. */
export function begin(groups) {
  const at = groups.findIndex((group) => group.status === "open");
  return { groups, at: Math.max(at, 0), done: at < 0, trail: [], cropping: null, outbox: [], refused: [] };
}

export const current = (state) => state.groups[state.at];

/** The names of the images that a group keeps: one, or none. */
export const kept = (group) => group.images.filter((image) => image.name === group.chosen).map((image) => image.name);

/** Does what an action asks for; `id` names the request that it may become. */
export function press(state, { action, index }, id) {
  const group = current(state);
  if (!group) return state;
  switch (action) {
    case "suggested": return keep(state, group.images[index], group.images[index]?.suggestion ? "suggested" : "whole", id);
    case "whole": return keep(state, group.images[index], "whole", id);
    case "crop": return draw(keep(state, group.images[index], "crop", id), group.images[index]);
    case "reject": return decide({ ...state, cropping: null }, { status: "rejected", chosen: null, how: null, box: null }, { kind: "reject" }, id);
    case "reopen": return group.status === "open" ? state : decide({ ...state, cropping: null }, { status: "open", chosen: null, how: null, box: null }, { kind: "reopen" }, id);
    case "next": return onward(recorded(state, id));
    case "back": return backward(state);
    case "escape": return { ...state, cropping: null };
    default: return state;
  }
}

function keep(state, image, how, id) {
  if (!image?.preview) return state;
  const group = current(state);
  const box = how === "suggested" ? image.suggestion : how === "crop" && group.chosen === image.name ? group.box : null;
  if (group.chosen === image.name && group.how === how && how !== "crop") return { ...state, cropping: null };
  if (group.chosen === image.name && how === "crop") return state;
  return decide({ ...state, cropping: null }, { status: "chosen", chosen: image.name, how, box }, { kind: "choose", image: image.id, how }, id);
}

function draw(state, image) {
  if (!image?.preview) return state;
  const group = current(state);
  const fractions = group.box ?? image.suggestion;
  const frame = { width: image.width, height: image.height };
  const box = (fractions && denormalise(fractions, frame)) ?? whole(frame);
  return { ...state, cropping: { image, box } };
}

/** The operator drew another box on the image at hand; nothing is sent before Enter. */
export const drawn = (state, box) => (state.cropping ? { ...state, cropping: { ...state.cropping, box } } : state);

/** The crop at hand is decided, if there is one. */
function recorded(state, id) {
  if (!state.cropping) return state;
  const { image, box } = state.cropping;
  const size = { width: image.width, height: image.height };
  const change = { status: "chosen", chosen: image.name, how: "crop", box: normalise(box, size) };
  return decide({ ...state, cropping: null }, change, { kind: "choose", image: image.id, how: "crop", box, size }, id);
}

function decide(state, change, request, id) {
  const groups = state.groups.map((group, at) => (at === state.at ? { ...group, ...change } : group));
  return { ...state, groups, done: false, outbox: [...state.outbox, { ...request, id, group: current(state).id }] };
}

/** The next group without a decision, after the last one from the beginning; done, where there is none. */
function onward(state) {
  const { groups, at } = state;
  const order = groups.map((_, step) => (at + 1 + step) % groups.length);
  const next = order.find((place) => groups[place].status === "open");
  if (next === undefined) return { ...state, cropping: null, done: true };
  return { ...state, at: next, trail: next === at ? state.trail : [...state.trail, at], cropping: null, done: false };
}

function backward(state) {
  if (state.done) return { ...state, done: false, cropping: null };
  const trail = state.trail.length ? state.trail : state.at > 0 ? [state.at - 1] : [];
  if (!trail.length) return state;
  return { ...state, at: trail.at(-1), trail: trail.slice(0, -1), cropping: null };
}

/** What is to be sent next, or null. */
export const unsent = (state) => state.outbox[0] ?? null;

/** The server has recorded a request and says how the group stands; a later decision about it stands here. */
export function answered(state, id, told) {
  const outbox = state.outbox.filter((entry) => entry.id !== id);
  const later = told && outbox.some((entry) => entry.group === told.id);
  const groups = told && !later ? state.groups.map((group) => (group.id === told.id ? { ...group, ...told } : group)) : state.groups;
  return { ...state, groups, outbox };
}

/** The server has refused a request; `told` is how the group stands, where that is known. */
export function rejected(state, id, why, told) {
  const entry = state.outbox.find((each) => each.id === id);
  const after = answered(state, id, told);
  const cropping = entry && current(after)?.id === entry.group ? null : after.cropping;
  return { ...after, cropping, refused: [...state.refused, why] };
}

/** The refusals were read. */
export const seen = (state) => ({ ...state, refused: [] });

/** How far it is: groups with a decision, of how many. */
export const far = (state) => ({ decided: state.groups.filter((group) => group.status !== "open").length, all: state.groups.length });
