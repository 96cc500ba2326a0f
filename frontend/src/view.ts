/**
 * Branches by view: the server's clusters and single branches of what is on the screen.
 *
 * The box that is asked for is snapped to the map's own grid, so that a move back asks for the
 * same address again, and old marks stay until the new ones are there. A mark that is in both
 * views stays the same element, and so keeps the keyboard's focus and its popup.
 */

import { type DrawnBranch, countIcon, drawBranch } from "./branches";
import { inFull } from "./formats";
import type { Box, ClusterMark, Labels, View, ViewSource } from "./mapdata";
import { fetchBranch, fetchMembers, fetchView } from "./mapdata";
import type { Marks } from "./marks";
import { membersPopup } from "./popup";

const TILE_PX = 256;
const PAUSE_MS = 120;
/** On all sides together: as wide as the buttons at both sides, and a mark above and below. */
const PADDING = [128, 60] as const;

interface Mark {
  marker: L.Marker;
  /** Null for a cluster. */
  branch: DrawnBranch | null;
}

export interface ViewOptions {
  source: ViewSource;
  labels: Labels;
  newWindow: boolean;
  status(text: string): void;
}

export class ViewedMarks implements Marks {
  readonly layer = L.featureGroup();
  private readonly marks = new Map<string, Mark>();
  private readonly calls: ((id: string, branch: DrawnBranch) => void)[] = [];
  private view: View = { zoom: 0, clusters: [], branches: [] };
  /** What was asked for last; empty where that failed. */
  private asked = "";
  private asking = new AbortController();
  private pause: number | undefined;
  private taken: string | null = null;
  private failed = false;

  /**
   * @param switched the shell's layer of branches, which the visitor can switch off
   * @param circles where the circles of approximate places go
   */
  constructor(
    private readonly map: L.Map,
    private readonly switched: L.Layer,
    private readonly circles: L.FeatureGroup,
    private readonly options: ViewOptions,
  ) {
    switched.on("add", this.switchOn);
    switched.on("remove", this.switchOff);
    if (map.hasLayer(switched)) {
      this.layer.addTo(map);
    }
    map.on("moveend", this.moved);
  }

  /** Take everything from the map, for good. */
  dispose(): void {
    this.map.off("moveend", this.moved);
    this.switched.off("add", this.switchOn);
    this.switched.off("remove", this.switchOff);
    window.clearTimeout(this.pause);
    this.asking.abort();
    this.layer.remove();
    this.say(false);
  }

  private readonly switchOn = (): void => {
    this.layer.addTo(this.map);
  };

  private readonly switchOff = (): void => {
    this.layer.remove();
  };

  private readonly moved = (): void => {
    window.clearTimeout(this.pause);
    this.pause = window.setTimeout(() => void this.load(), PAUSE_MS);
  };

  /** Ask for what is on the screen and draw it; a failure is said, and the next move tries again. */
  async load(): Promise<void> {
    // Never ahead of a fractional zoom, so that marks stand well apart, and the next one opens them.
    const zoom = Math.max(0, Math.floor(this.map.getZoom()));
    const box = this.snapped(zoom);
    const wanted = `${zoom} ${box.join()}`;
    if (wanted === this.asked) {
      return;
    }
    this.asking.abort();
    this.asking = new AbortController();
    this.asked = wanted;
    const { signal } = this.asking;
    try {
      const view = await fetchView(this.options.source, box, zoom, signal);
      if (!signal.aborted) {
        this.draw(view);
        this.say(false);
      }
    } catch {
      if (!signal.aborted) {
        this.asked = "";
        this.say(true);
      }
    }
  }

  /** Whether a button hides the middle of a mark, which then cannot be pressed. */
  isCovered(): boolean {
    const frame = this.map.getContainer();
    const { left, top } = frame.getBoundingClientRect();
    const buttons = [...frame.querySelectorAll(".leaflet-top .leaflet-control")].map((button) =>
      button.getBoundingClientRect(),
    );
    return [...this.marks.values()].some(({ marker }) => {
      const at = this.map.latLngToContainerPoint(marker.getLatLng());
      const [x, y] = [left + at.x, top + at.y];
      return buttons.some((b) => x > b.left && x < b.right && y > b.top && y < b.bottom);
    });
  }

  /** Around all marks. */
  bounds(): L.LatLngBounds {
    return this.layer.getBounds();
  }

  has(): boolean {
    return true;
  }

  async find(id: string): Promise<DrawnBranch | null> {
    const known = this.drawn(id);
    if (known) {
      return known;
    }
    const mark = await fetchBranch(this.options.source, id);
    return mark && this.made(mark.id, drawBranch(mark, this.options.labels, this.options.newWindow));
  }

  drawn(id: string): DrawnBranch | undefined {
    return this.marks.get(id)?.branch ?? undefined;
  }

  standing(id: string): L.Marker | null {
    return this.marks.get(id)?.marker ?? null;
  }

  take(id: string, { circle }: DrawnBranch): void {
    this.taken = id;
    const mark = this.marks.get(id);
    if (mark) {
      this.remove(id, mark);
    }
    if (circle) {
      this.circles.addLayer(circle);
    }
  }

  giveBack(_id: string, { circle }: DrawnBranch): void {
    this.taken = null;
    if (circle) {
      this.circles.removeLayer(circle);
    }
    this.draw(this.view);
  }

