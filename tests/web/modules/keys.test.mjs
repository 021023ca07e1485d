import assert from "node:assert/strict";
import test from "node:test";

import { actionOf, bindings, CHOOSING, helpOf, keyInWords, MARKING } from "./keys.js";

const key = (name, more = {}) => ({ key: name, code: "", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...more });
const settings = {
  submit: "Enter", back: "ArrowLeft b", undo: "z", redo: "Shift+z", skip: "1 2 3", reset: "x c v Shift+x", help: "?", overlay: "Ctrl+f", end: "Space",
};
const table = bindings(MARKING, settings);

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

test("a key of the choosing page is of an image only where the action is of one", () => {
  const choosing = bindings(CHOOSING, { whole: "a s d f", next: "Enter n" });
  assert.deepEqual(actionOf(key("d"), choosing), { action: "whole", index: 2 });
  assert.deepEqual(actionOf(key("n"), choosing), { action: "next" });
});

test("the help says a binding as it is printed on the keys", () => {
  const all = Object.fromEntries(Object.keys(MARKING.actions).map((action) => [action, "F1"]));
  const help = new Map(helpOf(MARKING, { ...all, ...settings, help: "Space ?" }).map(([keys, words]) => [words, keys]));
  assert.equal(help.get(MARKING.actions.back), "← or B");
  assert.equal(help.get(MARKING.actions.redo), "Shift-Z");
  assert.equal(help.get(MARKING.actions.skip), "1 2 3");
  assert.equal(help.get(MARKING.actions.help), "Space or ?");
  assert.equal(help.get("Go to the next box"), "Tab");
});

test("a button says the first of its keys, or that of its image", () => {
  assert.equal(keyInWords("ArrowLeft b"), "←");
  assert.equal(keyInWords("x c v Shift+x", 3), "Shift-X");
  assert.equal(keyInWords("1 2", 5), "");
});

test("every action has its words", () => {
  for (const page of [MARKING, CHOOSING]) {
    assert.ok(Object.values(page.actions).every((words) => words.length > 3));
    assert.ok([...page.several].every((action) => action in page.actions));
  }
});
