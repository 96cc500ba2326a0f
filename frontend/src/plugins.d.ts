/** Plug-ins without types of their own; each only extends `L`. */

declare module "leaflet.fullscreen";
declare module "leaflet-gesture-handling";
