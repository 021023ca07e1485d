// What the marking page knows, and what each action makes of it. Pure: states in, states out; no page, clock or network.
//
// The page is a row of batches. The last one is new; those before it have been submitted and can be gone back to. What
// has been submitted waits in the outbox until the server has said that it is in the ledger: an entry is sent again
// under the same id until then, so it is never lost and never doubled.

import { denormalise, isWhole, same, whole } from "./crop-geometry.js";

/** What this page sends. */
export const KINDS = new Set(["marks", "undo", "redo"]);

/** Everything empty, for batches of `size` images; `about` goes with every request. */
export const begin = (size, about = {}) => ({
  size, about, batches: [emptyBatch()], at: 0, ahead: [], exhausted: false, outbox: [], refused: [], left: [],
});

const emptyBatch = () => ({ id: null, entries: [], undo: [], redo: [] });

export const shown = (state) => state.batches[state.at];
const isNew = (state) => state.at === state.batches.length - 1;
const last = (state) => state.batches[state.batches.length - 1];

/** Whether there is nothing more to mark: the last batch is shown, and empty, and the server knows no more. */
export const finished = (state) => state.exhausted && isNew(state) && !shown(state).entries.length && !state.ahead.length;

/** How many more images the page wants: what fills the new batch, and two batches after it. */
export function wanted(state) {
  if (state.exhausted) return 0;
  return Math.max(0, 3 * state.size - last(state).entries.length - state.ahead.length);
}

/** Every image the page holds or has left aside, so that the server does not hand it out again. */
export function held(state) {
  const shownOnes = state.batches.flatMap((batch) => batch.entries.map((entry) => entry.image.id));
  return [...new Set([...shownOnes, ...state.ahead.map((image) => image.id), ...state.left])];
}

/** Images from the server, in order. None at all means that there are no more for now. */
export function arrived(state, images) {
  const known = new Set(held(state));
  const fresh = images.filter((image) => !known.has(image.id));
  return filled({ ...state, ahead: [...state.ahead, ...fresh], exhausted: !images.length });
}

/** More may have come up: ask the server again. */
export const reopened = (state) => ({ ...state, exhausted: false });

function filled(state) {
  const batch = last(state);
  const room = state.size - batch.entries.length;
  if (room <= 0 || !state.ahead.length) return state;
  const entries = [...batch.entries, ...state.ahead.slice(0, room).map(entryFor)];
  return replaced({ ...state, ahead: state.ahead.slice(room) }, state.batches.length - 1, { ...batch, entries });
}

/** An image as it is first shown: the suggested box, else the whole image; as it was left, where there is a draft. */
export function entryFor(image) {
  const suggested = image.suggestion && denormalise(image.suggestion, image);
  const start = { box: suggested ?? whole(image), skipped: false };
  return { image, decided: null, by: null, version: image.version, own: null, ...start, ...valid(image.draft, image) };
}

function valid(draft, image) {
  if (!draft) return {};
  const { box, skipped } = draft;
  const inside = box.left >= 0 && box.top >= 0 && box.right <= image.width && box.bottom <= image.height;
  return inside && box.left < box.right && box.top < box.bottom ? { box, skipped: Boolean(skipped) } : {};
}

// -- changing what is shown ---------------------------------------------------------------------------------------

/** One entry of the shown batch with other values: {box} or {skipped}. Nothing happens where it is so already. */
export function changed(state, index, values) {
  const batch = shown(state);
  const entry = batch.entries[index];
  if (!entry || entry.image.problem && "box" in values) return state;
  const next = { ...entry, ...values };
  if (same(next.box, entry.box) && next.skipped === entry.skipped) return state;
  const entries = batch.entries.with ? batch.entries.with(index, next) : Object.assign([...batch.entries], { [index]: next });
  return replaced(state, state.at, { ...batch, entries, undo: [...batch.undo, batch.entries], redo: [] });
}

export const toggledSkip = (state, index) =>
  changed(state, index, { skipped: !shown(state).entries[index]?.skipped });

export const reset = (state, index) => {
  const entry = shown(state).entries[index];
  return entry ? changed(state, index, { box: whole(entry.image) }) : state;
};

/** The suggested box for one image, or for all that have a suggestion. */
export const accepted = (state, index = null) => suggested(state, index, () => true);

/** From the suggestion to what the operator had drawn, and back. */
export const toggledSuggestion = (state, index = null) =>
  suggested(state, index, (entry, box) => !same(entry.box, box));

