/** Starts the worker that keeps what was seen, and says how old it is when that is shown. */

const MINUTE = 60_000;
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 24 * 60 * MINUTE],
  ["hour", 60 * MINUTE],
  ["minute", MINUTE],
];

/** How long ago, in the page's language: "3 hours ago". */
function ago(at: number): string {
  const past = Math.max(Date.now() - at, MINUTE);
  const [unit, length] = STEPS.find(([, length]) => past >= length) ?? ["minute", MINUTE];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);
  return words.format(-Math.floor(past / length), unit);
}

/** Say that the page is as it was kept, or take it back where it came from the server. */
function say(at: string | null): void {
  const notice = document.querySelector<HTMLElement>("[data-kept-notice]");
  const text = notice?.querySelector<HTMLElement>("[data-text]");
  if (!notice || !text) {
    return;
  }
  const time = Date.parse(at ?? "");
  notice.hidden = Number.isNaN(time);
  text.textContent = notice.hidden ? "" : (text.dataset["text"] ?? "").replace("{age}", ago(time));
}

/** What this page was made of. */
function parts(): string[] {
  const addresses = [location.href.replace(/#.*/s, "")];
  for (const script of document.querySelectorAll<HTMLScriptElement>("script[src]")) {
    addresses.push(script.src);
  }
  const links = "link[rel=stylesheet], link[rel=icon]";
  for (const link of document.querySelectorAll<HTMLLinkElement>(links)) {
    addresses.push(link.href);
  }
  for (const map of document.querySelectorAll<HTMLElement>(".map[data-source]")) {
    addresses.push(new URL(map.dataset["source"] ?? "", location.href).href);
  }
  return addresses;
}

async function start(address: string): Promise<void> {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ kept?: string | null }>) => {
    if (data.kept !== undefined) {
      say(data.kept);
    }
  });
  const isFirst = !serviceWorker.controller;
  await serviceWorker.register(address);
  const { active } = await serviceWorker.ready;
  if (isFirst) {
    active?.postMessage({ keep: parts() });
  }
}

const worker = document.querySelector<HTMLScriptElement>("script[data-worker]");
say(document.documentElement.dataset["kept"] ?? null);
if (worker && "serviceWorker" in navigator) {
  // After all else: nobody waits for it.
  window.addEventListener("load", () => {
    start(worker.dataset["worker"] ?? "").catch((reason: unknown) => console.warn(reason));
  });
}

export {};
