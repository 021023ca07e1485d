// The table of cases is the one that tests/web/test_geometry.py puts to the ledger's own arithmetic.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as geometry from "./crop-geometry.js";

const cases = JSON.parse(readFileSync(new URL("./geometry_cases.json", import.meta.url)));
const boxOf = (pixels) => pixels && { left: pixels[0], top: pixels[1], right: pixels[2], bottom: pixels[3] };
const frame = { width: 400, height: 300 };
const box = { left: 100, top: 90, right: 300, bottom: 240 }; // 4:3, as the frame

for (const { frame: [width, height], pixels, fractions, given } of cases) {
  test(`pixels and fractions of ${width}x${height}, ${pixels}`, () => {
    if (fractions) assert.deepEqual(geometry.normalise(boxOf(pixels), { width, height }), fractions);
    assert.deepEqual(geometry.denormalise(fractions ?? given, { width, height }), boxOf(pixels));
  });
}

test("a box stops at the edges of the frame and keeps its size", () => {
  assert.deepEqual(geometry.moved(box, 10, -5, frame), { left: 110, top: 85, right: 310, bottom: 235 });
  assert.deepEqual(geometry.moved(box, 1000, 1000, frame), { left: 200, top: 150, right: 400, bottom: 300 });
  assert.deepEqual(geometry.moved(box, -1000, -1000, frame), { left: 0, top: 0, right: 200, bottom: 150 });
});

test("without a ratio every handle moves its own edges only", () => {
  const moves = {
    nw: { left: 107, top: 95 }, n: { top: 95 }, ne: { right: 307, top: 95 }, e: { right: 307 },
    se: { right: 307, bottom: 245 }, s: { bottom: 245 }, sw: { left: 107, bottom: 245 }, w: { left: 107 },
  };
  assert.deepEqual(Object.keys(moves).sort(), [...geometry.HANDLES].sort());
  for (const [handle, edges] of Object.entries(moves)) {
    assert.deepEqual(geometry.resized(box, handle, 7, 5, frame, null), { ...box, ...edges }, handle);
  }
});

test("a handle cannot be pulled over the opposite edge, nor out of the frame", () => {
  assert.deepEqual(geometry.resized(box, "e", -1000, 0, frame, null), { ...box, right: 101 });
  assert.deepEqual(geometry.resized(box, "nw", -1000, -1000, frame, null), { ...box, left: 0, top: 0 });
  assert.deepEqual(geometry.resized(box, "se", 1000, 1000, frame, null), { ...box, right: 400, bottom: 300 });
});

test("with a ratio the corner that lies opposite stays, and the ratio", () => {
  assert.deepEqual(geometry.resized(box, "se", 40, 0, frame, 4 / 3), { left: 100, top: 90, right: 340, bottom: 270 });
  assert.deepEqual(geometry.resized(box, "nw", 40, 30, frame, 4 / 3), { left: 140, top: 120, right: 300, bottom: 240 });
});

test("with a ratio a corner stops where the first side meets the frame", () => {
  // 210 pixels down to the edge of the frame: 280 across.
  assert.deepEqual(geometry.resized(box, "se", 1000, 0, frame, 4 / 3), { left: 100, top: 90, right: 380, bottom: 300 });
});

test("with a ratio an edge grows the other side around its middle, and no further than the frame allows there", () => {
  assert.deepEqual(geometry.resized(box, "e", 40, 0, frame, 4 / 3), { left: 100, top: 75, right: 340, bottom: 255 });
  // The middle, 165, has 135 pixels below it: 270 high, 360 wide, and only 300 are there.
  assert.deepEqual(geometry.resized(box, "e", 1000, 0, frame, 4 / 3), { left: 100, top: 53, right: 400, bottom: 278 });
  const low = { left: 0, top: 240, right: 80, bottom: 300 };
  assert.deepEqual(geometry.resized(low, "e", 1000, 0, frame, 4 / 3), low);
});

