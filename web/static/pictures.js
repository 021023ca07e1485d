// Pictures, ready before they are shown: fetched, decoded and scaled to the very pixels they will take, away from the
// page's own thread. Showing one is then a copy of its pixels; a browser scales an <img> again whenever it appears.

const AGAIN_MS = 1_500;
const SETTLED_MS = 150;

/**
 * `sizeOf(image)` is how large an image is shown, [across, down] in CSS pixels; `loaded(image)` is called when one can be
 * shown, `failed(image, why)` when it never can be. A server that is away is asked again.
 */
export class Pictures {
  #kept = new Map(); // id -> {image, canvas, blob, size, ready}
  #asked;
  #timer = 0;

  constructor({ sizeOf, loaded, failed }) {
    this.#asked = { sizeOf, loaded, failed };
    addEventListener("resize", () => this.refit());
  }

  /** The picture of an image as an element, or null while it is on its way; it is asked for, if it was not. */
  of(image) {
    const held = this.#kept.get(image.id) ?? this.#begin(image);
    return held.ready ? held.canvas : null;
  }

  /** Gives up the pictures of all other images, and their memory. */
  keep(ids) {
    for (const [id, held] of this.#kept) if (!ids.has(id)) this.#drop(id, held);
  }

  /** How many there are. */
  get size() {
    return this.#kept.size;
  }

  /** Scales every picture anew that is not as large as it is shown now, once the window is as it is to be. */
  refit(afterMs = SETTLED_MS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { for (const held of this.#kept.values()) if (held.ready) this.#draw(held); }, afterMs);
  }

  #begin(image) {
    const canvas = document.createElement("canvas");
    canvas.className = "picture";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", image.name);
    const held = { image, canvas, blob: null, size: "", ready: false };
    this.#kept.set(image.id, held);
    this.#fetch(held);
    return held;
  }

  async #fetch(held) {
    const { image } = held;
    try {
      const answer = await fetch(image.preview, { headers: { accept: "application/json" } });
      if (!answer.ok && answer.status < 500) return this.#asked.failed(image, (await answer.json()).message);
      if (!answer.ok) throw new TypeError("again");
      held.blob = await answer.blob();
      await this.#draw(held);
    } catch {
      setTimeout(() => this.#kept.get(image.id) === held && this.#fetch(held), AGAIN_MS);
    }
  }

  async #draw(held) {
    const [across, down] = this.#asked.sizeOf(held.image);
    const size = [across, down].map((side) => Math.max(1, Math.round(side * devicePixelRatio)));
    if (held.size === size.join()) return;
    held.size = size.join();
    const bitmap = await scaled(held.blob, size, held.image);
    if (this.#kept.get(held.image.id) !== held || held.size !== size.join()) return bitmap.close();
    held.canvas.width = bitmap.width;
    held.canvas.height = bitmap.height;
    held.canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
    if (!held.ready) {
      held.ready = true;
      this.#asked.loaded(held.image);
    }
  }

  #drop(id, held) {
    held.canvas.width = held.canvas.height = 0; // its memory goes at once
    this.#kept.delete(id);
  }
}

/** Scaled down well, once; never up, which costs the browser nothing when it shows it. */
function scaled(blob, [across, down], { width }) {
  return across < width ? createImageBitmap(blob, { resizeWidth: across, resizeHeight: down, resizeQuality: "high" }) : createImageBitmap(blob);
}
