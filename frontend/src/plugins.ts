/** The plug-ins that every map of ours has; they look for the global `L` while they load. */

import { reducedMotion } from "./motion";
import "leaflet.markercluster";
import "leaflet.fullscreen";
import "leaflet-gesture-handling";
import "./locate-control";

if (reducedMotion) {
  L.Map.mergeOptions({
    zoomAnimation: false,
    fadeAnimation: false,
    markerZoomAnimation: false,
    inertia: false,
  });
  L.MarkerClusterGroup.mergeOptions({ animate: false });
}
