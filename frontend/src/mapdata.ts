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
  /** See outline.ts. */
  outline: number[][][];
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
}

export interface MapData {
  datum: Datum;
  tiles: TileSource | null;
  /** South-west and north-east corner. */
  bounds: [Position, Position] | null;
  branches: BranchMark[];
  districts: DistrictShape[];
  labels: Labels;
}

/** Fetch the data; rejects with the reason where that fails. */
export async function fetchMapData(url: string): Promise<MapData> {
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  if (!answer.ok) {
    throw new Error(`map data: HTTP ${answer.status}`);
  }
  return (await answer.json()) as MapData;
}
