/** Outlines as mapsvc/web/mapdata.py packs them: parts, rings, and steps of 1/10,000 degree. */

import type { LatLngTuple } from "leaflet";

const GRID = 10_000;

function ring(steps: number[]): LatLngTuple[] {
  const positions: LatLngTuple[] = [];
  let [x, y] = [0, 0];
  for (let i = 0; i + 1 < steps.length; i += 2) {
    x += steps[i] ?? 0;
    y += steps[i + 1] ?? 0;
    positions.push([y / GRID, x / GRID]);
  }
  return positions;
}

/** What `L.polygon` takes for a multipolygon. */
export function unpack(outline: number[][][]): LatLngTuple[][][] {
  return outline.map((rings) => rings.map(ring));
}
