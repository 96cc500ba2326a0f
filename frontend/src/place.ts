/** The typed place that a list begins at: a mark, and a circle where it is approximate. */

import type { MapData } from "./mapdata";

let drawn: L.LayerGroup | null = null;

export function drawPlace(map: L.Map, place: MapData["place"]): void {
  drawn?.remove();
  drawn = null;
  if (!place) {
    return;
  }
  const [lon, lat] = place.at;
  drawn = L.layerGroup([
    L.circleMarker([lat, lon], { radius: 8, className: "place", interactive: false }),
    ...(place.radius_m === null
      ? []
      : [L.circle([lat, lon], { radius: place.radius_m, className: "place__radius", interactive: false })]),
  ]).addTo(map);
}
