/** From the shell's empty layers and the fetched data to a map that replaces the drawn one. */

import { clusterIcon, drawBranches } from "./branches";
import { drawDistricts } from "./districts";
import { connectKeyboard } from "./keyboard";
import { keepLabelsApart } from "./labels";
import { type Labels, type MapData, fetchMapData } from "./mapdata";
import { ListedMarks } from "./marks";
import type { MarkerClusterGroup } from "leaflet";
import { L } from "./plugins";
import { Selection } from "./selection";
import { drawTiles } from "./tiles";
import { ViewedMarks } from "./view";

/** Pixels; that of the drawn map in styles/map.css. */
const PADDING = 14;
/** Beside marks that are loaded by view: the width of the buttons, so that none lies under them. */
const PADDING_BY_VIEW = 64;
/** Also without tiles: many branches stand close together. */
const MAX_ZOOM_OF_VIEWS = 18;

window.mapsvc = { clusterIcon };

export interface Started {
  frame: HTMLElement;
  map: L.Map;
  data: MapData;
  selection: Selection;
  status(text: string): void;
}

/** In fullscreen there is no page to scroll, so one finger may move the map there. */
function freeGesturesInFullscreen(map: L.Map): void {
  const handler = (map as L.Map & { gestureHandling?: L.Handler }).gestureHandling;
  map.on("enterFullscreen", () => handler?.disable());
  map.on("exitFullscreen", () => handler?.enable());
}

/** Names for the two buttons that Leaflet names in English by itself. */
function nameButtons(map: L.Map, labels: Labels): void {
  const toggle = map.getContainer().querySelector<HTMLElement>(".leaflet-control-layers-toggle");
  if (toggle) {
    toggle.title = labels.layers;
    toggle.setAttribute("aria-label", labels.layers);
  }
  map.on("popupopen", ({ popup }) => {
    const button = popup.getElement()?.querySelector(".leaflet-popup-close-button");
    button?.setAttribute("aria-label", labels.close);
  });
}

function boundsOf(data: MapData): L.LatLngBounds | null {
  if (data.bounds === null) {
    return null;
  }
  const [[west, south], [east, north]] = data.bounds;
  return L.latLngBounds([south, west], [north, east]);
}

function fit(map: L.Map, data: MapData, bounds: L.LatLngBounds): void {
  const { zoomSnap } = map.options;
  const least = map.getMinZoom();
  map.setMinZoom(0);
  const padding = L.point(data.view ? PADDING_BY_VIEW : PADDING, PADDING);
  const whole = Math.floor(map.getBoundsZoom(bounds, false, padding.multiplyBy(2)));
  map.setMinZoom(Math.min(least, whole)); // less for a whole country
  map.options.zoomSnap = data.tiles ? 1 : 0; // without tiles, lie exactly on the drawn map
  map.fitBounds(bounds, { padding, animate: false });
  map.options.zoomSnap = zoomSnap ?? 1;
  map.setMaxBounds(bounds.pad(1.5));
  map.options.maxBoundsViscosity = 0.8;
}

/** A cluster may stand beside its members, and so under a button: then fit once more, around all. */
async function uncover(map: L.Map, data: MapData, viewed: ViewedMarks): Promise<void> {
  const bounds = boundsOf(data);
  if (bounds && viewed.isCovered()) {
    fit(map, data, bounds.extend(viewed.bounds()));
    await viewed.load();
  }
}

/** Draw everything; the static map stays in place until the last line. */
async function start(frame: HTMLElement): Promise<Started> {
  const { map_shell: map, feature_group_districts: districts } = window;
  const { feature_group_circles: circles, marker_cluster_branches: cluster } = window;
  if (!map || !districts || !circles || !cluster) {
    throw new Error("the map shell did not run");
  }
  const newWindow = frame.dataset["newWindow"] !== undefined;
  const data = await fetchMapData(frame.dataset["source"] ?? "");
  drawTiles(map, data.tiles);
  const bounds = boundsOf(data);
  if (bounds) {
    fit(map, data, bounds);
  }
  const line = frame.querySelector(".map__status");
  const status = (text: string) => {
    if (line) {
      line.textContent = text;
    }
  };
  const viewed = viewedMarks(map, cluster, circles, data, newWindow, status);
  const first = viewed?.load(); // on its way while the areas are drawn
  const labels = drawDistricts(districts, map, data.districts, data.labels, newWindow);
  const marks =
    viewed ??
    new ListedMarks(
      cluster,
      drawBranches(cluster, circles, data.branches, data.labels, newWindow),
    );
  keepLabelsApart(map, marks.layer, labels);
  connectKeyboard(map);
  freeGesturesInFullscreen(map);
  nameButtons(map, data.labels);
  const selection = new Selection(map, marks, data.tiles !== null);
  await first;
  if (viewed) {
    await uncover(map, data, viewed);
  }
  frame.classList.add("is-live");
  return { frame, map, data, selection, status };
}

/** Many branches are asked for by view; null where they are few and here already. */
function viewedMarks(
  map: L.Map,
  cluster: MarkerClusterGroup,
  circles: L.FeatureGroup,
  data: MapData,
  newWindow: boolean,
  status: (text: string) => void,
): ViewedMarks | null {
  const { view: source, labels } = data;
  if (!source) {
    return null;
  }
  map.setMaxZoom(Math.max(map.getMaxZoom(), MAX_ZOOM_OF_VIEWS));
  return new ViewedMarks(map, cluster, circles, { source, labels, newWindow, status });
}

/** Start when the shell has run (all deferred scripts have, by then); a failure leaves the page. */
export function whenReady(then: (started: Started) => void): void {
  document.addEventListener("DOMContentLoaded", () => {
    const frame = document.querySelector<HTMLElement>(".map");
    if (frame) {
      start(frame).then(then, (reason: unknown) => console.warn(reason));
    }
  });
}
