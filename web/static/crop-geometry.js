// Boxes in whole pixels of the image as displayed; pure arithmetic, no page.
//
// A box is {left, top, right, bottom} as in `ledger.values.PixelBox`, a frame is {width, height}, a ratio is width over
// height or null for any. A handle is a compass point: "n" moves the top edge, "se" the corner at the bottom right.

export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

export const width = (box) => box.right - box.left;
export const height = (box) => box.bottom - box.top;
export const whole = (frame) => ({ left: 0, top: 0, right: frame.width, bottom: frame.height });
export const same = (a, b) =>
  a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom;
export const isWhole = (box, frame) => same(box, whole(frame));

/** The box as fractions of the frame: [x1, y1, x2, y2]. */
export const normalise = (box, frame) => [
  box.left / frame.width, box.top / frame.height, box.right / frame.width, box.bottom / frame.height,
];

/** Fractions in whole pixels, rounded as the ledger rounds; null where no pixel is left. */
export function denormalise([x1, y1, x2, y2], frame) {
  const box = {
    left: roundHalfEven(x1 * frame.width), top: roundHalfEven(y1 * frame.height),
    right: roundHalfEven(x2 * frame.width), bottom: roundHalfEven(y2 * frame.height),
  };
  return box.left < box.right && box.top < box.bottom ? box : null;
}

/** Python's `round`: a half goes to the even neighbour. */
function roundHalfEven(number) {
  const down = Math.floor(number);
  const rest = number - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** The box moved by whole pixels, stopped at the edges of the frame; its size stays. */
export function moved(box, dx, dy, frame) {
  const x = clamp(Math.round(dx), -box.left, frame.width - box.right);
  const y = clamp(Math.round(dy), -box.top, frame.height - box.bottom);
  return { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y };
}

/** The box with one handle moved by pixels. What lies opposite stays; with a ratio, an edge grows around its middle. */
export function resized(box, handle, dx, dy, frame, ratio) {
  const across = handle.includes("w") ? -1 : handle.includes("e") ? 1 : 0;
  const down = handle.includes("n") ? -1 : handle.includes("s") ? 1 : 0;
  const wanted = { width: width(box) + across * dx, height: height(box) + down * dy };
  const room = { width: reach(box.left, box.right, across, frame.width), height: reach(box.top, box.bottom, down, frame.height) };
  if (!ratio) {
    const size = { width: clamp(wanted.width, 1, room.width), height: clamp(wanted.height, 1, room.height) };
    return laid(box, across, down, size, frame);
  }
  const asked = !down ? wanted.width : !across ? wanted.height * ratio : Math.max(wanted.width, wanted.height * ratio);
  // An edge alone changes the other side around the middle: there is room as far as the nearer edge of the frame.
  const limit = Math.min(room.width, room.height * ratio);
  const size = clamp(asked, Math.max(1, ratio), Math.max(limit, 1));
  return laid(box, across, down, { width: size, height: size / ratio }, frame);
}

/** How long a side may become: to the frame's edge where it is pulled, else to the nearer edge on both sides. */
function reach(low, high, direction, length) {
  if (direction > 0) return length - low;
  if (direction < 0) return high;
  return Math.min(low + high, 2 * length - low - high);
}

/** A box of about this size that keeps what lies opposite to the direction, or its middle where there is none. */
function laid(box, across, down, size, frame) {
  const [left, right] = side(box.left, box.right, across, size.width, frame.width);
  const [top, bottom] = side(box.top, box.bottom, down, size.height, frame.height);
  return { left, top, right, bottom };
}

function side(low, high, direction, wanted, length) {
  const size = clamp(Math.round(wanted), 1, length);
  if (size === high - low) return [low, high];
  const start = direction > 0 ? low : direction < 0 ? high - size : Math.round((low + high - size) / 2);
  const first = clamp(start, 0, length - size);
  return [first, first + size];
}

/** The box between two points of the frame, wherever they are: outside points count as on its edge. */
export function drawn(from, to, frame, ratio) {
  const inside = (point) => ({ x: clamp(point.x, 0, frame.width), y: clamp(point.y, 0, frame.height) });
  const start = inside(from);
  const end = inside(to);
  const corner = { x: clamp(Math.round(start.x), 0, frame.width), y: clamp(Math.round(start.y), 0, frame.height) };
  // A point on the far edge can only be drawn away from.
  const east = end.x >= start.x && corner.x < frame.width ? true : corner.x === 0;
  const south = end.y >= start.y && corner.y < frame.height ? true : corner.y === 0;
  const seed = {
    left: east ? corner.x : corner.x - 1, right: east ? corner.x + 1 : corner.x,
    top: south ? corner.y : corner.y - 1, bottom: south ? corner.y + 1 : corner.y,
  };
  const dx = end.x - (east ? seed.right : seed.left);
  const dy = end.y - (south ? seed.bottom : seed.top);
  return resized(seed, (south ? "s" : "n") + (east ? "e" : "w"), dx, dy, frame, ratio);
}

/** The box of this ratio in the middle of the given one, as large as it allows. */
export function shaped(box, frame, ratio) {
  const across = Math.min(width(box), height(box) * ratio);
  return laid(box, 0, 0, { width: across, height: across / ratio }, frame);
}

const NAMED = [[1, 1], [5, 4], [4, 3], [3, 2], [16, 9], [2, 1]];

/** Width over height for people: "3:2" where it is one of the usual ones to half a percent, else "1.43". */
export function ratioInWords(across, down) {
  for (const [long, short] of NAMED) {
    if (Math.abs(across / down / (long / short) - 1) < 0.005) return `${long}:${short}`;
    if (Math.abs(across / down / (short / long) - 1) < 0.005) return `${short}:${long}`;
  }
  return (across / down).toFixed(2);
}

/** "4:5" as a number; null for what is not a ratio. */
export function parseRatio(text) {
  const [across, down] = text.split(":").map(Number);
  return across > 0 && down > 0 ? across / down : null;
}

function clamp(number, low, high) {
  return Math.min(Math.max(number, low), high);
}
