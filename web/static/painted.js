// When what was changed can be seen.

const UNSEEN_MS = 100;

/** Resolves when what was changed has been painted; a page that nobody sees paints nothing, and goes on. */
export const painted = () => new Promise((resolve) => {
  setTimeout(resolve, UNSEEN_MS);
  requestAnimationFrame(() => requestAnimationFrame(resolve));
});
