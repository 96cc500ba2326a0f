/** Leaflet and its plug-ins, as the global `L` that the map shell (a later script) expects. */

import * as Leaflet from "leaflet";

// The plug-ins below look for a global `L` while they load, so this module must come first;
// a copy, because an ES module's namespace object cannot be extended by a plug-in.
const L = { ...Leaflet } as typeof Leaflet;
window.L = L;

export const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
if (reducedMotion) {
  L.Map.mergeOptions({
    zoomAnimation: false,
    fadeAnimation: false,
    markerZoomAnimation: false,
    inertia: false,
  });
}

export { L };
