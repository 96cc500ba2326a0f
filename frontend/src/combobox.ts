/**
 * The search box with suggestions: the combobox pattern of WAI-ARIA 1.2, with a list popup.
 *
 * Focus stays in the box; the arrow keys move through the list, which a screen reader follows by
 * `aria-activedescendant`. Enter without a choice searches for the text, as without scripts.
 */

import { element } from "./dom";

interface Suggestion {
  kind: "branch" | "bank" | "district" | "town" | "place";
  name: string;
  name_en: string | null;
  detail: string;
  count: number | null;
  /** In code points of `name`. */
  match: [start: number, end: number][];
  url: string;
}

const PAUSE_MS = 120;
const MOST = 8;
const KEPT = 50;

/** The name with what was typed marked in it. */
function marked(name: string, spans: [number, number][]): (Node | string)[] {
  const letters = [...name];
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const [start, end] of spans) {
    parts.push(letters.slice(at, start).join(""));
    parts.push(element("mark", "", letters.slice(start, end).join("")));
    at = end;
  }
  return [...parts, letters.slice(at).join("")];
}

export class Combobox {
  private readonly box: HTMLElement;
  private readonly list: HTMLElement;
  private readonly said: HTMLElement | null;
  private readonly kept = new Map<string, Suggestion[]>();
  private shown: Suggestion[] = [];
  private active = -1;
  private pause: number | undefined;
  private asking = new AbortController();

  constructor(
    private readonly input: HTMLInputElement,
    private readonly choose: (url: URL) => void,
  ) {
    this.box = input.closest<HTMLElement>("[data-search]") ?? input;
    this.list = this.box.querySelector<HTMLElement>("[role=listbox]") ?? this.box;
    this.said = this.box.querySelector<HTMLElement>("[role=status]");
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.list.id);
    input.addEventListener("input", (event) => this.typed(event as InputEvent));
    input.addEventListener("compositionend", () => this.later());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    input.form?.addEventListener("submit", () => this.close());
    // Pressing an option must not take the focus, and with it the list, before the click comes.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => {
      const option = target instanceof Element && target.closest("[role=option]");
      if (option) {
        this.take([...this.list.children].indexOf(option));
      }
    });
  }

  private typed(event: InputEvent): void {
    if (!event.isComposing) {
      this.later();
    }
  }

  private later(): void {
    window.clearTimeout(this.pause);
    this.pause = window.setTimeout(() => void this.suggest(), PAUSE_MS);
  }

  private async suggest(): Promise<void> {
    const text = this.input.value.trim();
    this.asking.abort();
    if (!text) {
      this.close();
      return;
    }
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      const found = this.kept.get(text) ?? (await this.fetched(text, signal));
      if (!signal.aborted && document.activeElement === this.input) {
        this.show(found);
      }
    } catch {
      if (!signal.aborted) {
        this.close(); // the search itself will say what is wrong
      }
    }
  }

  private async fetched(text: string, signal: AbortSignal): Promise<Suggestion[]> {
    const query = new URLSearchParams({ q: text, limit: String(MOST) });
    const answer = await fetch(`${this.box.dataset["search"] ?? ""}?${query}`, {
      headers: { accept: "application/json" },
      signal,
    });
    if (!answer.ok) {
      throw new Error(`search: HTTP ${answer.status}`);
    }
    const { results } = (await answer.json()) as { results: Suggestion[] };
    if (this.kept.size >= KEPT) {
      this.kept.clear();
    }
    this.kept.set(text, results);
    return results;
  }

  private show(found: Suggestion[]): void {
    this.shown = found;
    this.list.replaceChildren(...found.map((each, index) => this.option(each, index)));
    this.expand(found.length > 0);
    const { found: some = "", none = "" } = this.box.dataset;
    if (this.said) {
      this.said.textContent = found.length ? some.replace("#", String(found.length)) : none;
    }
  }

  private option(each: Suggestion, index: number): HTMLElement {
    const english = document.documentElement.lang === "en" && each.name_en;
    const name = element("bdi", "suggestion__name");
    name.lang = english ? "en" : "zh-Hans";
    name.append(...(english ? [english] : marked(each.name, each.match)));
    const kind = this.box.dataset[each.kind] ?? "";
    const count = each.count === null ? "" : ` · ${each.count}`;
    const option = element(
      "li",
      "suggestion",
      element("span", "suggestion__text", name, element("bdi", "suggestion__detail", each.detail)),
      element("span", "suggestion__kind", `${kind}${count}`),
    );
    option.id = `suggestion-${index}`;
    option.role = "option";
    option.ariaSelected = "false";
    return option;
  }

  private expand(open: boolean): void {
    this.move(-1);
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }

  private close(): void {
    window.clearTimeout(this.pause);
    this.asking.abort();
    this.shown = [];
    this.expand(false);
    if (this.said) {
      this.said.textContent = "";
    }
  }

  private move(to: number): void {
    this.list.children[this.active]?.setAttribute("aria-selected", "false");
    this.active = to;
    const option = this.list.children[to];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) {
      return; // the input method takes the keys
    }
    const count = this.shown.length;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        void this.suggest();
      } else {
        // Before the first and after the last option comes the box itself.
        const step = event.key === "ArrowDown" ? 1 : -1;
        this.move(((this.active + 1 + step + count + 1) % (count + 1)) - 1);
      }
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.take(this.active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault(); // the text stays; a second press clears it
      event.stopPropagation();
      this.close();
    }
  }

  private take(index: number): void {
    const chosen = this.shown[index];
    if (chosen) {
      const { pathname, search } = new URL(chosen.url, location.href);
      this.close();
      this.choose(new URL(pathname + search, location.href));
    }
  }
}
