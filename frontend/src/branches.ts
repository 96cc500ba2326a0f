/** Branches: a named marker each, clustered; a circle where the place is approximate. */

import type { MarkerCluster, MarkerClusterGroup } from "leaflet";
import { element } from "./dom";
import { inFull, inShort } from "./formats";
import type { BranchMark, Labels } from "./mapdata";
import { branchPopup } from "./popup";
import type { Steps } from "./steps";

export interface DrawnBranch {
  marker: L.Marker;
  circle: L.Circle | null;
}

let clusterLabel = "";

/** The icon of some branches; its name is part of its text, for those who do not see the map. */
export function countIcon(count: number, name: string): L.DivIcon {
  const size = count < 10 ? 40 : count < 100 ? 46 : 54;
  const face = element(
    "span",
    count < 1_000 ? "cluster__face" : "cluster__face cluster--long",
    element("span", "cluster__count", inShort(count)),
    element("span", "visually-hidden", `${inFull(count)} ${name}`),
  );
  (face.firstChild as HTMLElement).setAttribute("aria-hidden", "true");
  return L.divIcon({ className: "cluster", html: face, iconSize: [size, size] });
}

/** The icon of one of the plug-in's clusters. */
export function clusterIcon(cluster: MarkerCluster): L.DivIcon {
  return countIcon(cluster.getChildCount(), clusterLabel);
}

function pin(branch: BranchMark): L.DivIcon {
  const approximate = branch.radius_m !== null;
  const face = element("span", "pin__face", element("span", "pin__badge", branch.badge));
  return L.divIcon({
    className: approximate ? "pin pin--approximate" : "pin",
    html: face,
    iconSize: [34, 42],
    iconAnchor: [17, 41],
    popupAnchor: [0, -36],
  });
}

export function drawBranch(branch: BranchMark, labels: Labels, newWindow: boolean): DrawnBranch {
  const [lon, lat] = branch.at;
  const named = `${branch.name} · ${branch.precision}`;
  const marker = L.marker([lat, lon], {
    icon: pin(branch),
    title: branch.name,
    alt: named,
    riseOnHover: true,
  });
  // Leaflet puts `alt` on images only; a drawn icon needs its name said this way.
  marker.on("add", () => marker.getElement()?.setAttribute("aria-label", named));
  marker.bindPopup(() => branchPopup(branch, labels, newWindow), { maxWidth: 260, minWidth: 200 });
  const circle =
    branch.radius_m === null
      ? null
      : L.circle([lat, lon], {
          radius: branch.radius_m,
          className: "radius",
          interactive: false,
        });
  return { marker, circle };
}

export function* drawBranches(
  cluster: MarkerClusterGroup,
  circles: L.FeatureGroup,
  branches: BranchMark[],
  labels: Labels,
  newWindow: boolean,
): Steps<Map<string, DrawnBranch>> {
  clusterLabel = labels.cluster;
  const drawn = new Map<string, DrawnBranch>();
  for (const branch of branches) {
    drawn.set(branch.id, drawBranch(branch, labels, newWindow));
    yield;
  }
  for (const { circle } of drawn.values()) {
    if (circle) {
      circles.addLayer(circle);
    }
  }
  cluster.addLayers([...drawn.values()].map(({ marker }) => marker));
  return drawn;
}
