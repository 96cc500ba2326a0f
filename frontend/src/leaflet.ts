/**
 * Leaflet, as the global `L` that its plug-ins, the map's shell and all our other modules use.
 *
 * A script of its own, as the plug-ins are: pages and frames share both, both come after what works
 * without a map, and no phone has to take all of it at once.
 */

import * as Leaflet from "leaflet";

// A copy, because an ES module's namespace object cannot be extended by a plug-in.
window.L = { ...Leaflet } as typeof Leaflet;
