/** From the shell's empty layers and the fetched data to a map that replaces the drawn one. */

import { clusterIcon } from "./branches";
import { connectKeyboard } from "./keyboard";
import {
  type Box,
  type Labels,
  type MapData,
  fetchMapData,
  fetchMapDataWithoutOutlines,
} from "./mapdata";
import { drawPlace } from "./place";
import { Scene } from "./scene";
import { Selection } from "./selection";
import { atOnce, giveWay, inSteps } from "./steps";
import { drawTiles } from "./tiles";
import type { ViewedMarks } from "./view";

/** Pixels; that of the drawn map in styles/map.css. */
const PADDING = 14;
/** Beside marks that are loaded by view: the width of the buttons, so that none lies under them. */
const PADDING_BY_VIEW = 64;

window.mapsvc = { clusterIcon };

export interface Started {
  frame: HTMLElement;
  map: L.Map;
  data: MapData;
  selection: Selection;
  status(text: string): void;
  /** Go where all of an answer's branches are. */
  fit(data: MapData): void;
  /**
   * Draw another answer in the place of this one.
   *
   * @param source its address
   * @param to where the map goes; null to stay where it is
   */
  show(source: string, to: Box | "bounds" | null): Promise<MapData>;
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

function latLngs([[west, south], [east, north]]: Box): L.LatLngBounds {
  return L.latLngBounds([south, west], [north, east]);
}

function boundsOf({ bounds }: MapData): L.LatLngBounds | null {
  return bounds && latLngs(bounds);
}

/** Let the map be moved there without going there. */
function allow(map: L.Map, bounds: L.LatLngBounds): void {
  const limits = map.options.maxBounds as L.LatLngBounds | undefined;
  if (limits) {
    map.setMaxBounds(latLngs([[limits.getWest(), limits.getSouth()], [limits.getEast(), limits.getNorth()]]).extend(bounds.pad(0.5)));
  }
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
  const line = frame.querySelector(".map__status");
  const status = (text: string) => {
    if (line) {
      line.textContent = text;
    }
  };
  const newWindow = frame.dataset["newWindow"] !== undefined;
  const scene = new Scene(map, { districts, circles, cluster }, newWindow, status);
  const data = await fetchMapData(frame.dataset["source"] ?? "");
  drawTiles(map, data.tiles);
  await giveWay();
  const bounds = boundsOf(data);
  if (bounds) {
    fit(map, data, bounds);
  }
  await giveWay();
  const marks = await inSteps(scene.draw(data));
  await giveWay();
  drawPlace(map, data.place);
  connectKeyboard(map);
  freeGesturesInFullscreen(map);
  nameButtons(map, data.labels);
  const selection = new Selection(map, marks, data.tiles !== null);
  await giveWay();
  await scene.settled;
  if (scene.byView) {
    await uncover(map, data, scene.byView);
  }
  frame.classList.add("is-live");
  const show = async (source: string, to: Box | "bounds" | null): Promise<MapData> => {
    let next = await fetchMapDataWithoutOutlines(source);
    if (!scene.knows(next)) {
      next = await fetchMapData(source);
    }
    const box = to === "bounds" ? next.bounds : to;
    if (box) {
      fit(map, next, latLngs(box));
    } else if (next.bounds) {
      allow(map, latLngs(next.bounds));
    }
    selection.use(atOnce(scene.draw(next)));
    drawPlace(map, next.place);
    return next;
  };
  const fitAll = (shown: MapData) => {
    if (shown.bounds) {
      fit(map, shown, latLngs(shown.bounds));
    }
  };
  return { frame, map, data, selection, status, show, fit: fitAll };
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
