/** What the folium shell and the bundle have in common. */

import type * as Leaflet from "leaflet";

declare global {
  interface Window {
    L: typeof Leaflet;
    mapsvc?: { clusterIcon(cluster: Leaflet.MarkerCluster): Leaflet.DivIcon };
    /** Made by the shell (mapsvc/maps.py); undefined where its script did not run. */
    map_shell?: Leaflet.Map;
    feature_group_districts?: Leaflet.FeatureGroup;
    feature_group_circles?: Leaflet.FeatureGroup;
    marker_cluster_branches?: Leaflet.MarkerClusterGroup;
  }
}