  each(call: (id: string, branch: DrawnBranch) => void): void {
    this.calls.push(call);
  }

  private say(failed: boolean): void {
    if (failed !== this.failed) {
      this.failed = failed;
      this.options.status(failed ? (this.options.labels.view_failed ?? "") : "");
    }
  }

  private made(id: string, branch: DrawnBranch): DrawnBranch {
    for (const call of this.calls) {
      call(id, branch);
    }
    return branch;
  }

  /** The box on the screen, widened to whole tiles of a zoom. */
  private snapped(zoom: number): Box {
    const bounds = this.map.getBounds();
    const last = 2 ** zoom;
    const tile = (value: number, round: (value: number) => number) =>
      Math.min(Math.max(round(value / TILE_PX), 0), last) * TILE_PX;
    const low = this.map.project(bounds.getSouthWest(), zoom);
    const high = this.map.project(bounds.getNorthEast(), zoom);
    const at = (x: number, y: number) => this.map.unproject([x, y], zoom);
    const southWest = at(tile(low.x, Math.floor), tile(low.y, Math.ceil));
    const northEast = at(tile(high.x, Math.ceil), tile(high.y, Math.floor));
    const short = (value: number) => Number(value.toFixed(6));
    return [
      [short(southWest.lng), short(southWest.lat)],
      [short(northEast.lng), short(northEast.lat)],
    ];
  }

  private draw(view: View): void {
    this.view = view;
    const focused = this.focused();
    const left = new Map(this.marks);
    for (const branch of view.branches) {
      if (!left.delete(branch.id) && branch.id !== this.taken) {
        const drawn = drawBranch(branch, this.options.labels, this.options.newWindow);
        this.add(branch.id, { marker: drawn.marker, branch: this.made(branch.id, drawn) });
      }
    }
    for (const cluster of view.clusters) {
      const key = `${cluster.at.join()} ${cluster.count}`;
      if (!left.delete(key)) {
        this.add(key, { marker: this.cluster(cluster), branch: null });
      }
    }
    left.forEach((mark, key) => this.remove(key, mark));
    if (focused && !this.layer.hasLayer(focused)) {
      this.focusNear(focused.getLatLng());
    }
    this.layer.fire("animationend"); // as the plug-in says that its marks have settled
  }

  private add(key: string, mark: Mark): void {
    this.marks.set(key, mark);
    this.layer.addLayer(mark.marker);
    if (mark.branch?.circle) {
      this.circles.addLayer(mark.branch.circle);
    }
  }

  private remove(key: string, mark: Mark): void {
    this.marks.delete(key);
    this.layer.removeLayer(mark.marker);
    if (mark.branch?.circle) {
      this.circles.removeLayer(mark.branch.circle);
    }
  }

  private focused(): L.Marker | null {
    const element = document.activeElement;
    const found = [...this.marks.values()].find(({ marker }) => marker.getElement() === element);
    return found && element ? found.marker : null;
  }

  /** The keyboard goes on where it was: at the mark nearest to the one that is gone. */
  private focusNear(place: L.LatLng): void {
    const frame = this.map.getBounds();
    let best: L.Marker | null = null;
    for (const { marker } of this.marks.values()) {
      const there = marker.getLatLng();
      const nearer = !best || there.distanceTo(place) < best.getLatLng().distanceTo(place);
      if (nearer && frame.contains(there)) {
        best = marker;
      }
    }
    (best?.getElement() ?? this.map.getContainer()).focus({ preventScroll: true });
  }

  private cluster(cluster: ClusterMark): L.Marker {
    const [lon, lat] = cluster.at;
    const { labels } = this.options;
    const opens = cluster.apart <= this.map.getMaxZoom();
    const marker = L.marker([lat, lon], {
      icon: countIcon(cluster.count, (opens ? labels.cluster : labels.members) ?? ""),
      riseOnHover: true,
    });
    const open = () => (opens ? this.zoomTo(cluster) : void this.list(cluster, marker));
    marker.on("click", open);
    marker.on("keypress", (event) => {
      const { originalEvent } = event as unknown as L.LeafletKeyboardEvent;
      if (originalEvent.key === "Enter" || originalEvent.key === " ") {
        originalEvent.preventDefault();
        open();
      }
    });
    return marker;
  }

  private zoomTo(cluster: ClusterMark): void {
    const [[west, south], [east, north]] = cluster.box;
    const bounds = L.latLngBounds([south, west], [north, east]);
    const fitting = this.map.getBoundsZoom(bounds, false, L.point(...PADDING));
    const zoom = Math.min(this.map.getMaxZoom(), Math.max(fitting, cluster.apart));
    this.map.setView(bounds.getCenter(), zoom);
  }

  /** Branches that no zoom takes apart are named in a popup. */
  private async list(cluster: ClusterMark, marker: L.Marker): Promise<void> {
    try {
      const { branches, more } = await fetchMembers(this.options.source, cluster.box);
      const heading = `${inFull(cluster.count)} ${this.options.labels.here ?? ""}`;
      const content = membersPopup(heading, branches, more, this.options.newWindow);
      if (marker.getElement()) {
        marker.unbindPopup();
        marker.bindPopup(content, { maxWidth: 280, minWidth: 200, maxHeight: 260 }).openPopup();
        marker.off("click", marker.togglePopup, marker);
      }
    } catch {
      this.options.status(this.options.labels.view_failed ?? "");
    }
  }
}
