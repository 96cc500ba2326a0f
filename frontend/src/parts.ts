/** The server's rendering of another state of the page, put in the place of this one's parts. */

/** What of an element besides its content may differ between states. */
const ATTRIBUTES = ["hidden", "class"] as const;

function same(here: Element, there: Element): boolean {
  return here.innerHTML === there.innerHTML;
}

/** Swap every element that is marked as a part for its like in `page`; same content stays. */
export function swapParts(page: Document): void {
  for (const here of document.querySelectorAll<HTMLElement>("[data-part]")) {
    const there = page.querySelector(`[data-part="${here.dataset["part"] ?? ""}"]`);
    if (!there) {
      here.replaceChildren();
      continue;
    }
    for (const name of ATTRIBUTES) {
      const value = there.getAttribute(name);
      if (value !== here.getAttribute(name)) {
        value === null ? here.removeAttribute(name) : here.setAttribute(name, value);
      }
    }
    if (!same(here, there)) {
      here.replaceChildren(...[...there.childNodes].map((node) => document.importNode(node, true)));
    } else if (here instanceof HTMLSelectElement) {
      here.value = (there as HTMLSelectElement).value; // chosen by the visitor, and not kept
    }
    for (const box of here.querySelectorAll<HTMLInputElement>("input[type=checkbox]")) {
      box.checked = box.defaultChecked;
    }
  }
}
