/** Districts shaded by their number of branches, with their names and numbers. */

import { element, isolated } from "./dom";
import { inFull } from "./formats";
import type { Label } from "./labels";
import type { DistrictShape, Labels } from "./mapdata";
import { unpack } from "./outline";
import { districtPopup } from "./popup";
import type { Steps } from "./steps";

/** Colours come from the style sheet by class, so that dark mode needs no script. */
function shape(district: DistrictShape): L.Polygon {
  return L.polygon(unpack(district.outline ?? []), {
    className: `district district--${district.level}`,
  });
}

function label(district: DistrictShape): Label {
  const text = element("span", "label__text", isolated(district.name));
  if (district.count > 0) {
    text.append(element("b", "label__count", inFull(district.count)));
  }
  const places = district.label_at.map(([lon, lat]) => L.latLng(lat, lon));
  const marker = L.marker(places[0] ?? [0, 0], {
    icon: L.divIcon({ className: `label label--${district.level}`, html: text, iconSize: [0, 0] }),
    interactive: false,
    keyboard: false,
    pane: "labels",
  });
  return { marker, text, places };
}

/** Draw the districts; returns their labels, those of districts with most branches first. */
export function* drawDistricts(
  group: L.FeatureGroup,
  map: L.Map,
  districts: DistrictShape[],
  texts: Labels,
  newWindow: boolean,
): Steps<Label[]> {
  const pane = map.getPane("labels") ?? map.createPane("labels");
  pane.setAttribute("aria-hidden", "true"); // the list says the same in words
  for (const district of districts) {
    const polygon = shape(district);
    polygon.bindPopup(() => districtPopup(district, texts, newWindow));
    group.addLayer(polygon);
    yield;
  }
  const labels = [...districts].sort((a, b) => b.count - a.count).map(label);
  for (const { marker } of labels) {
    group.addLayer(marker);
    yield;
  }
  return labels;
}
