import assert from "node:assert/strict";
import test from "node:test";

import * as marking from "./crop-marking.js";

const picture = (name, more = {}) => ({ id: name, name: `${name}.png`, width: 100, height: 80, version: 0, suggestion: null, ...more });
const pictures = (letters) => [...letters].map((letter) => picture(letter));
const start = (letters = "abcdefghi", size = 3) => marking.arrived(marking.begin(size), pictures(letters));
const small = { left: 10, top: 10, right: 60, bottom: 50 };
const names = (state) => marking.shown(state).entries.map((entry) => entry.image.id).join("");
const sent = (state) => state.outbox.map((entry) => (entry.decisions ?? []).map((decision) => decision.image).join("") || entry.kind);
const recorded = (state, id, letters, version = 1) =>
  marking.acknowledged(state, id, [...letters].map((image) => ({ image, version })));

test("three are shown and two batches wait behind them", () => {
  const state = start();
  assert.equal(names(state), "abc");
  assert.deepEqual(state.ahead.map((image) => image.id), [..."defghi"]);
  assert.equal(marking.wanted(state), 0);
  assert.equal(marking.wanted(marking.begin(3)), 9);
  assert.equal(marking.wanted(marking.submitted(state, "1", 0)), 3);
});

test("a box is the whole image at first, or the suggestion", () => {
  const state = marking.arrived(marking.begin(2), [picture("a"), picture("b", { suggestion: [0.1, 0.25, 0.5, 1] })]);
  assert.deepEqual(marking.shown(state).entries.map((entry) => entry.box), [
    { left: 0, top: 0, right: 100, bottom: 80 }, { left: 10, top: 20, right: 50, bottom: 80 },
  ]);
});

test("what Enter sends is every decision of the batch, and what each was decided on", () => {
  let state = marking.changed(start("abc"), 1, { box: small });
  state = marking.submitted(marking.toggledSkip(state, 2), "one", 7);
  assert.deepEqual(state.outbox, [{
    id: "one", kind: "marks", at: 7, decisions: [
      { image: "a", skipped: false, box: { left: 0, top: 0, right: 100, bottom: 80 }, size: { width: 100, height: 80 }, sha256: null, version: 0, follows: null },
      { image: "b", skipped: false, box: small, size: { width: 100, height: 80 }, sha256: null, version: 0, follows: null },
      { image: "c", skipped: true, box: { left: 0, top: 0, right: 100, bottom: 80 }, size: { width: 100, height: 80 }, sha256: null, version: 0, follows: null },
    ],
  }]);
  assert.equal(names(state), "");
});

test("the next batch is there before the server has answered", () => {
  let state = marking.submitted(start(), "1", 0);
  assert.equal(names(state), "def");
  state = marking.submitted(state, "2", 0);
  assert.equal(names(state), "ghi");
  assert.deepEqual(sent(state), ["abc", "def"]);
  assert.equal(marking.next(state).id, "1");
  state = recorded(state, "1", "abc");
  assert.deepEqual(sent(state), ["def"]);
});

test("no image is shown twice, however often the server sends it", () => {
  let state = marking.arrived(start("abcd"), pictures("abcde"));
  assert.deepEqual(marking.held(state), [..."abcde"]);
  state = marking.arrived(marking.submitted(state, "1", 0), pictures("abcdef"));
  assert.deepEqual(marking.held(state), [..."abcdef"]);
});

test("the end is when the server has no more and everything has been dealt with", () => {
  let state = start("abcd");
  state = marking.submitted(state, "1", 0);
  assert.equal(names(state), "d");
  state = marking.arrived(state, []);
  assert.ok(!marking.finished(state));
  assert.equal(marking.wanted(state), 0);
  state = marking.submitted(state, "2", 0);
  assert.ok(marking.finished(state));
  assert.equal(marking.submitted(state, "3", 0), state);
  state = marking.arrived(marking.reopened(state), pictures("x"));
  assert.equal(names(state), "x");
});

test("a late image fills the batch that is shown", () => {
  let state = marking.arrived(marking.begin(3), pictures("a"));
  assert.equal(names(state), "a");
  state = marking.arrived(state, pictures("bcd"));
  assert.equal(names(state), "abc");
});

