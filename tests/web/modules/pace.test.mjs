import assert from "node:assert/strict";
import test from "node:test";

import { duration, marked, perMinute, sittingFrom, timeLeft } from "./crop-pace.js";

test("the pace is images per minute of work, and a long pause counts as a minute", () => {
  let sitting = sittingFrom(0);
  sitting = marked(sitting, 3, 10_000);
  assert.equal(perMinute(sitting), null);
  sitting = marked(sitting, 3, 20_000);
  assert.equal(perMinute(sitting), 18);
  sitting = marked(sitting, 3, 3_600_000);
  assert.equal(perMinute(sitting), 9 / (80 / 60));
});

test("a clock that goes back costs nothing", () => {
  assert.equal(marked(marked(sittingFrom(100_000), 6, 110_000), 3, 50_000).workedMs, 10_000);
});

test("time left is said in words, and not before there is a pace", () => {
  assert.equal(timeLeft(sittingFrom(0), 100), null);
  const sitting = marked(sittingFrom(0), 60, 60_000);
  assert.equal(timeLeft(sitting, 4000), "1 h 7 min");
  assert.equal(timeLeft(sitting, 10), "under a minute");
  assert.equal(timeLeft(sitting, 0), null);
  assert.equal(duration(59.6), "1 h 0 min");
});
