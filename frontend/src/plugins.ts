/** The Leaflet plug-ins that every map of ours has. */

import { L, reducedMotion } from "./leaflet-setup";
import "leaflet.markercluster";
import "leaflet.fullscreen";
import "leaflet-gesture-handling";

if (reducedMotion) {
  L.MarkerClusterGroup.mergeOptions({ animate: false });
}

export { L };
