/**
 * What was seen opens again without a connection: pages, their maps and the files that they need.
 *
 * The server is asked first, and what it says is kept. Where it does not answer, or takes long,
 * what was kept is shown, with the time when it was. What the server has no longer is forgotten.
 * What is asked from a position, or with words that somebody typed, is never kept.
 */

declare const self: ServiceWorkerGlobalScope;

/** Put before this file by the server (mapsvc/web/install.py). */
declare const MAPSVC: {
  /** Names the server's code and settings: another one is another worker. */
  build: string;
  /** The path that the site lies under, without a slash at its end. */
  root: string;
  /** The page for what was never seen. */
  offline: string;
};

type Kind = "page" | "data" | "file";

const PAGES = "mapsvc-pages";
const FILES = "mapsvc-files";
/** Pages and maps; some 20 kB each. The oldest go first, but never the list. */
const MOST_PAGES = 60;
/** Milliseconds that any of them is kept for. */
const LONGEST = 30 * 24 * 60 * 60 * 1_000;
/** Those of some builds, since older pages need theirs. */
const MOST_FILES = 40;
/** Milliseconds until a page that was kept is shown rather than waited for. */
const PATIENCE = 4_000;
/** In a request: the visitor's own position. */
const POSITION = "mapsvc-position";
/** When an answer was kept. */
const KEPT = "x-mapsvc-kept";

/** What belongs to one visitor or one moment: typed places and words, positions, what is open. */
const PASSING = ["near", "q", "open", "lat", "lon"];
/** The parameters that make another page or map; all others are of those who made the link. */
const FILTER = ["lang", "list", "bank", "district", "service"];
const KNOWN: [path: string, names: string[]][] = [
  ["/branches/", ["lang"]],
  ["/districts/", ["lang", "page"]],
  ["/map/", [...FILTER, "around", "branch", "outlines"]],
  ["/", [...FILTER, "page"]],
];

/** How an address is answered; null for what the worker leaves alone. */
function kindOf(address: string): Kind | null {
  const url = new URL(address);
  const { pathname } = url;
  if (url.origin !== self.location.origin || !pathname.startsWith(`${MAPSVC.root}/`)) {
    return null;
  }
  const path = pathname.slice(MAPSVC.root.length);
  if (path.startsWith("/static/") || path.startsWith("/map/shell-")) {
    return "file";
  }
  if (path === "/map/data.json") {
    return "data";
  }
  return path === "/" || /^\/(branches|districts)\/[^/]+$/.test(path) ? "page" : null;
}

/** What an answer is kept under: its address without what makes no difference; null for none. */
function keyOf(address: string, kind: Kind): string | null {
  const { origin, pathname, searchParams: asked } = new URL(address);
  if (kind === "file") {
    return origin + pathname;
  }
  if (PASSING.some((name) => asked.has(name))) {
    return null;
  }
  const path = pathname.slice(MAPSVC.root.length);
  const [, known] = KNOWN.find(([begin]) => path.startsWith(begin)) ?? [];
  const made = new URLSearchParams();
  for (const name of known ?? []) {
    for (const value of asked.getAll(name)) {
      if (value.trim() !== "") {
        made.append(name, value);
      }
    }
  }
  const query = made.toString();
  return origin + pathname + (query && `?${query}`);
}

const isTooOld = (answer: Response) =>
  !(Date.now() - Date.parse(answer.headers.get(KEPT) ?? "") < LONGEST);

/** Forget a page; what is gone as a whole goes in all its languages and with its map. */
async function forget(key: string): Promise<void> {
  const cache = await caches.open(PAGES);
  await cache.delete(key);
  const gone = new URL(key);
  const [, what, id] = /^\/(branches|districts)\/(.+)$/.exec(
    gone.pathname.slice(MAPSVC.root.length),
  ) ?? [];
  if (!what || !id || gone.searchParams.has("page")) {
    return; // the part of a list that lies beyond its end
  }
  const name = what === "branches" ? "branch" : "district";
  for (const request of await cache.keys()) {
    const { pathname, searchParams } = new URL(request.url);
    const isMap = searchParams.get(name) === decodeURIComponent(id);
    if (pathname === gone.pathname || isMap) {
      await cache.delete(request);
    }
  }
}

