import assert from "node:assert/strict";
import test from "node:test";

import { ACTIONS, actionOf, bindings, inWords } from "./crop-keys.js";

const key = (name, more = {}) => ({ key: name, code: "", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...more });
const table = bindings({
  submit: "Enter", back: "ArrowLeft b", undo: "z", redo: "Shift+z", skip: "1 2 3", reset: "x c v Shift+x", help: "?", overlay: "Ctrl+f", end: "Space",
});

test("keys are found by name, with the modifiers that were asked for", () => {
  const found = (...args) => actionOf(key(...args), table)?.action;
  assert.equal(found("Enter"), "submit");
  assert.equal(found("b"), "back");
  assert.equal(found("B"), "back"); // Caps Lock
  assert.equal(found("ArrowLeft"), "back");
  assert.equal(found("ArrowLeft", { shiftKey: true }), undefined);
  assert.equal(found("z"), "undo");
  assert.equal(found("Z", { shiftKey: true }), "redo");
  assert.equal(found("z", { ctrlKey: true }), undefined);
  assert.equal(found("f"), undefined);
  assert.equal(found("f", { ctrlKey: true }), "overlay");
  assert.equal(found("?", { shiftKey: true }), "help");
  assert.equal(found(" "), "end");
});

test("a digit is where it is, on keyboards that want Shift for it, and on the number pad", () => {
  assert.deepEqual(actionOf(key("é", { code: "Digit2" }), table), { action: "skip", index: 1 });
  assert.deepEqual(actionOf(key("2", { code: "Digit2", shiftKey: true }), table), { action: "skip", index: 1 });
  assert.deepEqual(actionOf(key("3", { code: "Numpad3" }), table), { action: "skip", index: 2 });
  assert.equal(actionOf(key("1", { code: "Digit1", altKey: true }), table), undefined);
});

test("one key per image, from the left", () => {
  assert.deepEqual(actionOf(key("c"), table), { action: "reset", index: 1 });
  assert.deepEqual(actionOf(key("X", { shiftKey: true }), table), { action: "reset", index: 3 });
});

test("the help says a binding as it is printed on the keys", () => {
  assert.equal(inWords("ArrowLeft b", "back"), "← or B");
  assert.equal(inWords("Shift+z", "redo"), "Shift-Z");
  assert.equal(inWords("1 2 3", "skip"), "1 2 3");
  assert.equal(inWords("Space ?", "help"), "Space or ?");
});

test("every action has its words", () => {
  assert.ok(Object.values(ACTIONS).every((words) => words.length > 3));
});