test("back, change one, Enter: only that one is sent, and it follows the first request", () => {
  let state = recorded(marking.submitted(start(), "1", 0), "1", "abc");
  state = marking.back(state);
  assert.equal(names(state), "abc");
  state = marking.submitted(marking.changed(state, 1, { box: small }), "2", 0);
  assert.deepEqual(sent(state), ["b"]);
  assert.deepEqual(state.outbox[0].decisions[0].version, 1);
  assert.equal(state.outbox[0].decisions[0].follows, "1");
  assert.equal(names(state), "def");
});

test("back and Enter without a change sends nothing", () => {
  const state = marking.submitted(marking.back(marking.submitted(start(), "1", 0)), "2", 0);
  assert.deepEqual(sent(state), ["abc"]);
  assert.equal(names(state), "def");
});

test("a revision made before the answer says what it follows, and the answer to the first does not undo it", () => {
  let state = marking.back(marking.submitted(start(), "1", 0));
  state = marking.submitted(marking.changed(state, 0, { box: small }), "2", 0);
  assert.equal(state.outbox[1].decisions[0].follows, "1");
  state = recorded(state, "1", "abc", 4);
  state = marking.back(state);
  assert.deepEqual(marking.shown(state).entries[0].decided, { box: small, skipped: false });
  assert.equal(marking.shown(state).entries[0].version, 4);
});

test("a skip takes no account of the box under it", () => {
  let state = marking.submitted(marking.toggledSkip(start(), 0), "1", 0);
  state = marking.back(state);
  state = marking.submitted(marking.changed(state, 0, { box: small }), "2", 0);
  assert.deepEqual(sent(state), ["abc"]);
});

test("changes are taken back one by one, and brought again, until Enter", () => {
  let state = marking.changed(start(), 0, { box: small });
  state = marking.toggledSkip(state, 1);
  state = marking.undone(state);
  assert.deepEqual(marking.shown(state).entries.map((entry) => entry.skipped), [false, false, false]);
  assert.deepEqual(marking.shown(state).entries[0].box, small);
  const before = marking.undone(state);
  assert.deepEqual(marking.shown(before).entries[0].box, { left: 0, top: 0, right: 100, bottom: 80 });
  assert.equal(marking.undone(before), before);
  assert.deepEqual(marking.shown(marking.redone(marking.redone(before))).entries.map((entry) => entry.skipped), [false, true, false]);
  assert.equal(marking.redone(marking.changed(before, 2, { box: small })).batches[0].redo.length, 0);
});

test("a change that changes nothing is no step to take back", () => {
  const state = start();
  assert.equal(marking.changed(state, 0, { skipped: false }), state);
  assert.equal(marking.changed(state, 7, { skipped: true }), state);
});

test("a suggestion is accepted, toggled against the operator's own box, and reset", () => {
  const suggested = { left: 10, top: 20, right: 50, bottom: 80 };
  let state = marking.arrived(marking.begin(2), [picture("a", { suggestion: [0.1, 0.25, 0.5, 1] }), picture("b")]);
  state = marking.changed(state, 0, { box: small });
  state = marking.toggledSuggestion(state);
  assert.deepEqual(marking.shown(state).entries[0].box, suggested);
  state = marking.toggledSuggestion(state);
  assert.deepEqual(marking.shown(state).entries[0].box, small);
  state = marking.accepted(state, 0);
  assert.deepEqual(marking.shown(state).entries[0].box, suggested);
  state = marking.reset(state, 0);
  assert.deepEqual(marking.shown(state).entries[0].box, { left: 0, top: 0, right: 100, bottom: 80 });
  assert.equal(marking.accepted(state, 1), state);
});

