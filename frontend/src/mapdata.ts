/** What /map/data.json answers (mapsvc/web/mapdata.py): drawn as it is, shifted by nobody here. */

export type Datum = "wgs84" | "gcj02" | "bd09";

/** Longitude and latitude in degrees, in the datum that the answer names. */
export type Position = [lon: number, lat: number];

export interface BranchMark {
  id: string;
  name: string;
  bank: string;
  /** One or two characters for the marker. */
  badge: string;
  address: string;
  at: Position;
  /** Metres; null where the place is exact. */
  radius_m: number | null;
  /** How exact the place is, in words. */
  precision: string;
  url: string;
}

export interface DistrictShape {
  code: string;
  name: string;
  count: number;
  /** The class of the colour scale: 0 for none. */
  level: number;
  /** `count` in words; empty where the map is about another district. */
  summary: string;
  /** Where its label may stand, best place first. */
  label_at: Position[];
  url: string;
  /** See outline.ts; absent where `outlines=none` asked for none. */
  outline?: number[][][];
}

export interface TileSource {
  layers: { url: string; subdomains: string; max_zoom: number }[];
  attribution: { text: string; url: string | null }[];
}

export interface Labels {
  details: string;
  see_district: string;
  close: string;
  layers: string;
  /** What follows a cluster's number. */
  cluster: string;
  locate_denied: string;
  locate_failed: string;
  locate_outside: string;
  /** On maps of many branches only. */
  view_failed?: string;
  members?: string;
  here?: string;
  branch_failed?: string;
}

/** South-west and north-east corner. */
export type Box = [Position, Position];

/** Branches that are drawn as one. */
export interface ClusterMark {
  at: Position;
  count: number;
  /** Around its members. */
  box: Box;
  /** The first zoom at which it falls apart. */
  apart: number;
}

/** What is drawn in a part of a map that has too many branches to fetch them all. */
export interface View {
  zoom: number;
  clusters: ClusterMark[];
  branches: BranchMark[];
}

/** Where such a map asks: each with the map's filter, and without what is wanted. */
export interface ViewSource {
  marks: string;
  members: string;
  branch: string;
}

export interface MapData {
  datum: Datum;
  tiles: TileSource | null;
  bounds: Box | null;
  branches: BranchMark[];
  /** Only where the branches are too many to be here. */
  view?: ViewSource;
  districts: DistrictShape[];
  labels: Labels;
  /** The typed place that the list begins at. */
  place?: { at: Position; radius_m: number | null; label: string };
}

/**
 * Fetch JSON; rejects with the reason where that fails. An address such as `#map-data` is that of an
 * element of a page that has its data with it.
 */
async function fetchJson<Answer>(url: string, signal?: AbortSignal): Promise<Answer> {
  if (url.startsWith("#")) {
    return JSON.parse(document.querySelector(url)?.textContent ?? "") as Answer;
  }
  const answer = await fetch(url, {
    headers: { accept: "application/json" },
    ...(signal ? { signal } : {}),
  });
  if (!answer.ok) {
    throw new Error(`map data: HTTP ${answer.status}`);
  }
  return (await answer.json()) as Answer;
}

export const fetchMapData = (url: string) => fetchJson<MapData>(url);

/** The same without the areas' outlines, which are most of it and seldom change. */
export const fetchMapDataWithoutOutlines = (url: string) =>
  fetchJson<MapData>(asking(url, { outlines: "none" }));

function asking(url: string, wanted: Record<string, string>): string {
  return `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams(wanted)}`;
}

export function fetchView(
  source: ViewSource,
  box: Box,
  zoom: number,
  signal: AbortSignal,
): Promise<View> {
  const url = asking(source.marks, { bbox: box.join(), zoom: String(zoom) });
  return fetchJson<View>(url, signal);
}

/** The first branches in a box, and how many more there are, in words. */
export function fetchMembers(
  source: ViewSource,
  box: Box,
): Promise<{ branches: BranchMark[]; more: string }> {
  return fetchJson(asking(source.members, { bbox: box.join() }));
}

export async function fetchBranch(source: ViewSource, id: string): Promise<BranchMark | null> {
  const { branches } = await fetchJson<{ branches: BranchMark[] }>(
    asking(source.branch, { branch: id }),
  );
  return branches[0] ?? null;
}