/** Keep an answer, or forget what was kept of what the server has no longer or wants not kept. */
async function keep(name: string, key: string, answer: Response, most: number): Promise<void> {
  const isPassing = /no-store/.test(answer.headers.get("cache-control") ?? "");
  if (name === PAGES && (answer.status === 404 || answer.status === 410)) {
    await forget(key);
    return;
  }
  const cache = await caches.open(name);
  if (answer.status === 200 && isPassing) {
    await cache.delete(key);
  }
  if (answer.status !== 200 || answer.type !== "basic" || isPassing) {
    return; // errors pass: what was kept is for them
  }
  const headers = new Headers(answer.headers);
  for (const each of ["content-encoding", "content-length", "vary"]) {
    headers.delete(each); // of the way here; nothing varies for one visitor
  }
  headers.set(KEPT, new Date().toISOString());
  const body = await answer.blob();
  await cache.delete(key); // so that it becomes the youngest
  await cache.put(key, new Response(body, { headers }));
  const list = `${MAPSVC.root}/`;
  const others = (await cache.keys()).filter(({ url: other }) => {
    const { pathname, search } = new URL(other);
    return pathname !== list || search !== "";
  });
  const old = others.slice(0, Math.max(0, others.length - most));
  await Promise.all(old.map((each) => cache.delete(each)));
}

/** Drop pages that are too old, and what another worker has kept under other names. */
async function tidy(): Promise<void> {
  const cache = await caches.open(PAGES);
  for (const request of await cache.keys()) {
    const kind = kindOf(request.url);
    const answer = await cache.match(request);
    if (!kind || keyOf(request.url, kind) !== request.url || !answer || isTooOld(answer)) {
      await cache.delete(request);
    }
  }
}

async function kept(name: string, key: string): Promise<Response | undefined> {
  const cache = await caches.open(name);
  const known = await cache.match(key);
  if (known && name === PAGES && isTooOld(known)) {
    await cache.delete(key);
    return undefined;
  }
  return known;
}

/** A map that was seen whole does for one that is asked for without what is known already. */
const whole = (url: string) => url.replace(/([?&])outlines=none&?/, "$1").replace(/[?&]$/, "");

/** Files never change under one name. */
async function file(request: Request, event: ExtendableEvent): Promise<Response> {
  const key = keyOf(request.url, "file") ?? request.url;
  const known = await kept(FILES, key);
  if (known) {
    return known;
  }
  const answer = await fetch(request);
  event.waitUntil(keep(FILES, key, answer.clone(), MOST_FILES));
  return answer;
}

const later = (milliseconds: number) =>
  new Promise<null>((resolve) => setTimeout(resolve, milliseconds, null));

function tell(event: FetchEvent, at: string | null): void {
  const said = async () => (await self.clients.get(event.clientId))?.postMessage({ kept: at });
  event.waitUntil(said());
}

/** Once for each time that the browser starts the worker, which it does every few visits. */
let tidying: Promise<void> | undefined;
const tidied = () => (tidying ??= tidy());

async function page(event: FetchEvent, kind: Kind): Promise<Response> {
  const { request } = event;
  const key = keyOf(request.url, kind);
  let keeping: Promise<void> | undefined;
  const fresh = fetch(request).then((answer) => {
    keeping = key === null ? undefined : keep(PAGES, key, answer.clone(), MOST_PAGES);
    return answer;
  });
  // It may come, or fail, after what was kept has been shown.
  event.waitUntil(fresh.then(() => keeping).then(tidied).catch(() => undefined));
  const known =
    key === null
      ? undefined
      : ((await kept(PAGES, key)) ?? (await kept(PAGES, whole(key))));
  const answer = await Promise.race([fresh.catch(() => null), known ? later(PATIENCE) : fresh])
    .catch(() => null);
  if (answer && !(known && answer.status >= 500)) {
    if (kind === "page") {
      tell(event, null);
    }
    return answer;
  }
  if (!known) {
    const instead = request.mode === "navigate" && (await kept(FILES, MAPSVC.offline));
    return instead || fresh;
  }
  const at = known.headers.get(KEPT);
  if (kind === "data") {
    return known;
  }
  tell(event, at);
  const marked = (await known.text()).replace("<html ", `<html data-kept="${at ?? ""}" `);
  return new Response(marked, { headers: known.headers });
}

self.addEventListener("install", (event) => {
  const prepare = async () => {
    const answer = await fetch(MAPSVC.offline, { cache: "no-store" });
    await keep(FILES, new URL(MAPSVC.offline, self.location.origin).href, answer, MOST_FILES);
    await self.skipWaiting();
  };
  event.waitUntil(prepare());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([tidied(), self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const isOwn = request.method === "GET" && !request.headers.has(POSITION);
  const kind = isOwn ? kindOf(request.url) : null;
  if (kind === "file") {
    event.respondWith(file(request, event));
  } else if (kind) {
    event.respondWith(page(event, kind));
  }
});

/** A page that came before the worker names what it was made of. */
self.addEventListener("message", (event) => {
  const wanted = (event.data as { keep?: string[] }).keep ?? [];
  const each = async (url: string) => {
    const kind = kindOf(url);
    const key = kind && keyOf(url, kind);
    if (!key) {
      return;
    }
    const [name, most] = kind === "file" ? [FILES, MOST_FILES] : [PAGES, MOST_PAGES];
    await keep(name, key, await fetch(url), most);
  };
  event.waitUntil(Promise.allSettled(wanted.map(each)));
});

export {};