test("an image that cannot be read is left aside and stays open; its skip is a decision", () => {
  const broken = picture("b", { problem: "it cannot be read", width: 1, height: 1 });
  const state = marking.arrived(marking.begin(3), [picture("a"), broken, picture("c"), picture("d")]);
  assert.equal(marking.changed(state, 1, { box: small }), state);
  const passed = marking.submitted(state, "1", 0);
  assert.deepEqual(sent(passed), ["ac"]);
  assert.ok(marking.held(passed).includes("b"));
  assert.equal(names(passed), "d");
  assert.deepEqual(sent(marking.submitted(marking.toggledSkip(state, 1), "1", 0)), ["abc"]);
});

test("an image that turns out to be unreadable is so wherever it waits", () => {
  let state = marking.broken(marking.broken(start(), "b", "torn"), "e", "torn");
  assert.deepEqual(marking.shown(state).entries.map((entry) => entry.image.problem), [undefined, "torn", undefined]);
  state = marking.submitted(state, "1", 0);
  assert.equal(marking.shown(state).entries[1].image.problem, "torn");
});

test("only unreadable images: Enter goes on and sends nothing", () => {
  const state = marking.arrived(marking.begin(1), [picture("a", { problem: "no" }), picture("b")]);
  const passed = marking.submitted(state, "1", 0);
  assert.deepEqual(sent(passed), []);
  assert.equal(names(passed), "b");
});

test("what was refused is no decision any more, and its reason stays until it was seen", () => {
  let state = marking.submitted(start(), "1", 0);
  state = marking.acknowledged(state, "1", [{ image: "a", version: 1 }, { image: "b", refused: "bob was first", version: 5 }, { image: "c", version: 1 }]);
  assert.deepEqual(state.refused, [{ image: "b", why: "bob was first" }]);
  state = marking.back(state);
  assert.equal(marking.shown(state).entries[1].decided, null);
  assert.equal(marking.shown(state).entries[1].version, 5);
  assert.deepEqual(marking.shown(state).entries[0].decided, { box: { left: 0, top: 0, right: 100, bottom: 80 }, skipped: false });
  assert.deepEqual(marking.dismissed(state).refused, []);
  assert.deepEqual(sent(marking.submitted(state, "2", 0)), ["b"]);
});

test("a request the server will never take leaves the outbox and says why", () => {
  const state = marking.rejected(marking.submitted(start(), "1", 0), "1", "read-only");
  assert.deepEqual(state.outbox, []);
  assert.deepEqual(state.refused.map((each) => each.image), ["a", "b", "c"]);
  assert.equal(marking.rejected(marking.asked(start(), "undo", "9", 0), "9", "nothing to undo").refused[0].why, "nothing to undo");
});

test("undo goes out after what was sent before it, and shows the batch as it then stands", () => {
  let state = marking.submitted(marking.changed(start(), 0, { box: small }), "1", 0);
  state = marking.asked(state, "undo", "u", 0);
  assert.deepEqual(sent(state), ["abc", "undo"]);
  state = recorded(state, "1", "abc");
  const told = { id: "1", entries: [..."abc"].map((letter) => ({ image: picture(letter, { version: 2 }), decided: null })) };
  state = marking.restated(state, marking.next(state), told);
  assert.equal(names(state), "abc");
  assert.deepEqual(state.outbox, []);
  const [first] = marking.shown(state).entries;
  assert.deepEqual([first.decided, first.version, first.box], [null, 2, small]); // what was drawn is still there
  assert.deepEqual(sent(marking.submitted(state, "2", 0)), ["abc"]);
});

test("redo shows the batch behind the one that stands again", () => {
  let state = recorded(marking.submitted(start(), "1", 0), "1", "abc");
  state = marking.restated(marking.asked(state, "undo", "u", 0), { id: "u", kind: "undo" },
    { id: "1", entries: [..."abc"].map((letter) => ({ image: picture(letter, { version: 2 }), decided: null })) });
  state = marking.restated(marking.asked(state, "redo", "r", 0), { id: "r", kind: "redo" },
    { id: "1", entries: [..."abc"].map((letter) => ({ image: picture(letter, { version: 3 }), decided: { box: [0, 0, 1, 1], skipped: false } })) });
  assert.equal(names(state), "def");
  assert.deepEqual(marking.shown(marking.back(state)).entries[0].decided, { box: { left: 0, top: 0, right: 100, bottom: 80 }, skipped: false });
});

