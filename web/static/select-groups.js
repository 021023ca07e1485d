// The state of the choosing page, and how it changes: pure, so that any sequence of keys can be tried without a browser.
//
// A group has one place for the image that is kept, so there is never a second one. What is decided goes into the
// outbox at once; what the server says afterwards is the truth.

import { denormalise, normalise, whole } from "./crop-geometry.js";

/** What this page sends. */
export const KINDS = new Set(["choose", "reject", "reopen"]);

const AHEAD = 4;

/** The page at its first group without a decision. Of most groups only id and status are known: the images come later. */
export function begin(groups) {
  const at = groups.findIndex((group) => group.status === "open");
  return { groups, at: Math.max(at, 0), done: at < 0, trail: [], cropping: null, outbox: [], refused: [] };
}

export const current = (state) => state.groups[state.at];

/** The names of the images that a group keeps: one, or none. */
export const kept = (group) => (group.images ?? []).filter((image) => image.name === group.chosen).map((image) => image.name);

const DECIDING = new Set(["suggested", "whole", "crop", "reject", "reopen"]);

/** Does what an action asks for; `id` names the request that it may become. */
export function press(state, { action, index }, id) {
  const group = current(state);
  if (!group || (!group.images && DECIDING.has(action))) return state;
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

// -- what is seen soon, and what the server tells -----------------------------------------------------------------

/** The groups that are looked at now or soon: the one at hand, those that Enter leads to, the one that Up leads to. */
export function near(state) {
  const { groups, at } = state;
  const ahead = [];
  for (let step = 1; step < groups.length && ahead.length < AHEAD; step += 1) {
    const place = (at + step) % groups.length;
    if (groups[place].status === "open") ahead.push(place);
  }
  const before = state.trail.at(-1) ?? at - 1;
  return [...new Set([at, ...ahead, before])].map((place) => groups[place]).filter(Boolean);
}

/** The ids of those among them whose images are not known yet, or no more as they are. */
export const wanted = (state) => near(state).filter((group) => !group.images || group.stale).map((group) => group.id);

/**
 * Groups as they stand by the server. A decision of this page that is under way is the later one, and stands here; so
 * does what is known of a later version than an answer that took long.
 */
export function arrived(state, told) {
  const fresh = new Map(told.filter(({ id }) => !pending(state, id)).map((group) => [group.id, group]));
  const isNews = (group) => fresh.has(group.id) && !(fresh.get(group.id).version < group.version);
  const groups = state.groups.map((group) => (isNews(group) ? { ...group, ...fresh.get(group.id), stale: false } : group));
  return steady({ ...state, groups });
}

/** Every group by id and status, as after a new look into the directory; the one at hand stays at hand. */
export function listed(state, told) {
  const known = new Map(state.groups.map((group) => [group.id, group]));
  const id = current(state)?.id;
  const groups = told.map((group) => {
    const before = known.get(group.id);
    if (!before?.images) return group;
    return pending(state, group.id) ? before : { ...before, stale: true };
  });
  const at = groups.findIndex((group) => group.id === id);
  return at < 0 ? { ...begin(groups), outbox: state.outbox, refused: state.refused } : steady({ ...state, groups, at, trail: [] });
}

/** What somebody did, here or elsewhere: [{group, status} or {image}]. What is seen soon is asked for again. */
export function heard(state, news) {
  const status = new Map(news.filter((each) => each.group).map((each) => [each.group, each.status]));
  const images = new Set(news.map((each) => each.image).filter(Boolean));
  const concerned = state.groups.filter((group) =>
    !pending(state, group.id) && (status.has(group.id) || group.images?.some((image) => images.has(image.id))));
  if (!concerned.length) return state;
  const close = new Set(near(state));
  const changed = (group) => (close.has(group) ? { ...group, stale: true } : { id: group.id, status: status.get(group.id) ?? group.status });
  return { ...state, groups: state.groups.map((group) => (concerned.includes(group) ? changed(group) : group)) };
}

const pending = (state, id) => state.outbox.some((entry) => entry.group === id);

/** A crop is drawn on the image that is kept, and on no other: who chose another one elsewhere ends it. */
function steady(state) {
  const group = current(state);
  if (!state.cropping || group?.chosen === state.cropping.image.name) return state;
  return { ...state, cropping: null, refused: [...state.refused, "This group was decided on another page meanwhile."] };
}

// -- what is sent -------------------------------------------------------------------------------------------------

/** What an earlier page did not send goes first, under the ids it had. */
export const adopted = (state, entries) => ({ ...state, outbox: [...entries, ...state.outbox] });

/** What is to be sent next, or null. */
export const unsent = (state) => state.outbox[0] ?? null;

/** The server has recorded a request and says how the group stands; a later decision about it stands here. */
export function answered(state, id, told) {
  const outbox = state.outbox.filter((entry) => entry.id !== id);
  const next = { ...state, outbox };
  return told ? arrived(next, [told]) : next;
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
