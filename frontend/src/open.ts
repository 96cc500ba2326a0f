/** Whether a branch is open now, in China's time, from the openings that the page was given. */

import { clock, relative, weekday } from "./formats";

const { open = "", openUntil = "", closed = "", opens = "", paused = "" } =
  (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
const EVERY_MS = 30_000;
const MINUTE_MS = 60_000;

/** From and up to a minute since 1970. */
type Span = [number, number];

const day = (minutes: number) => Math.floor((minutes + 8 * 60) / (24 * 60));

/** A time of the coming days: 17:00, tomorrow 09:00, Mon 09:00. */
function said(minutes: number, now: number): string {
  const at = clock().format(minutes * MINUTE_MS);
  const ahead = day(minutes) - day(now);
  if (ahead === 0) {
    return at;
  }
  const name = ahead === 1 ? relative().format(1, "day") : weekday().format(minutes * MINUTE_MS);
  return `${name} ${at}`;
}

/** In words; null where the openings end before now, since the page was kept for long. */
function stateOf(spans: Span[], now: number): { isOpen: boolean; text: string } | null {
  const current = spans.find(([start, end]) => start <= now && now < end);
  if (current) {
    let until = current[1];
    for (const [start, end] of spans) {
      until = start <= until && end > until ? end : until;
    }
    const isForLong = day(until) - day(now) > 6;
    return { isOpen: true, text: isForLong ? open : openUntil.replace("{time}", said(until, now)) };
  }
  const next = spans.find(([start]) => start > now);
  if (next) {
    return { isOpen: false, text: opens.replace("{time}", said(next[0], now)) };
  }
  return spans.length ? null : { isOpen: false, text: closed };
}

function spansIn(text: string): Span[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((span) => span.split("-").map(Number) as Span);
}

/** What is left of openings where a notice closes the branch. */
function without(spans: Span[], shut: Span[]): Span[] {
  return shut.reduce(
    (left, [from, to]) =>
      left.flatMap(([start, end]): Span[] =>
        to <= start || end <= from
          ? [[start, end]]
          : [
              ...(start < from ? [[start, from] as Span] : []),
              ...(to < end ? [[to, end] as Span] : []),
            ],
      ),
    spans,
  );
}

/** Say it on every card. */
export function tellOpen(): void {
  const now = Math.floor(Date.now() / MINUTE_MS);
  for (const place of document.querySelectorAll<HTMLElement>("[data-openings], [data-closures]")) {
    const { openings, closures = "" } = place.dataset;
    const shut = spansIn(closures);
    const isShut = shut.some(([start, end]) => start <= now && now < end);
    const state = isShut
      ? { isOpen: false, text: paused }
      : openings === undefined
        ? null
        : stateOf(without(spansIn(openings), shut), now);
    place.className = state?.isOpen ? "is-open" : "is-closed";
    // Hours stand behind it, where they are known.
    place.textContent = state ? `${state.text}${openings === undefined ? "" : " · "}` : "";
  }
}

export function connectOpen(): void {
  tellOpen();
  window.setInterval(tellOpen, EVERY_MS);
  document.addEventListener("visibilitychange", tellOpen);
}