test("undo of a revision shows the box from before it", () => {
  let state = recorded(marking.submitted(start(), "1", 0), "1", "abc");
  state = marking.submitted(marking.changed(marking.back(state), 0, { box: small }), "2", 0);
  state = recorded(state, "2", "a", 2);
  state = marking.restated(state, { id: "u", kind: "undo" }, { id: "2", entries: [{ image: picture("a", { version: 3 }), decided: { box: [0, 0, 0.5, 0.5], skipped: false } }] });
  assert.deepEqual(marking.shown(state).entries[0].box, { left: 0, top: 0, right: 50, bottom: 40 });
  assert.deepEqual(sent(marking.submitted(state, "3", 0)), []);
});

test("after a reload, what the server remembers can be gone back to", () => {
  let state = start("def");
  assert.equal(marking.back(state), state);
  const told = { id: "1", entries: [{ image: picture("a", { version: 1 }), decided: { box: [0, 0, 0.5, 0.5], skipped: false } }, { image: picture("b", { version: 2 }), decided: { box: null, skipped: true } }] };
  state = marking.remembered(state, told);
  assert.equal(names(state), "ab");
  assert.deepEqual(marking.shown(state).entries.map((entry) => entry.skipped), [false, true]);
  assert.equal(names(marking.forward(state)), "def");
  assert.equal(marking.remembered(state, told), state);
  assert.deepEqual(sent(marking.submitted(state, "2", 0)), []);
});

test("what an earlier page left unsent is sent first, once", () => {
  const old = { id: "0", kind: "marks", at: 0, decisions: [] };
  const state = marking.adopted(marking.submitted(start(), "1", 0), [old]);
  assert.deepEqual(state.outbox.map((entry) => entry.id), ["0", "1"]);
  assert.deepEqual(marking.adopted(state, [old]).outbox.length, 2);
});

test("drafts hold what differs from how an image came, and bring it back", () => {
  const state = marking.toggledSkip(marking.changed(start(), 0, { box: small }), 2);
  const drafts = marking.drafts(state);
  assert.deepEqual(drafts, { a: { box: small, skipped: false }, c: { box: { left: 0, top: 0, right: 100, bottom: 80 }, skipped: true } });
  const again = marking.arrived(marking.begin(3), pictures("abc").map((image) => ({ ...image, draft: drafts[image.id] })));
  assert.deepEqual(marking.shown(again).entries[0].box, small);
  assert.ok(marking.shown(again).entries[2].skipped);
  const wrong = { box: { left: 0, top: 0, right: 1000, bottom: 10 }, skipped: true };
  assert.deepEqual(marking.entryFor(picture("a", { draft: wrong })).box, { left: 0, top: 0, right: 100, bottom: 80 });
  assert.deepEqual(marking.drafts(marking.submitted(state, "1", 0)), {});
});

test("an evening of batches does not grow without end", () => {
  let state = marking.begin(3);
  for (let turn = 0; turn < 700; turn += 1) {
    state = marking.arrived(state, [0, 1, 2].map((index) => picture(`${turn}-${index}`)));
    state = recorded(marking.submitted(state, `${turn}`, 0), `${turn}`, "");
  }
  assert.ok(state.batches.length <= 100);
  assert.equal(state.at, state.batches.length - 1);
});

test("how an image stands has a word", () => {
  const word = (values, image = picture("a")) => marking.standing({ ...marking.entryFor(image), ...values });
  assert.equal(word({}), "whole");
  assert.equal(word({ box: small }), "box");
  assert.equal(word({ skipped: true }), "skipped");
  assert.equal(word({}, picture("a", { problem: "no" })), "problem");
});

test("a refusal of the first request does not take away the revision that is under way", () => {
  let state = marking.back(marking.submitted(start(), "1", 0));
  state = marking.submitted(marking.changed(state, 0, { box: small }), "2", 0);
  state = marking.acknowledged(state, "1", [{ image: "a", refused: "busy", version: 1 }]);
  assert.deepEqual(marking.shown(marking.back(state)).entries[0].decided, { box: small, skipped: false });
});
