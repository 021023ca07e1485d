import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOf, bindings, CHOOSING } from "./keys.js";
import * as choosing from "./select-groups.js";

const image = (name, more = {}) => ({ id: `id-${name}`, name, width: 100, height: 80, preview: `/preview/${name}`, suggestion: null, ...more });
const group = (id, names, more = {}) => ({ id, images: names.map((each) => (typeof each === "string" ? image(each) : each)), status: "open", chosen: null, how: null, box: null, ...more });
const two = () => [group("g", ["a", image("b", { suggestion: [0.1, 0.1, 0.9, 0.9] })]), group("h", ["c", "d", "e"])];

let requests = 0;
const table = bindings(CHOOSING, { suggested: "1 2 3 4", whole: "a s d f", crop: "q w e r", next: "Enter", back: "ArrowUp", reject: "x", reopen: "z", help: "?" });
const asked = (key) => (key === "escape" ? { action: "escape" } : actionOf({ key }, table));
const press = (state, ...keys) => keys.reduce((now, key) => choosing.press(now, asked(key), `r${++requests}`), state);
const sent = (state) => state.outbox.map(({ group: of, kind, image: which, how }) => [of, kind, which, how].filter(Boolean).join(" "));

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

// -- what others do, and what is known ------------------------------------------------------------------------------

const brief = (count, open = () => true) => Array.from({ length: count }, (_, at) => ({ id: `g${at}`, status: open(at) ? "open" : "rejected" }));
const whole = (id, more = {}) => group(id, [`${id}-a`, `${id}-b`], more);

test("of many groups those are wanted that are seen soon, and no others", () => {
  const state = choosing.begin(brief(5000));
  assert.deepEqual(choosing.wanted(state), ["g0", "g1", "g2", "g3", "g4"]);
  assert.deepEqual(choosing.wanted(choosing.arrived(state, [whole("g0"), whole("g2")])), ["g1", "g3", "g4"]);
  const some = choosing.begin(brief(20, (at) => at === 3 || at === 9));
  assert.deepEqual(choosing.wanted(some), ["g3", "g9", "g2"]);
});

test("nothing can be decided about a group before its images are there", () => {
  const state = choosing.begin(brief(2));
  assert.deepEqual(press(state, "1", "a", "q", "x", "z").outbox, []);
  assert.equal(press(state, "enter").at, 1);
  assert.deepEqual(sent(press(choosing.arrived(state, [whole("g0")]), "a")), ["g0 choose id-g0-a whole"]);
});

test("what is decided elsewhere is seen: asked for again where it is near, noted where it is not", () => {
  let state = choosing.arrived(choosing.begin(brief(9)), [whole("g0"), whole("g1")]);
  state = choosing.heard(state, [{ group: "g1", status: "chosen" }, { group: "g7", status: "rejected" }, { group: "of another directory", status: "chosen" }]);
  assert.deepEqual(choosing.wanted(state).slice(0, 1), ["g1"]);
  assert.deepEqual(state.groups[7], { id: "g7", status: "rejected" });
  assert.equal(choosing.far(state).decided, 1);
  state = choosing.arrived(state, [whole("g1", { status: "chosen", chosen: "g1-b", how: "whole" })]);
  assert.deepEqual(choosing.kept(state.groups[1]), ["g1-b"]);
  assert.equal(press(state, "enter").at, 2, "Enter passes it by");
});

test("an image that was cropped elsewhere has its group asked for again", () => {
  const state = choosing.arrived(choosing.begin(brief(1)), [whole("g0")]);
  assert.deepEqual(choosing.wanted(choosing.heard(state, [{ image: "id-g0-b" }])), ["g0"]);
  assert.equal(choosing.heard(state, [{ image: "id-x" }, { image: false }, { group: "x", status: "open" }]), state);
});

test("a group that was seen and is far away now is known no more, once it is decided elsewhere", () => {
  let state = choosing.arrived(choosing.begin(brief(9)), [whole("g0")]);
  state = press(state, "enter", "enter", "enter");
  state = choosing.heard(state, [{ group: "g0", status: "chosen" }]);
  assert.deepEqual(state.groups[0], { id: "g0", status: "chosen" });
});

test("a decision under way stands until it is answered, whatever is heard meanwhile", () => {
  let state = press(choosing.arrived(choosing.begin(brief(2)), [whole("g0")]), "s");
  state = choosing.heard(state, [{ group: "g0", status: "rejected" }]);
  state = choosing.arrived(state, [whole("g0", { status: "rejected" })]);
  assert.deepEqual(choosing.kept(state.groups[0]), ["g0-b"]);
  state = choosing.answered(state, state.outbox[0].id, whole("g0", { status: "chosen", chosen: "g0-a", how: "whole" }));
  assert.deepEqual(choosing.kept(state.groups[0]), ["g0-a"]);
});

test("a decision under way is not forgotten, however far away its group is by now", () => {
  let state = choosing.arrived(choosing.begin(brief(9)), [whole("g0")]);
  state = press(state, "s", "enter", "enter", "enter");
  state = choosing.heard(state, [{ group: "g0", status: "rejected" }]);
  assert.deepEqual(choosing.kept(state.groups[0]), ["g0-b"]);
});

test("an answer that took long does not undo what is known since", () => {
  let state = choosing.arrived(choosing.begin(brief(2)), [whole("g0", { version: 0 })]);
  state = press(state, "s");
  state = choosing.answered(state, state.outbox[0].id, whole("g0", { version: 1, status: "chosen", chosen: "g0-b", how: "whole" }));
  state = choosing.arrived(state, [whole("g0", { version: 0 })]);
  assert.deepEqual(choosing.kept(state.groups[0]), ["g0-b"]);
  state = choosing.listed(state, brief(2));
  assert.deepEqual(choosing.kept(state.groups[0]), ["g0-b"]);
  state = choosing.arrived(state, [whole("g0", { version: 2, status: "rejected", chosen: null })]);
  assert.deepEqual(choosing.kept(state.groups[0]), []);
});

test("a crop that is being drawn ends, and it is said, when another image is chosen elsewhere", () => {
  let state = press(choosing.arrived(choosing.begin(brief(1)), [whole("g0")]), "q");
  state = choosing.answered(state, state.outbox[0].id, whole("g0", { status: "chosen", chosen: "g0-a", how: "crop" }));
  assert.equal(state.cropping.image.name, "g0-a", "not by one's own answer");
  state = choosing.arrived(state, [whole("g0", { status: "chosen", chosen: "g0-b", how: "whole" })]);
  assert.equal(state.cropping, null);
  assert.match(state.refused[0], /another page/);
});

test("after a new look into the directory the group at hand stays at hand", () => {
  let state = choosing.arrived(choosing.begin(brief(4)), [whole("g0"), whole("g1")]);
  state = press(state, "a", "enter");
  state = choosing.listed(state, [{ id: "new", status: "open" }, { id: "g1", status: "open" }, { id: "g0", status: "open" }]);
  assert.equal(choosing.current(state).id, "g1");
  assert.deepEqual(choosing.kept(state.groups[2]), ["g0-a"], "what is under way stands");
  assert.ok(choosing.wanted(state).includes("g1"), "what is known may be other by now");
  assert.equal(choosing.current(choosing.listed(state, [{ id: "other", status: "open" }])).id, "other");
});

test("what an earlier page did not send goes first", () => {
  const state = press(choosing.adopted(choosing.begin(two()), [{ id: "old", kind: "reject", group: "x" }]), "a");
  assert.deepEqual(state.outbox.map((entry) => entry.id)[0], "old");
  assert.equal(choosing.unsent(state).id, "old");
});
