/** Popups by keyboard: focus goes in when one is opened, and back to its opener with Escape. */

import type { Map as LeafletMap } from "leaflet";

/** What opens a popup on purpose: a key on the map, or the list's link by any means. */
function opens(focused: Element | null): focused is HTMLElement {
  return focused instanceof HTMLElement && focused.matches(":focus-visible, [data-show]");
}

export function connectKeyboard(map: LeafletMap): void {
  let opener: HTMLElement | null = null;
  let byKey = false;

  map.on("popupopen", ({ popup }) => {
    if (opens(document.activeElement)) {
      opener = document.activeElement;
      const first = popup.getElement()?.querySelector<HTMLElement>(".popup__link");
      first?.focus({ preventScroll: true }); // the map is on its way into view already
    }
  });
  map.on("popupclose", ({ popup }) => {
    const holdsFocus = popup.getElement()?.contains(document.activeElement) ?? false;
    if ((holdsFocus || byKey) && opener?.isConnected) {
      opener.focus({ preventScroll: !byKey }); // a finger's visitor goes on looking at the map
    }
    opener = null;
  });
  // On the document: focus may be in the list, or nowhere, while a popup is open.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      byKey = true;
      map.closePopup();
      byKey = false;
    }
  });
}
