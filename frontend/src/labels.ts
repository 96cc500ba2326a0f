/** District names keep clear of branches and of each other: they move, or wait for room. */

import type { Evented, LatLng, Map as LeafletMap, Marker } from "leaflet";

export interface Label {
  marker: Marker;
  text: HTMLElement;
  /** Where it may stand, best place first. */
  places: LatLng[];
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const CROWDED = "is-crowded";

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function inside(box: Box, frame: Box): boolean {
  return (
    box.left >= frame.left &&
    box.right <= frame.right &&
    box.top >= frame.top &&
    box.bottom <= frame.bottom
  );
}

function settle(map: LeafletMap, labels: Label[]): void {
  const container = map.getContainer();
  const frame = container.getBoundingClientRect();
  const obstacles = ".leaflet-marker-pane .leaflet-marker-icon, .leaflet-control";
  const taken: Box[] = [...container.querySelectorAll(obstacles)].map((each) =>
    each.getBoundingClientRect(),
  );
  for (const { marker, text, places } of labels) {
    const { width, height } = text.getBoundingClientRect();
    const boxAt = (place: LatLng): Box => {
      const { x, y } = map.latLngToContainerPoint(place);
      const [left, top] = [frame.left + x - width / 2, frame.top + y - height / 2];
      return { left, top, right: left + width, bottom: top + height };
    };
    const free = places.find((place) => {
      const box = boxAt(place);
      return inside(box, frame) && !taken.some((other) => overlap(box, other));
    });
    if (free) {
      marker.setLatLng(free);
      taken.push(boxAt(free));
    }
    marker.getElement()?.classList.toggle(CROWDED, !free);
  }
}

const SETTLED = "animationend spiderfied unspiderfied";

/** Settles labels now and after each change of what is shown; the first ones go first. */
export class LabelKeeper {
  private labels: Label[] = [];
  private marks: Evented | null = null;
  private asked = 0;

  constructor(private readonly map: LeafletMap) {
    map.on("zoomend moveend overlayadd overlayremove resize", this.soon);
  }

  /** Keep these from now on, clear of the marks of a layer. */
  keep(marks: Evented, labels: Label[]): void {
    this.marks?.off(SETTLED, this.soon);
    this.marks = marks.on(SETTLED, this.soon);
    this.labels = labels;
    this.soon();
  }

  private readonly soon = (): void => {
    cancelAnimationFrame(this.asked);
    this.asked = requestAnimationFrame(() => settle(this.map, this.labels));
  };
}