function suggested(state, index, take) {
  return shown(state).entries.reduce((sofar, entry, place) => {
    const box = entry.image.suggestion && denormalise(entry.image.suggestion, entry.image);
    if (!box || (index !== null && index !== place)) return sofar;
    const next = take(entry, box) ? { box, own: same(entry.box, box) ? entry.own : entry.box } : { box: entry.own ?? whole(entry.image) };
    return changed(sofar, place, next);
  }, state);
}

const stepped = (state, from, to) => {
  const batch = shown(state);
  if (!batch[from].length) return state;
  const entries = batch[from][batch[from].length - 1];
  // What the server has said meanwhile about an image stays; only what the operator did goes back.
  const merged = batch.entries.map((entry, index) => ({
    ...entry, ...(entries[index] && { box: entries[index].box, skipped: entries[index].skipped }),
  }));
  return replaced(state, state.at, {
    ...batch, entries: merged, [from]: batch[from].slice(0, -1), [to]: [...batch[to], batch.entries],
  });
};

/** Takes back the last change that was not submitted yet; the same state where there is none. */
export const undone = (state) => stepped(state, "undo", "redo");
export const redone = (state) => stepped(state, "redo", "undo");

// -- moving through the batches -----------------------------------------------------------------------------------

/**
 * Enter: submits what is shown and shows the next. `id` names the request. An image whose decision stands as it is
 * sends nothing; one that cannot be read is left aside, and stays open.
 */
export function submitted(state, id, at) {
  const batch = shown(state);
  if (!batch.entries.length) return state;
  const taken = batch.entries.filter((entry) => entry.skipped || !entry.image.problem);
  const sent = taken.filter((entry) => !entry.decided || !alike(entry, entry.decided));
  const left = batch.entries.filter((entry) => !taken.includes(entry)).map((entry) => entry.image.id);
  const entries = batch.entries.map((entry) =>
    sent.includes(entry) ? { ...entry, decided: { box: entry.box, skipped: entry.skipped }, by: id } : entry);
  const closed = { ...batch, id: sent.length ? id : batch.id, entries, undo: [], redo: [] };
  const next = {
    ...replaced(state, state.at, closed),
    outbox: sent.length ? [...state.outbox, { ...state.about, id, at, kind: "marks", decisions: sent.map(decision) }] : state.outbox,
    left: [...new Set([...state.left, ...left])],
  };
  return forward(next);
}

const alike = (a, b) => a.skipped === b.skipped && (a.skipped || same(a.box, b.box));

function decision(entry) {
  const { image, box, skipped, version, by } = entry;
  return { image: image.id, skipped, box, size: { width: image.width, height: image.height }, sha256: image.sha256 ?? null, version, follows: by };
}

const KEPT = 100;

/** The batch after the shown one; a new one behind the last, as soon as that was submitted. */
export function forward(state) {
  if (!isNew(state)) return { ...state, at: state.at + 1 };
  const batch = shown(state);
  const dealtWith = batch.entries.every((entry) => entry.decided || state.left.includes(entry.image.id));
  if (!batch.entries.length || !dealtWith) return state;
  const batches = [...state.batches, emptyBatch()].slice(-KEPT);
  return filled({ ...state, batches, at: batches.length - 1 });
}

/** The batch before the shown one; the same state where the page knows of none (the server may). */
export const back = (state) => (state.at > 0 ? { ...state, at: state.at - 1 } : state);

/** A batch that was submitted earlier, as the server tells it, put before all others and shown. */
export function remembered(state, told) {
  const known = new Set(state.batches.flatMap((batch) => batch.entries.map((entry) => entry.image.id)));
  const entries = told.entries.filter((each) => !known.has(each.image.id)).map(recalled);
  if (!entries.length) return state;
  const batch = { ...emptyBatch(), id: told.id, entries };
  return { ...state, batches: [batch, ...state.batches], at: 0 };
}

/** An entry from what the server tells: {image, decided: {box as fractions | null, skipped} | null}. */
function recalled({ image, decided }) {
  const entry = entryFor({ ...image, draft: null });
  if (!decided) return entry;
  const box = (decided.box && denormalise(decided.box, image)) ?? entry.box;
  const stands = { box, skipped: decided.skipped };
  return { ...entry, ...stands, decided: stands };
}

const replaced = (state, index, batch) => ({
  ...state, batches: state.batches.map((each, place) => (place === index ? batch : each)),
});

