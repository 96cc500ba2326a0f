/** "Where am I": refused or impossible is said in the page's language, without an alert. */

import { LocateControl } from "leaflet.locatecontrol";
import { fromWgs84 } from "./datum";
import type { Datum, Labels } from "./mapdata";
import { L } from "./plugins";

interface Located {
  latlng: L.LatLng;
  bounds: L.LatLngBounds;
  accuracy: number;
}

let datum: Datum = "wgs84";
let labels: Labels | null = null;
let tell: (text: string) => void = () => undefined;

const Inherited = LocateControl.prototype as unknown as {
  _onLocationFound(event: Located): void;
};

/** The plug-in's control; a position is shifted into the datum of the tiles before it is drawn. */
const ShiftedLocateControl = LocateControl.extend({
  _onLocationFound(event: Located) {
    const [lon, lat] = fromWgs84([event.latlng.lng, event.latlng.lat], datum);
    const latlng = L.latLng(lat, lon);
    tell("");
    Inherited._onLocationFound.call(this, {
      ...event,
      latlng,
      bounds: latlng.toBounds(2 * event.accuracy),
    });
  },
});

LocateControl.mergeOptions({
  showPopup: false,
  showCompass: false,
  onLocationError(error: GeolocationPositionError) {
    tell((error.code === 1 ? labels?.locate_denied : labels?.locate_failed) ?? "");
  },
  onLocationOutsideMapBounds(control: { stop(): void }) {
    control.stop();
    tell(labels?.locate_outside ?? "");
  },
});

/** The factory that the shell calls. */
Object.assign(L.control, {
  locate: (options: object) =>
    new (ShiftedLocateControl as unknown as new (options: object) => L.Control)(options),
});

export function connectLocate(
  datumOfTiles: Datum,
  texts: Labels,
  status: (text: string) => void,
): void {
  datum = datumOfTiles;
  labels = texts;
  tell = status;
}
