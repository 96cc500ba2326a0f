/** The visitor on the map: a dot and the circle that it may be off by; what the button does. */

import { fromWgs84 } from "./datum";
import type { Datum, MapData } from "./mapdata";
import { type Fix, PositionError, currentPosition } from "./position";

const CLOSEST_ZOOM = 14;

let drawn: L.LayerGroup | null = null;

/** Draw the visitor, shifted into the datum of the tiles; returns the circle's box. */
export function drawVisitor(map: L.Map, datum: Datum, fix: Fix): L.LatLngBounds {
  const [lon, lat] = fromWgs84([fix.lon, fix.lat], datum);
  const place = L.latLng(lat, lon);
  drawn?.remove();
  const pane = map.getPane("visitor") ?? map.createPane("visitor");
  pane.setAttribute("aria-hidden", "true");
  drawn = L.layerGroup([
    L.circle(place, {
      pane: "visitor",
      radius: fix.accuracy,
      className: "leaflet-control-locate-circle",
      interactive: false,
    }),
    L.circleMarker(place, {
      pane: "visitor",
      radius: 8,
      className: "leaflet-control-locate-marker",
      interactive: false,
    }),
  ]).addTo(map);
  return place.toBounds(2 * fix.accuracy);
}

/** Let the map's button show the visitor, and move the map there. */
export function connectLocate(
  map: L.Map,
  { datum, labels }: Pick<MapData, "datum" | "labels">,
  status: (text: string) => void,
): void {
  const frame = map.getContainer().querySelector<HTMLElement>(".leaflet-control-locate");
  const button = frame?.querySelector("a");
  if (!frame || !button) {
    return;
  }

  const show = async (): Promise<string> => {
    const bounds = drawVisitor(map, datum, await currentPosition(() => undefined));
    frame.classList.add("active");
    const limits = map.options.maxBounds as L.LatLngBounds | undefined;
    if (limits && !limits.contains(bounds.getCenter())) {
      return labels.locate_outside ?? "";
    }
    map.fitBounds(bounds, { maxZoom: CLOSEST_ZOOM });
    return "";
  };

  const locate = async (): Promise<void> => {
    if (frame.classList.contains("requesting")) {
      return;
    }
    frame.classList.add("requesting");
    button.setAttribute("aria-busy", "true");
    try {
      status(await show());
    } catch (error) {
      const refused = error instanceof PositionError && error.reason === "refused";
      status((refused ? labels.locate_denied : labels.locate_failed) ?? "");
    } finally {
      frame.classList.remove("requesting");
      button.removeAttribute("aria-busy");
    }
  };

  button.addEventListener("click", (event) => {
    event.preventDefault();
    void locate();
  });
  button.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      button.click();
    }
  });
}
