/** The visitor on the map: a dot and the circle that it may be off by; the button that asks. */

import { fromWgs84 } from "./datum";
import type { Datum, Labels } from "./mapdata";
import { L } from "./plugins";
import { type Fix, PositionError, currentPosition } from "./position";

const CLOSEST_ZOOM = 14;

let datum: Datum = "wgs84";
let labels: Labels | null = null;
let tell: (text: string) => void = () => undefined;
let drawn: L.LayerGroup | null = null;

/** Draw the visitor, shifted into the datum of the tiles; returns the circle's box. */
export function drawVisitor(map: L.Map, fix: Fix): L.LatLngBounds {
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

/** The button that the shell asks for: it shows the visitor, and moves the map there. */
class LocateControl extends L.Control {
  private button: HTMLAnchorElement | null = null;

  constructor(private readonly texts: { strings: { title: string } } & L.ControlOptions) {
    super(texts);
  }

  override onAdd(map: L.Map): HTMLElement {
    const frame = L.DomUtil.create("div", "leaflet-control-locate leaflet-bar leaflet-control");
    const button = L.DomUtil.create("a", "", frame);
    this.button = button;
    button.href = "#";
    button.role = "button";
    button.title = this.texts.strings.title;
    button.setAttribute("aria-label", this.texts.strings.title);
    L.DomEvent.disableClickPropagation(frame);
    L.DomEvent.on(button, "click", (event) => {
      L.DomEvent.preventDefault(event);
      void this.locate(map, frame);
    });
    L.DomEvent.on(button, "keydown", (event) => {
      if ((event as KeyboardEvent).key === " ") {
        L.DomEvent.preventDefault(event);
        button.click();
      }
    });
    return frame;
  }

  private async locate(map: L.Map, frame: HTMLElement): Promise<void> {
    if (frame.classList.contains("requesting")) {
      return;
    }
    frame.classList.add("requesting");
    this.button?.setAttribute("aria-busy", "true");
    try {
      const bounds = drawVisitor(map, await currentPosition(() => undefined));
      frame.classList.add("active");
      const limits = map.options.maxBounds as L.LatLngBounds | undefined;
      const inside = !limits || limits.contains(bounds.getCenter());
      tell(inside ? "" : (labels?.locate_outside ?? ""));
      if (inside) {
        map.fitBounds(bounds, { maxZoom: CLOSEST_ZOOM });
      }
    } catch (error) {
      const refused = error instanceof PositionError && error.reason === "refused";
      tell((refused ? labels?.locate_denied : labels?.locate_failed) ?? "");
    } finally {
      frame.classList.remove("requesting");
      this.button?.removeAttribute("aria-busy");
    }
  }
}

/** The factory that the shell calls. */
Object.assign(L.control, {
  locate: (options: { strings: { title: string } } & L.ControlOptions) =>
    new LocateControl(options),
});

export function connectLocate(
  datumOfTiles: Datum,
  texts: Labels,
  status: (text: string) => void,
): void {
  datum = datumOfTiles;
  labels = texts;
  tell = status;
}
