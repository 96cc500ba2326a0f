/**
 * Other states of this page without loading it anew: their address goes into the history, their
 * rendering is fetched from the server, and the map stays.
 *
 * A position is sent in a header of its own: addresses stand in the logs of servers and proxies.
 */

import { swapParts } from "./parts";
import type { Fix } from "./position";

export interface Visit {
  url: URL;
  before: URL;
  page: Document;
  /** The position that the list is sorted by. */
  fix: Fix | null;
}

export interface Going {
  /** Whether the address becomes a new entry of the history; else it is there already. */
  push?: boolean;
  /** Whether the visitor goes to another part of the list, and so to its beginning. */
  toList?: boolean;
  /** Where the list was scrolled to when it was left. */
  scroll?: Scroll | undefined;
}

interface Scroll {
  page: number;
  panel: number;
}

const BUSY_AFTER_MS = 250;
/** Of a degree: 11 m, which is less than any position is known to. */
const DECIMALS = 4;
const POSITION = "Mapsvc-Position";

/** When the next picture of the page is made; soon also where none is, as in a hidden tab. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => window.setTimeout(resolve));
    window.setTimeout(resolve, 200);
  });
}

const bare = (url: URL) => url.href.replace(/#.*$/, "");

export class Navigation {
  /** The visitor's position, as long as lists are sorted by it. */
  fix: Fix | null = null;
  private at = new URL(location.href);
  private asking = new AbortController();

  constructor(
    private readonly main: HTMLElement,
    private readonly form: HTMLFormElement,
    private readonly shown: (visit: Visit) => void,
  ) {
    window.addEventListener("popstate", ({ state }) => {
      const url = new URL(location.href);
      if (bare(url) !== bare(this.at)) {
        const scroll = (state as { scroll?: Scroll } | null)?.scroll;
        void this.go(url, { push: false, scroll: scroll ?? { page: 0, panel: 0 } });
      }
    });
    document.addEventListener("click", (event) => this.follow(event));
  }

  get url(): URL {
    return new URL(this.at);
  }

  /** Whether an address is a state of this page. */
  covers(url: URL): boolean {
    return url.origin === location.origin && url.pathname === new URL(this.form.action).pathname;
  }

  /** Show another state; where that fails, say so and leave everything as it is. */
  async go(url: URL, { push = true, toList = false, scroll }: Going = {}): Promise<void> {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const typed = this.search.value;
    const busy = window.setTimeout(() => this.busy(true), BUSY_AFTER_MS);
    try {
      const page = await this.fetched(url, signal);
      if (!page) {
        location.assign(url);
        return;
      }
      const visit = { url, before: this.at, page, fix: this.isByPosition(url) ? this.fix : null };
      this.enter(url, push);
      const was: Scroll = { page: window.scrollY, panel: this.panel.scrollTop };
      this.swap(page, typed);
      this.shown(visit);
      await painted(); // so that laying out the new list is no part of the same task
      if (!signal.aborted) {
        this.scroll(was, scroll, toList);
      }
    } catch {
      if (!signal.aborted) {
        this.failed(url);
      }
    } finally {
      window.clearTimeout(busy);
      if (!signal.aborted) {
        this.busy(false);
      }
    }
  }

  private get search(): HTMLInputElement {
    return this.form.elements.namedItem("q") as HTMLInputElement;
  }

  private get panel(): HTMLElement {
    return this.main.querySelector<HTMLElement>(".panel") ?? this.main;
  }

  private isByPosition(url: URL): boolean {
    return url.searchParams.get("near") === "me";
  }

  /** The page of an address; null where it is another kind of page, such as an error's. */
  private async fetched(url: URL, signal: AbortSignal): Promise<Document | null> {
    const headers = new Headers({ accept: "text/html" });
    if (this.fix && this.isByPosition(url)) {
      const { lat, lon } = this.fix;
      headers.set(POSITION, `${lat.toFixed(DECIMALS)},${lon.toFixed(DECIMALS)}`);
    }
    const answer = await fetch(bare(url), { headers, signal });
    if (answer.status >= 500) {
      throw new Error(`HTTP ${answer.status}`);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.querySelector("[data-locator]") ? page : null;
  }

  private enter(url: URL, push: boolean): void {
    if (push && bare(url) !== bare(this.at)) {
      const scroll: Scroll = { page: window.scrollY, panel: this.panel.scrollTop };
      history.replaceState({ ...history.state, scroll }, "");
      history.pushState(null, "", url);
    }
    this.at = new URL(location.href);
  }

  private swap(page: Document, typed: string): void {
    swapParts(page);
    document.title = page.title;
    const { search } = this;
    if (search.value === typed) {
      search.value = page.querySelector<HTMLInputElement>("#q")?.value ?? "";
    }
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a.language")) {
      const here = new URLSearchParams(location.search);
      here.set("lang", new URLSearchParams(link.search).get("lang") ?? "");
      link.search = here.toString();
    }
  }

  /** To the list's beginning, or to where it was left; asked for only where it is not there. */
  private scroll(was: Scroll, to: Scroll | undefined, toList: boolean): void {
    const panel = to?.panel ?? 0;
    if (panel !== was.panel) {
      this.panel.scrollTop = panel;
    }
    if (to) {
      window.scrollTo(0, to.page);
    } else if (toList) {
      this.panel.focus({ preventScroll: true });
      if (this.panel.getBoundingClientRect().top < 0) {
        this.panel.scrollIntoView();
      }
    }
  }

  private busy(on: boolean): void {
    this.panel.setAttribute("aria-busy", String(on));
  }

  private failed(url: URL): void {
    const { offline = "", retry = "" } = this.main.dataset;
    const line = this.main.querySelector("[data-part=result]");
    const way = this.main.querySelector("[data-part=clear]");
    const link = document.createElement("a");
    link.href = url.href;
    link.className = "result__clear";
    link.textContent = retry;
    if (line) {
      line.textContent = offline;
    }
    way?.replaceChildren(link);
  }

  /** Links to states of this page do not load it anew. */
  private follow(event: MouseEvent): void {
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey);
    const link = event.target instanceof Element && event.target.closest<HTMLAnchorElement>("a[href]");
    if (!link || !plain || event.defaultPrevented || link.target || !this.main.contains(link)) {
      return;
    }
    const url = new URL(link.href);
    if (this.covers(url) && !link.getAttribute("href")?.startsWith("#")) {
      event.preventDefault();
      void this.go(url, { toList: true });
    }
  }
}
