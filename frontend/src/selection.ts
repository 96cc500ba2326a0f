/** One branch at a time stands out, on the map and in the list. */

import type { DrawnBranch } from "./branches";
import { reducedMotion } from "./motion";
import type { Marks } from "./marks";

/** How near to go: without tiles only borders show where one is, so they must stay in view. */
const CLOSE_UP_ZOOM = { withTiles: 15, withoutTiles: 11 };

export class Selection {
  private current: string | null = null;
  /** The branch whose marker was taken out of its cluster to be seen at any zoom. */
  private lifted: { id: string; branch: DrawnBranch } | null = null;
  /** The one that is to be shown; finding it may take a while. */
  private wanted = "";

  constructor(
    private readonly map: L.Map,
    private marks: Marks,
    private readonly hasTiles: boolean,
  ) {
    this.connect();
    // put back only when all is closed: removing a marker closes its popup
    map.on("popupclose", () => setTimeout(() => this.putBack()));
  }

  /** From now on these marks; those before are gone from the map. */
  use(marks: Marks): void {
    this.map.closePopup();
    if (this.lifted) {
      this.map.removeLayer(this.lifted.branch.marker);
      this.lifted = null;
    }
    this.wanted = "";
    this.marks = marks;
    this.connect();
  }

  private connect(): void {
    this.marks.each((id, { marker }) => {
      marker.on("popupopen", () => this.mark(id, true));
      marker.on("popupclose", () => this.mark(id, false));
      marker.on("add", () => this.paint(id, this.current === id));
      marker.on("mouseover", () => this.hover(id, true));
      marker.on("mouseout", () => this.hover(id, false));
    });
  }

  has(id: string): boolean {
    return this.marks.has(id);
  }

  /** Move to the branch and open its popup; rejects where the branch cannot be had. */
  async show(id: string): Promise<void> {
    this.wanted = id;
    const branch = await this.marks.find(id);
    if (branch && this.wanted === id) {
      this.lift(id, branch);
    }
  }

  private lift(id: string, branch: DrawnBranch): void {
    const { marker, circle } = branch;
    this.map.closePopup();
    this.putBack();
    const place = marker.getLatLng();
    const around = circle ? place.toBounds(5 * circle.getRadius()) : L.latLngBounds([place]);
    const nearest = this.hasTiles ? CLOSE_UP_ZOOM.withTiles : CLOSE_UP_ZOOM.withoutTiles;
    const zoom = Math.min(this.map.getBoundsZoom(around), nearest);
    this.map.setView(place, Math.max(zoom, this.map.getZoom()), { animate: false });
    this.marks.take(id, branch);
    this.lifted = { id, branch };
    marker.addTo(this.map);
    marker.openPopup();
  }

  /** Let the marker stand out while the list's entry is pointed at. */
  hover(id: string, on: boolean): void {
    document.getElementById(`branch-${id}`)?.classList.toggle("is-hovered", on);
    const icon = this.lifted?.id === id ? null : this.marks.standing(id);
    icon?.getElement()?.classList.toggle("is-hovered", on);
    this.drawn(id)?.circle?.getElement()?.classList.toggle("is-hovered", on);
  }

  private putBack(): void {
    const lifted = this.lifted;
    if (lifted && !lifted.branch.marker.isPopupOpen()) {
      this.lifted = null;
      this.map.removeLayer(lifted.branch.marker);
      this.marks.giveBack(lifted.id, lifted.branch);
    }
  }

  private drawn(id: string): DrawnBranch | undefined {
    return this.lifted?.id === id ? this.lifted.branch : this.marks.drawn(id);
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
    const branch = this.drawn(id);
    branch?.marker.getElement()?.classList.toggle("is-selected", on);
    branch?.circle?.getElement()?.classList.toggle("is-selected", on);
  }
}

/** Where list and map stand side by side, the list may scroll by itself; below it, it may not. */
function isBesideMap(entry: HTMLElement): boolean {
  const panel = entry.closest(".panel");
  return panel !== null && getComputedStyle(panel).overflowY === "auto";
}
