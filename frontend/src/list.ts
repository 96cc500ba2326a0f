/** The list beside the map: its "show on map" links and what is pointed at. */

import { reducedMotion } from "./leaflet-setup";
import type { Selection } from "./selection";

export function connectList(
  frame: HTMLElement,
  selection: Selection,
  failed: () => void = () => undefined,
): void {
  for (const anchor of document.querySelectorAll<HTMLAnchorElement>("a[data-show]")) {
    const id = anchor.dataset["show"] ?? "";
    if (!selection.has(id)) {
      continue;
    }
    anchor.addEventListener("click", (event) => {
      event.preventDefault();
      frame.scrollIntoView({ block: "nearest", behavior: reducedMotion ? "auto" : "smooth" });
      selection.show(id).catch(failed);
    });
    const entry = document.getElementById(`branch-${id}`);
    entry?.addEventListener("pointerenter", () => selection.hover(id, true));
    entry?.addEventListener("pointerleave", () => selection.hover(id, false));
  }
}
