/** Numbers and times by the page's language: each format is made when it is first needed. */

const language = document.documentElement.lang;

/** A browser takes tens of milliseconds to make one, so no page makes those that it does not use. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const whole = once(() => new Intl.NumberFormat(language));
const short = once(
  () => new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }),
);

const timeZone = "Asia/Shanghai";

/** Hours and minutes in China. */
export const clock = once(
  () =>
    new Intl.DateTimeFormat(language, {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    }),
);

/** The day of the week in China. */
export const weekday = once(
  () => new Intl.DateTimeFormat(language, { timeZone, weekday: "short" }),
);

/** Tomorrow. */
export const relative = once(() => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));

/** A number with its thousands parted. */
export function inFull(count: number): string {
  return count < 1_000 ? String(count) : whole().format(count);
}

/** A number as short as it fits on a mark: 1.2万, 12K; 8,816 where the language shortens later. */
export function inShort(count: number): string {
  if (count < 1_000) {
    return String(count);
  }
  const shortened = short().format(count);
  return /^\d+$/.test(shortened) ? whole().format(count) : shortened;
}
