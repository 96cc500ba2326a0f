/**
 * The visitor's own position (WGS-84) in the datum of the tiles.
 *
 * Everything else arrives shifted from the server, which knows the mainland's outline; a
 * visitor's position is not sent there. So the shift is made here, and only on a map that is in
 * GCJ-02 or BD-09 already. Formulas: the public reconstruction of GCJ-02 (Krasovsky 1940) and
 * Baidu's published offset; to 1 cm the same as mapsvc/geo/datum.py.
 */

import type { Datum, Position } from "./mapdata";

const AXIS_M = 6378245.0;
const ECCENTRICITY_SQUARED = 0.00669342162296594323;
const BD = (Math.PI * 3000) / 180;

function waves(value: number, [a, b, c]: [number, number, number], amplitude: number[]): number {
  const part = (divisor: number, index: number) =>
    (amplitude[index] ?? 0) * Math.sin((value * Math.PI) / divisor);
  return ((part(a, 0) + part(b, 1) + part(c, 2)) * 2) / 3;
}

function toGcj02([lon, lat]: Position): Position {
  const x = lon - 105;
  const y = lat - 35;
  const root = Math.sqrt(Math.abs(x));
  const common = ((20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2) / 3;
  const north =
    -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common +
    waves(y, [1, 3, 12], [20, 40, 160]) + (320 * Math.sin((y * Math.PI) / 30) * 2) / 3;
  const east =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common +
    waves(x, [1, 3, 12], [20, 40, 150]) + (300 * Math.sin((x * Math.PI) / 30) * 2) / 3;
  const phi = (lat * Math.PI) / 180;
  const magic = 1 - ECCENTRICITY_SQUARED * Math.sin(phi) ** 2;
  const meridian = ((AXIS_M * (1 - ECCENTRICITY_SQUARED)) / (magic * Math.sqrt(magic))) * Math.PI;
  const parallel = (AXIS_M / Math.sqrt(magic)) * Math.cos(phi) * Math.PI;
  return [lon + (east * 180) / parallel, lat + (north * 180) / meridian];
}

function toBd09([lon, lat]: Position): Position {
  const radius = Math.hypot(lon, lat) + 0.00002 * Math.sin(lat * BD);
  const angle = Math.atan2(lat, lon) + 0.000003 * Math.cos(lon * BD);
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006];
}

/** A WGS-84 position in `datum`, for places on the mainland. */
export function fromWgs84(position: Position, datum: Datum): Position {
  if (datum === "wgs84") {
    return position;
  }
  const shifted = toGcj02(position);
  return datum === "bd09" ? toBd09(shifted) : shifted;
}
