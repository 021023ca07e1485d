// How fast this sitting goes. Pure: times come in.

/** A pause longer than this is not work. */
export const IDLE_MS = 60_000;

/** A sitting that began at a moment (milliseconds). */
export const sittingFrom = (now) => ({ last: now, workedMs: 0, images: 0 });

/** The sitting after some images were decided at a moment. */
export const marked = (sitting, images, now) => ({
  last: now,
  workedMs: sitting.workedMs + Math.min(Math.max(0, now - sitting.last), IDLE_MS),
  images: sitting.images + images,
});

/** Images per minute of work; null while that says nothing. */
export const perMinute = ({ images, workedMs }) => (images >= 6 && workedMs >= 5_000 ? images / (workedMs / 60_000) : null);

/** "about 2 h 10 min", "about 40 min", "under a minute"; null without a pace. */
export function timeLeft(sitting, open) {
  const pace = perMinute(sitting);
  if (!pace || !open) return null;
  return duration(open / pace);
}

export function duration(minutes) {
  const whole = Math.round(minutes);
  if (whole < 1) return "under a minute";
  const hours = Math.floor(whole / 60);
  return hours ? `${hours} h ${whole % 60} min` : `${whole} min`;
}
