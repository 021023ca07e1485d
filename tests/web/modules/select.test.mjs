import assert from "node:assert/strict";
import { test } from "node:test";

import * as choosing from "./select-groups.js";

const image = (name, more = {}) => ({ id: `id-${name}`, name, width: 100, height: 80, preview: `/preview/${name}`, suggestion: null, ...more });
const group = (id, names, more = {}) => ({ id, images: names.map((each) => (typeof each === "string" ? image(each) : each)), status: "open", chosen: null, how: null, box: null, ...more });
const two = () => [group("g", ["a", image("b", { suggestion: [0.1, 0.1, 0.9, 0.9] })]), group("h", ["c", "d", "e"])];

let requests = 0;
const press = (state, ...keys) => keys.reduce((now, key) => choosing.press(now, choosing.actionOf(key), `r${++requests}`), state);
const sent = (state) => state.outbox.map(({ group: of, kind, image: which, how }) => [of, kind, which, how].filter(Boolean).join(" "));

test("every key means one thing", () => {
  const keys = choosing.KEYS.flatMap(([, each]) => each);
  assert.equal(new Set(keys).size, keys.length);
  assert.deepEqual(choosing.actionOf("w"), { action: "crop", index: 1 });
  assert.equal(choosing.actionOf("k"), undefined);
});

test("it begins at the first group without a decision", () => {
  const decided = group("f", ["x", "y"], { status: "rejected" });
  assert.equal(choosing.begin([decided, ...two()]).at, 1);
  assert.ok(choosing.begin([decided]).done);
  assert.ok(choosing.begin([]).done);
});

test("an image is kept as suggested where something is suggested, and whole where not", () => {
  assert.deepEqual(sent(press(choosing.begin(two()), "2")), ["g choose id-b suggested"]);
  assert.deepEqual(choosing.current(press(choosing.begin(two()), "2")).box, [0.1, 0.1, 0.9, 0.9]);
  assert.deepEqual(sent(press(choosing.begin(two()), "1")), ["g choose id-a whole"]);
});

test("drawing the crop of another image lets the one chosen by a hotkey go", () => {
  let state = press(choosing.begin(two()), "2");
  state = choosing.drawn(press(state, "q"), { left: 10, top: 8, right: 60, bottom: 48 });
  state = press(state, "enter");
  assert.deepEqual(choosing.kept(state.groups[0]), ["a"]);
  assert.deepEqual(state.groups[0].box, [0.1, 0.1, 0.6, 0.6]);
  assert.deepEqual(sent(state), ["g choose id-b suggested", "g choose id-a crop", "g choose id-a crop"]);
  assert.deepEqual(state.outbox.at(-1).box, { left: 10, top: 8, right: 60, bottom: 48 });
});

test("while drawing, a hotkey for another image ends the drawing", () => {
  const state = press(choosing.begin(two()), "q", "s");
  assert.equal(state.cropping, null);
  assert.deepEqual(choosing.kept(state.groups[0]), ["b"]);
  assert.equal(state.groups[0].how, "whole");
});

test("the box begins as the suggestion, or as the whole image", () => {
  assert.deepEqual(press(choosing.begin(two()), "w").cropping.box, { left: 10, top: 8, right: 90, bottom: 72 });
  assert.deepEqual(press(choosing.begin(two()), "q").cropping.box, { left: 0, top: 0, right: 100, bottom: 80 });
});

test("Escape leaves the image chosen, to be marked later, and records no box", () => {
  const state = press(choosing.begin(two()), "q", "escape");
  assert.equal(state.cropping, null);
  assert.deepEqual(sent(state), ["g choose id-a crop"]);
  assert.equal(state.outbox[0].box, undefined);
});

test("the same choice again sends nothing", () => {
  assert.equal(press(choosing.begin(two()), "a", "a", "1", "1").outbox.length, 1);
  assert.equal(press(choosing.begin(two()), "z").outbox.length, 0);
});

test("groups without a choice are shown again, and when there is none it says so", () => {
  let state = press(choosing.begin(two()), "enter");
  assert.equal(state.at, 1);
  state = press(state, "a", "enter");
  assert.equal(state.at, 0);
  assert.ok(!state.done);
  state = press(state, "enter");
  assert.equal(state.at, 0, "the only one without a choice stays");
  state = press(state, "x", "enter");
  assert.ok(state.done);
});

test("Up goes back the way one came, and from the end to the last group", () => {
  let state = press(choosing.begin(two()), "a", "enter", "x", "enter");
  assert.ok(state.done);
  state = press(state, "arrowup");
  assert.ok(!state.done);
  assert.equal(state.at, 1);
  assert.equal(press(state, "arrowup").at, 0);
  assert.equal(press(state, "arrowup", "arrowup").at, 0);
});

test("Up goes back to the group that was shown, not to one that lies between", () => {
  const between = group("f", ["x", "y"], { status: "rejected" });
  const state = press(choosing.begin([two()[0], between, two()[1]]), "enter");
  assert.equal(state.at, 2);
  assert.equal(press(state, "arrowup").at, 0);
});

test("a rejected group keeps none, and a decision can be taken back", () => {
  const rejected = press(choosing.begin(two()), "a", "x");
  assert.deepEqual(choosing.kept(rejected.groups[0]), []);
  assert.equal(rejected.groups[0].status, "rejected");
  const open = press(rejected, "z");
  assert.equal(open.groups[0].status, "open");
  assert.deepEqual(sent(open).slice(1), ["g reject", "g reopen"]);
});

test("an image that is not there cannot be kept", () => {
  const state = choosing.begin([group("g", ["a", image("b", { preview: null })])]);
  assert.deepEqual(press(state, "2", "s", "w", "3", "4", "f", "r").outbox, []);
  assert.equal(press(state, "w").cropping, null);
});

test("what the server says is the truth, unless there is a later decision about that group", () => {
  let state = press(choosing.begin(two()), "a", "s");
  const [first, second] = state.outbox;
  state = choosing.answered(state, first.id, { id: "g", status: "chosen", chosen: "a", how: "whole" });
  assert.deepEqual(choosing.kept(state.groups[0]), ["b"], "the later decision stands");
  state = choosing.rejected(state, second.id, "no", { id: "g", status: "chosen", chosen: "a", how: "whole", box: null });
  assert.deepEqual(choosing.kept(state.groups[0]), ["a"]);
  assert.deepEqual(state.refused, ["no"]);
  assert.deepEqual(choosing.seen(state).refused, []);
  assert.equal(choosing.unsent(state), null);
});

test("a refusal ends the drawing on that group", () => {
  let state = press(choosing.begin(two()), "q");
  state = choosing.rejected(state, state.outbox[0].id, "executed", { id: "g", status: "open", chosen: null, how: null, box: null });
  assert.equal(state.cropping, null);
});