test("the whole image grows no further, and shrinks with its ratio", () => {
  const all = geometry.whole(frame);
  for (const handle of geometry.HANDLES) {
    assert.deepEqual(geometry.resized(all, handle, handle.includes("w") ? -9 : 9, handle.includes("n") ? -9 : 9, frame, 4 / 3), all);
  }
  assert.deepEqual(geometry.resized(all, "se", -40, -30, frame, 4 / 3), { left: 0, top: 0, right: 360, bottom: 270 });
});

test("whatever is done to a box, it is whole pixels inside the frame and keeps its ratio to a pixel", () => {
  let seed = 7;
  const random = (low, high) => { seed = (seed * 48271) % 2147483647; return low + Math.floor((seed / 2147483647) * (high - low)); };
  for (let turn = 0; turn < 20_000; turn += 1) {
    const size = { width: random(1, 500), height: random(1, 500) };
    const left = random(0, size.width), top = random(0, size.height);
    const start = { left, top, right: random(left + 1, size.width + 1), bottom: random(top + 1, size.height + 1) };
    const ratio = [null, size.width / size.height, 1, 0.8, 16 / 9][turn % 5];
    const by = [random(-900, 900), random(-900, 900)];
    const results = [
      geometry.moved(start, ...by, size),
      geometry.resized(start, geometry.HANDLES[turn % 8], ...by, size, ratio),
      geometry.drawn({ x: left + 0.3, y: top + 0.7 }, { x: left + by[0], y: top + by[1] }, size, ratio),
    ];
    for (const [index, result] of results.entries()) {
      const { left: l, top: t, right: r, bottom: b } = result;
      assert.ok([l, t, r, b].every(Number.isInteger), JSON.stringify({ start, result, ratio, by, size, index }));
      assert.ok(0 <= l && l < r && r <= size.width && 0 <= t && t < b && b <= size.height, JSON.stringify({ start, result, index }));
      const free = !ratio || index === 0;
      // A side of one pixel cannot be smaller, whatever the ratio asks.
      if (!free && r - l > 1 && b - t > 1) assert.ok(Math.abs(r - l - (b - t) * ratio) <= 1 + ratio, JSON.stringify({ start, result, ratio, by, size, index }));
    }
  }
});

test("a box is drawn in all four directions", () => {
  const from = { x: 200, y: 150 };
  assert.deepEqual(geometry.drawn(from, { x: 240, y: 190 }, frame, null), { left: 200, top: 150, right: 240, bottom: 190 });
  assert.deepEqual(geometry.drawn(from, { x: 160, y: 110 }, frame, null), { left: 160, top: 110, right: 200, bottom: 150 });
  assert.deepEqual(geometry.drawn(from, { x: 160, y: 190 }, frame, null), { left: 160, top: 150, right: 200, bottom: 190 });
  assert.deepEqual(geometry.drawn(from, { x: 240, y: 110 }, frame, null), { left: 200, top: 110, right: 240, bottom: 150 });
  assert.deepEqual(geometry.drawn({ x: -9, y: -9 }, { x: 999, y: 999 }, frame, null), geometry.whole(frame));
  assert.deepEqual(geometry.drawn({ x: 999, y: 999 }, { x: -9, y: -9 }, frame, null), geometry.whole(frame));
});

test("a box of another shape is laid into the old one, in its middle", () => {
  assert.deepEqual(geometry.shaped(box, frame, 1), { left: 125, top: 90, right: 275, bottom: 240 });
  assert.deepEqual(geometry.shaped(geometry.whole(frame), frame, 2), { left: 0, top: 50, right: 400, bottom: 250 });
});

test("ratios are said as people say them", () => {
  const said = [[1024, 1024, "1:1"], [1536, 1024, "3:2"], [768, 1024, "3:4"], [1920, 1080, "16:9"], [1000, 700, "1.43"], [1001, 1000, "1:1"]];
  for (const [across, down, words] of said) assert.equal(geometry.ratioInWords(across, down), words);
  assert.equal(geometry.parseRatio("4:5"), 0.8);
  for (const wrong of ["", "4", "4:0", "a:b", "-4:5"]) assert.equal(geometry.parseRatio(wrong), null);
});
