/** Districts shaded by their number of branches, with their names and numbers. */

import { isolated, element } from "./dom";
import type { DistrictShape, Labels } from "./mapdata";
import { L } from "./plugins";
import { districtPopup } from "./popup";

/** Colours come from the style sheet by class, so that dark mode needs no script. */
function shape(district: DistrictShape): L.GeoJSON {
  return L.geoJSON(district.geometry, {
    style: { className: `district district--${district.level}`, weight: 1, fillOpacity: 1 },
  });
}

function label(district: DistrictShape): L.Marker {
  const text = element("span", "label__text", isolated(district.name));
  if (district.count > 0) {
    text.append(element("b", "label__count", String(district.count)));
  }
  const [lon, lat] = district.label_at;
  return L.marker([lat, lon], {
    icon: L.divIcon({ className: "label", html: text, iconSize: [0, 0] }),
    interactive: false,
    keyboard: false,
    pane: "labels",
  });
}

export function drawDistricts(
  group: L.FeatureGroup,
  map: L.Map,
  districts: DistrictShape[],
  labels: Labels,
  newWindow: boolean,
): void {
  const pane = map.getPane("labels") ?? map.createPane("labels");
  pane.setAttribute("aria-hidden", "true"); // the list says the same in words
  for (const district of districts) {
    const polygon = shape(district);
    polygon.bindPopup(() => districtPopup(district, labels, newWindow));
    group.addLayer(polygon);
    group.addLayer(label(district));
  }
}