// -- the server's answers -----------------------------------------------------------------------------------------

/** A request to take back (or bring back) the last batch, to be answered in its turn, after what was sent before it. */
export const asked = (state, kind, id, at) => ({ ...state, outbox: [...state.outbox, { ...state.about, id, at, kind }] });

/** What was left unsent by an earlier page: sent first, under the ids it had. */
export const adopted = (state, entries) => {
  const known = new Set(state.outbox.map((entry) => entry.id));
  return { ...state, outbox: [...entries.filter((entry) => !known.has(entry.id)), ...state.outbox] };
};

export const next = (state) => state.outbox[0] ?? null;
const without = (state, id) => state.outbox.filter((entry) => entry.id !== id);

/**
 * The server has answered for an entry of the outbox: it is in the ledger. What was refused is no decision; it is kept
 * in `refused` with its reason until the operator has seen it.
 */
export function acknowledged(state, id, results) {
  const told = new Map(results.map((result) => [result.image, result]));
  const heard = state.batches.map((batch) => ({ ...batch, entries: batch.entries.map((entry) => answered(entry, told.get(entry.image.id), id)) }));
  const refused = results.filter((result) => result.refused)
    .map(({ image, refused: why }) => ({ image, why }));
  return { ...state, outbox: without(state, id), batches: heard, refused: [...state.refused, ...refused] };
}

function answered(entry, result, id) {
  if (!result) return entry;
  const version = result.version ?? entry.version;
  if (entry.by !== id) return { ...entry, version }; // decided anew meanwhile: the later request is under way
  return result.refused ? { ...entry, version, decided: null, by: null } : { ...entry, version };
}

/** The operator has seen what was refused. */
export const dismissed = (state) => ({ ...state, refused: [] });

/** A request that the server will never take; what it held is no decision any more. */
export function rejected(state, id, why) {
  const entry = state.outbox.find((each) => each.id === id);
  const results = (entry?.decisions ?? []).map(({ image }) => ({ image, refused: why }));
  const next = acknowledged(state, id, results);
  return results.length ? next : { ...next, refused: [...next.refused, { image: null, why }] };
}

/**
 * The server has taken a batch back, or brought it back: {id, entries: [{image, decided}]}. It is shown as it now
 * stands; after a redo, the one behind it.
 */
export function restated(state, request, told) {
  let next = { ...state, outbox: without(state, request.id) };
  if (!told) return next;
  const now = new Map(told.entries.map((each) => [each.image.id, recalled(each)]));
  const place = next.batches.findIndex((batch) => batch.entries.some((entry) => now.has(entry.image.id)));
  if (place < 0) return settled({ ...remembered(next, told) }, request);
  const batches = next.batches.map((batch) => ({
    ...batch, undo: [], redo: [],
    entries: batch.entries.map((entry) => (now.has(entry.image.id) ? stood(entry, now.get(entry.image.id)) : entry)),
  }));
  return settled({ ...next, batches, at: place }, request);
}

const settled = (state, request) => (request.kind === "redo" && !isNew(state) ? { ...state, at: state.at + 1 } : state);

/** The box that was taken back stays drawn, ready for another Enter; where an earlier decision stands, that is shown. */
const stood = (entry, told) => ({
  ...entry, image: told.image, version: told.version, decided: told.decided, by: null,
  ...(told.decided && { box: told.decided.box, skipped: told.decided.skipped }),
});

/** What of the shown batch is worth keeping over a reload: {id: draft} for all that differs from how it came. */
export const drafts = (state) => Object.fromEntries(
  last(state).entries
    .filter((entry) => !entry.decided && (entry.skipped || !same(entry.box, entryFor({ ...entry.image, draft: null }).box)))
    .map((entry) => [entry.image.id, { box: entry.box, skipped: entry.skipped }]));

/** A word for what stands now: "skipped", "whole", "box", "problem". */
export const standing = ({ image, box, skipped }) =>
  skipped ? "skipped" : image.problem ? "problem" : isWhole(box, image) ? "whole" : "box";

/** An image that cannot be shown, with why; it cannot be marked, only skipped or left aside. */
export const broken = (state, id, problem) => {
  const told = (image) => (image.id === id ? { ...image, problem } : image);
  return {
    ...state, ahead: state.ahead.map(told),
    batches: state.batches.map((batch) => ({ ...batch, entries: batch.entries.map((entry) => ({ ...entry, image: told(entry.image) })) })),
  };
};
