/** The list beside the map: its "show on map" links and what is pointed at. */

import { reducedMotion } from "./motion";
import type { Selection } from "./selection";

/** Every list's entries have such an id. */
const ENTRY = '[id^="branch-"]';

const idOf = (entry: HTMLElement) => entry.id.replace(/^branch-/, "");

/** On the document, so that lists may be swapped. */
export function connectList(
  frame: HTMLElement,
  selection: Selection,
  failed: () => void = () => undefined,
): void {
  document.addEventListener("click", (event) => {
    const anchor = event.target instanceof Element && event.target.closest("a[data-show]");
    const id = anchor instanceof HTMLElement ? (anchor.dataset["show"] ?? "") : "";
    if (anchor && selection.has(id)) {
      event.preventDefault();
      frame.scrollIntoView({ block: "nearest", behavior: reducedMotion ? "auto" : "smooth" });
      selection.show(id).catch(failed);
    }
  });
  let lit: HTMLElement | null = null;
  const light = ({ target }: Event) => {
    const entry = target instanceof Element ? target.closest<HTMLElement>(ENTRY) : null;
    if (entry !== lit) {
      if (lit) {
        selection.hover(idOf(lit), false);
      }
      if (entry && selection.has(idOf(entry))) {
        selection.hover(idOf(entry), true);
      }
      lit = entry;
    }
  };
  document.addEventListener("pointerover", light);
  document.addEventListener("focusin", light);
}
