/** Popups by keyboard: focus goes in with Enter, and back to the marker with Escape. */

import type { Map as LeafletMap } from "leaflet";

export function connectKeyboard(map: LeafletMap): void {
  const container = map.getContainer();
  let opener: HTMLElement | null = null;

  map.on("popupopen", ({ popup }) => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused.matches(":focus-visible")) {
      opener = focused;
      popup.getElement()?.querySelector<HTMLElement>(".popup__link")?.focus();
    }
  });
  map.on("popupclose", ({ popup }) => {
    const holdsFocus = popup.getElement()?.contains(document.activeElement) ?? false;
    if (holdsFocus && opener?.isConnected) {
      opener.focus();
    }
    opener = null;
  });
  container.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      map.closePopup();
    }
  });
}
