// <crop-pane>: one image with its box, drawn and moved by mouse, finger or keys. It knows nothing of batches.
//
// It paints a drag by itself, once per frame, and says `box` when the drag or the keystrokes are over.

import * as geometry from "./crop-geometry.js";

const SIDES = { nw: "top left corner", n: "top edge", ne: "top right corner", e: "right edge",
  se: "bottom right corner", s: "bottom edge", sw: "bottom left corner", w: "left edge" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LARGEST_SCALE = 4;
const A_DRAG_PX = 3;
const TYPING_MS = 500;

/** How large an image is shown in a room, [across, down] in CSS pixels. */
export function shownSize(image, room) {
  const scale = Math.max(0.001, Math.min((room.width - 20) / image.width, (room.height - 20) / image.height, LARGEST_SCALE));
  return [image.width * scale, image.height * scale];
}

export class CropPane extends HTMLElement {
  #entry = null;
  #box = null;
  #scale = 1;
  #room = null;
  #drag = null;
  #frame = 0;
  #typing = 0;
  #parts = {};
  /** Width over height for this image's box, or null for any: called with the image. */
  ratioOf = (image) => image.width / image.height;

  connectedCallback() {
    if (this.#parts.stage) return;
    const number = Number(this.dataset.number);
    this.innerHTML = `
      <div class="head"><b class="number" aria-hidden="true"></b><span class="name"></span><span class="mark"></span>
        <button type="button" class="skip" tabindex="-1">No crop <kbd aria-hidden="true"></kbd></button></div>
      <div class="field"><div class="stage">
        <div class="shade" aria-hidden="true"><i></i></div>
        <div class="box" role="group" tabindex="0"><i class="thirds" aria-hidden="true"></i></div>
        <p class="over" hidden></p>
      </div></div>
      <output class="readout"></output>`;
    const find = (name) => this.querySelector(`.${name}`);
    for (const name of ["number", "name", "mark", "skip", "field", "stage", "box", "over", "readout"]) this.#parts[name] = find(name);
    this.#parts.light = find("shade").firstChild;
    this.#parts.handles = geometry.HANDLES.map((side) => this.#handle(side, number));
    this.#parts.number.textContent = number;
    this.#parts.skip.querySelector("kbd").textContent = this.skipKey ?? "";
    this.#parts.skip.setAttribute("aria-label", `No crop for image ${number}`);
    this.#parts.skip.addEventListener("click", () => this.dispatchEvent(new CustomEvent("skip", { bubbles: true })));
    this.#parts.readout.id = `readout-${number}`;
    this.#parts.box.setAttribute("aria-label", `Box of image ${number}`);
    this.#parts.box.setAttribute("aria-describedby", `readout-${number}`);
    this.setAttribute("role", "group");
    this.#parts.stage.addEventListener("pointerdown", (event) => this.#down(event));
    this.#parts.stage.addEventListener("pointermove", (event) => this.#move(event));
    this.#parts.stage.addEventListener("pointerup", () => this.#up());
    this.#parts.stage.addEventListener("pointercancel", () => this.#cancel());
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focusout", () => this.commit());
    new ResizeObserver(([{ contentRect }]) => this.#measured(contentRect)).observe(this.#parts.field);
  }

  #handle(side, number) {
    const handle = document.createElement("div");
    handle.className = `handle ${side}`;
    handle.dataset.side = side;
    handle.tabIndex = -1;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", `Image ${number}, ${SIDES[side]}`);
    this.#parts.box.append(handle);
    return handle;
  }

  /** Shows an entry of the batch, with its decoded picture (null while there is none); nothing for an empty place. */
  show(entry, picture = null) {
    const sameImage = this.#entry?.image.id === entry?.image.id;
    // What is news to the page must not take the box out of the operator's hand.
    const inHand = sameImage && (this.#drag || this.#typing) && geometry.same(this.#entry.box, entry.box);
    this.#entry = entry;
    this.hidden = !entry;
    if (!inHand) {
      this.#drag = null;
      clearTimeout(this.#typing);
      this.#typing = 0;
    }
    if (!entry) return;
    const { image, skipped } = entry;
    if (!inHand) this.#box = entry.box;
    this.#parts.name.textContent = image.name;
    this.#parts.name.title = `${image.name} (${image.width} × ${image.height})`;
    this.setAttribute("aria-label", `Image ${this.dataset.number}: ${image.name}`);
    this.classList.toggle("skipped", skipped);
    this.classList.toggle("broken", Boolean(image.problem));
    this.classList.toggle("decided", Boolean(entry.decided));
    this.#parts.skip.setAttribute("aria-pressed", skipped);
    this.#say(entry, picture);
    this.#put(picture);
    if (!sameImage || !this.#parts.stage.style.width) this.#fit();
    this.#paint();
    if (!inHand) this.#speak();
  }

  #say({ image, skipped, decided }, picture) {
    const { over, mark } = this.#parts;
    over.textContent = image.problem ? `${image.problem} It stays open, unless you say that it gets no crop.` : skipped ? "No crop" : picture ? "" : "Loading …";
    over.hidden = !over.textContent;
    mark.textContent = decided ? "decided before" : image.suggestion ? "suggested" : "";
  }

  #put(picture) {
    const shown = this.#parts.stage.querySelector(".picture");
    if (shown === picture) return;
    shown?.remove();
    if (picture) this.#parts.stage.prepend(picture);
  }

  /** Ends what is being done to the box: what is seen is what the page has. */
  commit() {
    clearTimeout(this.#typing);
    this.#typing = 0;
    if (this.#drag || !this.#entry || geometry.same(this.#box, this.#entry.box)) return;
    this.#speak();
    this.dispatchEvent(new CustomEvent("box", { detail: { box: this.#box }, bubbles: true }));
  }

  focus() {
    this.#parts.box.focus();
  }

  // -- painting -----------------------------------------------------------------------------------------------

  /** The room for an image, {width, height} in CSS pixels; null where the pane is not shown. */
  get room() {
    return this.#room;
  }

  #measured({ width, height }) {
    const before = this.#room;
    this.#room = width && height ? { width, height } : null;
    this.#fit();
    const changed = this.#room && (before?.width !== width || before?.height !== height);
    if (changed) this.dispatchEvent(new CustomEvent("room", { bubbles: true }));
  }

  #fit() {
    if (!this.#entry) return;
    // Asked only where it is not known: asking makes the browser lay out everything at once.
    if (!this.#room) return this.#measuredNow();
    const { image } = this.#entry;
    const [across, down] = shownSize(image, this.#room);
    this.#scale = across / image.width;
    this.#parts.stage.style.width = `${across}px`;
    this.#parts.stage.style.height = `${down}px`;
    this.#paint();
  }

  #measuredNow() {
    const { width, height } = this.#parts.field.getBoundingClientRect();
    if (width && height) this.#measured({ width, height });
  }

  #paint() {
    if (!this.#entry) return;
    const { image } = this.#entry;
    const { left, top, right, bottom } = this.#box;
    const px = (number) => `${number * this.#scale}px`;
    const place = (style, x, y, across, down) => {
      style.transform = `translate(${px(x)}, ${px(y)})`;
      style.width = px(across);
      style.height = px(down);
    };
    place(this.#parts.box.style, left, top, right - left, bottom - top);
    place(this.#parts.light.style, left, top, right - left, bottom - top);
    this.#parts.readout.textContent = this.#readout();
  }

  #readout() {
    const { image, skipped } = this.#entry;
    if (image.problem) return "not shown";
    if (skipped) return "no crop";
    const across = geometry.width(this.#box);
    const down = geometry.height(this.#box);
    const size = `${across} × ${down} px · ${geometry.ratioInWords(across, down)}`;
    if (geometry.isWhole(this.#box, image)) return `${size} · whole image`;
    return `${size} · ${Math.round((100 * across * down) / (image.width * image.height))} %`;
  }

  /** What a screen reader is told; not while dragging, where nobody could listen. */
  #speak() {
    const { image } = this.#entry;
    const box = this.#box;
    for (const handle of this.#parts.handles) {
      const side = handle.dataset.side;
      const x = side.includes("w") ? box.left : box.right;
      const y = side.includes("n") ? box.top : box.bottom;
      const upright = side === "n" || side === "s";
      const words = [!upright && `${side.includes("w") ? "left" : "right"} ${x}`, side !== "e" && side !== "w" && `${side.includes("n") ? "top" : "bottom"} ${y}`];
      handle.setAttribute("aria-valuemin", 0);
      handle.setAttribute("aria-valuemax", upright ? image.height : image.width);
      handle.setAttribute("aria-valuenow", upright ? y : x);
      handle.setAttribute("aria-valuetext", `${words.filter(Boolean).join(", ")} pixels`);
      handle.setAttribute("aria-orientation", upright ? "vertical" : "horizontal");
    }
  }

  // -- mouse and finger ---------------------------------------------------------------------------------------

  get #locked() {
    return !this.#entry || this.#entry.skipped || Boolean(this.#entry.image.problem);
  }

  #at(event) {
    const { rect } = this.#drag;
    return { x: (event.clientX - rect.left) / this.#scale, y: (event.clientY - rect.top) / this.#scale };
  }

  #down(event) {
    if (event.button !== 0 || this.#locked || this.#drag) return;
    this.commit();
    const side = event.target.closest(".handle")?.dataset.side;
    const inBox = event.target.closest(".box") && !event.shiftKey && !geometry.isWhole(this.#box, this.#entry.image);
    this.#drag = { rect: this.#parts.stage.getBoundingClientRect(), pointer: event.pointerId, start: this.#box, moved: false, side, kind: side ? "resize" : inBox ? "move" : "draw" };
    this.#drag.from = this.#at(event);
    this.#drag.clientX = event.clientX;
    this.#drag.clientY = event.clientY;
    this.#parts.stage.setPointerCapture(event.pointerId);
    (side ? event.target : this.#parts.box).focus({ preventScroll: true });
    event.preventDefault();
  }

  #move(event) {
    const drag = this.#drag;
    if (!drag || event.pointerId !== drag.pointer) return;
    drag.moved ||= Math.hypot(event.clientX - drag.clientX, event.clientY - drag.clientY) >= A_DRAG_PX;
    drag.to = this.#at(event);
    if (drag.moved) this.#frame ||= requestAnimationFrame(() => this.#follow());
  }

  #follow() {
    this.#frame = 0;
    if (!this.#drag?.to) return;
    const { kind, side, start, from, to } = this.#drag;
    const { image } = this.#entry;
    const ratio = this.ratioOf(image);
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    if (kind === "move") this.#box = geometry.moved(start, dx, dy, image);
    else if (kind === "resize") this.#box = geometry.resized(start, side, dx, dy, image, ratio);
    else this.#box = geometry.drawn(from, to, image, ratio);
    this.#paint();
  }

  #up() {
    if (!this.#drag) return;
    if (this.#frame) {
      cancelAnimationFrame(this.#frame);
      this.#follow();
    }
    this.#drag = null;
    this.commit();
  }

  #cancel() {
    if (!this.#drag) return;
    this.#box = this.#drag.start;
    this.#drag = null;
    this.#paint();
  }

  // -- keys ---------------------------------------------------------------------------------------------------

  #key(event) {
    if (event.key === "Escape" && this.#drag) {
      this.#cancel();
      event.stopPropagation();
    } else if ((event.key === "." || event.key === ",") && !event.ctrlKey && !event.altKey && !event.metaKey) {
      this.#walk(event.key === "." ? 1 : -1);
      event.preventDefault();
      event.stopPropagation();
    } else if (ARROWS[event.key] && !event.metaKey) {
      this.#nudge(event);
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** From the box to its handles, one after the other, and back to the box. */
  #walk(step) {
    const stops = [this.#parts.box, ...this.#parts.handles];
    const here = Math.max(0, stops.indexOf(document.activeElement));
    stops[(here + step + stops.length) % stops.length].focus();
  }

  #nudge(event) {
    if (this.#locked) return;
    const [x, y] = ARROWS[event.key];
    const step = event.altKey ? 100 : event.shiftKey ? 10 : 1;
    const { image } = this.#entry;
    const side = document.activeElement?.dataset?.side ?? (event.ctrlKey ? (x ? "e" : "s") : null);
    const before = this.#box;
    this.#box = side
      ? geometry.resized(before, side, x * step, y * step, image, this.ratioOf(image))
      : geometry.moved(before, x * step, y * step, image);
    if (geometry.same(before, this.#box)) return;
    this.#paint();
    // Keystrokes that follow each other are one change, and one step to take back.
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.commit(), TYPING_MS);
  }
}

customElements.define("crop-pane", CropPane);
