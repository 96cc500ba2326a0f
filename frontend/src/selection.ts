/** One branch at a time stands out, on the map and in the list. */

import type { MarkerClusterGroup } from "leaflet";
import type { DrawnBranch } from "./branches";
import { L, reducedMotion } from "./leaflet-setup";

const CLOSE_UP_ZOOM = 13;

export class Selection {
  private current: string | null = null;

  constructor(
    private readonly map: L.Map,
    private readonly cluster: MarkerClusterGroup,
    private readonly drawn: Map<string, DrawnBranch>,
  ) {
    for (const [id, { marker }] of drawn) {
      marker.on("popupopen", () => this.mark(id, true));
      marker.on("popupclose", () => this.mark(id, false));
      marker.on("add", () => this.paint(id, this.current === id));
      marker.on("mouseover", () => this.hover(id, true));
      marker.on("mouseout", () => this.hover(id, false));
    }
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
    const close = L.latLngBounds([marker.getLatLng()]).extend(
      circle ? circle.getLatLng().toBounds(2.4 * circle.getRadius()) : marker.getLatLng(),
    );
    const zoom = Math.min(this.map.getBoundsZoom(close), CLOSE_UP_ZOOM);
    this.map.setView(marker.getLatLng(), Math.max(zoom, this.map.getMinZoom()), {
      animate: false,
    });
    this.cluster.zoomToShowLayer(marker, () => marker.openPopup());
  }

  /** Let the marker stand out while the list's entry is pointed at. */
  hover(id: string, on: boolean): void {
    const branch = this.drawn.get(id);
    const icon = branch && (this.cluster.getVisibleParent(branch.marker) as L.Marker | null);
    icon?.getElement()?.classList.toggle("is-hovered", on);
    branch?.circle?.getElement()?.classList.toggle("is-hovered", on);
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
