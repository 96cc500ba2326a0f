/** The background map, where the operator chose one, with its source as text. */

import { element, link } from "./dom";
import type { TileSource } from "./mapdata";

const MAX_ZOOM_WITHOUT_TILES = 15;

/** Text and addresses of the sources; Leaflet's own control would parse HTML. */
function attribution(source: TileSource): L.Control {
  const control = new L.Control({ position: "bottomright" });
  control.onAdd = () => {
    const line = element("div", "attribution");
    source.attribution.forEach(({ text, url }, index) => {
      line.append(index ? " · " : "", url ? link(url, true, "", text) : text);
    });
    return line;
  };
  return control;
}

export function drawTiles(map: L.Map, source: TileSource | null): void {
  if (source === null) {
    map.setMaxZoom(MAX_ZOOM_WITHOUT_TILES);
    map.options.zoomSnap = 0.25; // polygons are sharp at any zoom, so fill the frame
    return;
  }
  for (const { url, subdomains, max_zoom } of source.layers) {
    L.tileLayer(url, { subdomains, maxZoom: max_zoom }).addTo(map);
  }
  map.addControl(attribution(source));
  map.getContainer().classList.add("has-tiles");
}
