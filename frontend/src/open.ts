/** Whether a branch is open now, in China's time, from the openings that the page was given. */

const { open = "", openUntil = "", closed = "", opens = "" } =
  (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
const EVERY_MS = 30_000;
const MINUTE_MS = 60_000;

const language = document.documentElement.lang;
const timeZone = "Asia/Shanghai";
const clock = new Intl.DateTimeFormat(language, {
  timeZone,
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const weekday = new Intl.DateTimeFormat(language, { timeZone, weekday: "short" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const day = (minutes: number) => Math.floor((minutes + 8 * 60) / (24 * 60));

/** A time of the coming days: 17:00, tomorrow 09:00, Mon 09:00. */
function said(minutes: number, now: number): string {
  const at = clock.format(minutes * MINUTE_MS);
  const ahead = day(minutes) - day(now);
  if (ahead === 0) {
    return at;
  }
  const name = ahead === 1 ? relative.format(1, "day") : weekday.format(minutes * MINUTE_MS);
  return `${name} ${at}`;
}

/** In words; null where the openings end before now, since the page was kept for long. */
function stateOf(spans: [number, number][], now: number): { isOpen: boolean; text: string } | null {
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

/** Say it on every card. */
export function tellOpen(): void {
  const now = Math.floor(Date.now() / MINUTE_MS);
  for (const place of document.querySelectorAll<HTMLElement>("[data-openings]")) {
    const spans = (place.dataset["openings"] ?? "")
      .split(" ")
      .filter(Boolean)
      .map((span) => span.split("-").map(Number) as [number, number]);
    const state = stateOf(spans, now);
    place.className = state?.isOpen ? "is-open" : "is-closed";
    place.textContent = state ? `${state.text} · ` : "";
  }
}

export function connectOpen(): void {
  tellOpen();
  window.setInterval(tellOpen, EVERY_MS);
  document.addEventListener("visibilitychange", tellOpen);
}
