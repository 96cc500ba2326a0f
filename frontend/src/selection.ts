/** One branch at a time stands out, on the map and in the list. */

import type { MarkerClusterGroup } from "leaflet";
import type { DrawnBranch } from "./branches";
import { L, reducedMotion } from "./leaflet-setup";

/** How near to go: without tiles only borders show where one is, so they must stay in view. */
const CLOSE_UP_ZOOM = { withTiles: 15, withoutTiles: 11 };

export class Selection {
  private current: string | null = null;
  /** The marker that was taken out of its cluster to be seen at any zoom. */
  private lifted: L.Marker | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly cluster: MarkerClusterGroup,
    private readonly drawn: Map<string, DrawnBranch>,
    private readonly hasTiles: boolean,
  ) {
    for (const [id, { marker }] of drawn) {
      marker.on("popupopen", () => this.mark(id, true));
      marker.on("popupclose", () => this.mark(id, false));
      marker.on("add", () => this.paint(id, this.current === id));
      marker.on("mouseover", () => this.hover(id, true));
      marker.on("mouseout", () => this.hover(id, false));
    }
    // put back only when all is closed: removing a marker closes its popup
    map.on("popupclose", () => setTimeout(() => this.putBack()));
  }

  has(id: string): boolean {
    return this.drawn.has(id);
  }

  /** Move to the branch and open its popup. */
  show(id: string): void {
    const branch = this.drawn.get(id);
    if (!branch) {
      return;
    }
    const { marker, circle } = branch;
    this.map.closePopup();
    this.putBack();
    const place = marker.getLatLng();
    const around = circle ? place.toBounds(5 * circle.getRadius()) : L.latLngBounds([place]);
    const nearest = this.hasTiles ? CLOSE_UP_ZOOM.withTiles : CLOSE_UP_ZOOM.withoutTiles;
    const zoom = Math.min(this.map.getBoundsZoom(around), nearest);
    this.map.setView(place, Math.max(zoom, this.map.getZoom()), { animate: false });
    this.cluster.removeLayer(marker);
    this.lifted = marker.addTo(this.map);
    marker.openPopup();
  }

  /** Let the marker stand out while the list's entry is pointed at. */
  hover(id: string, on: boolean): void {
    const branch = this.drawn.get(id);
    const shown = branch?.marker === this.lifted ? null : branch;
    const icon = shown && (this.cluster.getVisibleParent(shown.marker) as L.Marker | null);
    icon?.getElement()?.classList.toggle("is-hovered", on);
    branch?.circle?.getElement()?.classList.toggle("is-hovered", on);
  }

  private putBack(): void {
    const marker = this.lifted;
    if (marker && !marker.isPopupOpen()) {
      this.lifted = null;
      this.map.removeLayer(marker);
      this.cluster.addLayer(marker);
    }
  }

  private mark(id: string, on: boolean): void {
    this.current = on ? id : null;
    this.paint(id, on);
    const entry = document.getElementById(`branch-${id}`);
    entry?.classList.toggle("is-selected", on);
    if (on && entry && isBesideMap(entry)) {
      entry.scrollIntoView({ block: "nearest", behavior: reducedMotion ? "auto" : "smooth" });
    }
  }

  private paint(id: string, on: boolean): void {
    const branch = this.drawn.get(id);
    branch?.marker.getElement()?.classList.toggle("is-selected", on);
    branch?.circle?.getElement()?.classList.toggle("is-selected", on);
  }
}

/** Where list and map stand side by side, the list may scroll by itself; below it, it may not. */
function isBesideMap(entry: HTMLElement): boolean {
  const panel = entry.closest(".panel");
  return panel !== null && getComputedStyle(panel).overflowY === "auto";
}
