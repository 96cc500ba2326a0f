/**
 * What was seen opens again without a connection: pages, their maps and the files that they need.
 *
 * The server is asked first, and what it says is kept. Where it does not answer, or takes long,
 * what was kept is shown, with the time when it was. What is asked from a position is never kept.
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
const MOST_PAGES = 80;
/** Those of some builds, since older pages need theirs. */
const MOST_FILES = 40;
/** Milliseconds until a page that was kept is shown rather than waited for. */
const PATIENCE = 4_000;
/** In a request: the visitor's own position. */
const POSITION = "mapsvc-position";
/** When an answer was kept. */
const KEPT = "x-mapsvc-kept";

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

async function keep(name: string, url: string, answer: Response, most: number): Promise<void> {
  const isPassing = /no-store/.test(answer.headers.get("cache-control") ?? "");
  if (answer.status !== 200 || answer.type !== "basic" || isPassing) {
    return;
  }
  const headers = new Headers(answer.headers);
  for (const each of ["content-encoding", "content-length", "vary"]) {
    headers.delete(each); // of the way here; nothing varies for one visitor
  }
  headers.set(KEPT, new Date().toISOString());
  const cache = await caches.open(name);
  await cache.delete(url); // so that it becomes the youngest
  await cache.put(url, new Response(await answer.blob(), { headers }));
  const list = `${MAPSVC.root}/`;
  const others = (await cache.keys()).filter(({ url: other }) => {
    const { pathname, search } = new URL(other);
    return pathname !== list || search !== "";
  });
  const old = others.slice(0, Math.max(0, others.length - most));
  await Promise.all(old.map((each) => cache.delete(each)));
}

async function kept(name: string, url: string): Promise<Response | undefined> {
  return (await caches.open(name)).match(url);
}

/** A map that was seen whole does for one that is asked for without what is known already. */
const whole = (url: string) => url.replace(/([?&])outlines=none&?/, "$1").replace(/[?&]$/, "");

/** Files never change under one name. */
async function file(request: Request, event: ExtendableEvent): Promise<Response> {
  const known = await kept(FILES, request.url);
  if (known) {
    return known;
  }
  const answer = await fetch(request);
  event.waitUntil(keep(FILES, request.url, answer.clone(), MOST_FILES));
  return answer;
}

const later = (milliseconds: number) =>
  new Promise<null>((resolve) => setTimeout(resolve, milliseconds, null));

function tell(event: FetchEvent, at: string | null): void {
  const said = async () => (await self.clients.get(event.clientId))?.postMessage({ kept: at });
  event.waitUntil(said());
}

async function page(event: FetchEvent, kind: Kind): Promise<Response> {
  const { request } = event;
  const url = request.url.replace(/#.*/s, "");
  const fresh = fetch(request).then((answer) => {
    event.waitUntil(keep(PAGES, url, answer.clone(), MOST_PAGES));
    return answer;
  });
  fresh.catch(() => undefined); // it may fail after what was kept has been shown
  const known = (await kept(PAGES, url)) ?? (await kept(PAGES, whole(url)));
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

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

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
    if (!kind) {
      return;
    }
    const [name, most] = kind === "file" ? [FILES, MOST_FILES] : [PAGES, MOST_PAGES];
    await keep(name, url, await fetch(url), most);
  };
  event.waitUntil(Promise.allSettled(wanted.map(each)));
});

export {};
