/** What stands for branches on the map, whether they were fetched all at once or come by view. */

import type { MarkerClusterGroup } from "leaflet";
import type { DrawnBranch } from "./branches";

export interface Marks {
  /** Tells when marks have come, gone or moved. */
  readonly layer: L.Evented;
  /** Whether a branch may be asked for. */
  has(id: string): boolean;
  /** The branch, drawn; null where it has no place. */
  find(id: string): Promise<DrawnBranch | null>;
  /** The branch as it is drawn now, by itself or within a cluster. */
  drawn(id: string): DrawnBranch | undefined;
  /** What is seen of it: its marker, or its cluster's. */
  standing(id: string): L.Marker | null;
  /** Leave its marker to somebody else, who has it seen at any zoom, and take it back. */
  take(id: string, branch: DrawnBranch): void;
  giveBack(id: string, branch: DrawnBranch): void;
  /** Called for each branch once it is drawn. */
  each(call: (id: string, branch: DrawnBranch) => void): void;
}

/** All branches, clustered here. */
export class ListedMarks implements Marks {
  constructor(
    readonly layer: MarkerClusterGroup,
    private readonly all: Map<string, DrawnBranch>,
  ) {}

  has(id: string): boolean {
    return this.all.has(id);
  }

  async find(id: string): Promise<DrawnBranch | null> {
    return this.all.get(id) ?? null;
  }

  drawn(id: string): DrawnBranch | undefined {
    return this.all.get(id);
  }

  standing(id: string): L.Marker | null {
    const branch = this.all.get(id);
    return branch ? (this.layer.getVisibleParent(branch.marker) as L.Marker | null) : null;
  }

  take(_id: string, { marker }: DrawnBranch): void {
    this.layer.removeLayer(marker);
  }

  giveBack(_id: string, { marker }: DrawnBranch): void {
    this.layer.addLayer(marker);
  }

  each(call: (id: string, branch: DrawnBranch) => void): void {
    this.all.forEach((branch, id) => call(id, branch));
  }
}
