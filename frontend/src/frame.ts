/** The map in a foreign page's frame. */

import { addressWith, greetHost, tellHost, whenSelected } from "./embed-host";
import { connectList } from "./list";
import { connectLocate } from "./locate";
import type { Labels } from "./mapdata";
import { connectOpen } from "./open";
import { type Started, whenReady } from "./start";

interface Policy {
  allowsFeature(name: string): boolean;
}

const frame = document.getElementById("frame")?.dataset ?? {};

/** The frame's page for what a link of the map leads to; null where it leads elsewhere. */
function within(path: string): { url: string; branch: string | null } | null {
  const [, kind, key] = /\/(branches|districts)\/([^/]+)$/.exec(path) ?? [];
  if (!kind || !key) {
    return null;
  }
  const id = decodeURIComponent(key);
  return kind === "branches"
    ? { url: addressWith({ branch: id }), branch: id }
    : { url: addressWith({ district: id, branch: null }), branch: null };
}

/** What a popup leads to opens in the frame; of a branch the host hears. */
function keepPopupsWithin(map: L.Map): void {
  map.on("popupopen", ({ popup }) => {
    const links = popup.getElement()?.querySelectorAll<HTMLAnchorElement>("a.popup__link") ?? [];
    for (const link of links) {
      const found = within(link.pathname);
      if (found) {
        link.href = found.url;
        link.removeAttribute("target");
        if (found.branch && links.length === 1) {
          tellHost("select", { id: found.branch });
        }
      }
    }
  });
}

/** Begin where the host said. */
function lookAt(map: L.Map): void {
  const [lon, lat] = (frame["center"] ?? "").split(",").map(Number);
  const zoom = frame["zoom"] === undefined ? map.getZoom() : Number(frame["zoom"]);
  if (lat !== undefined && lon !== undefined) {
    map.setMaxBounds(null as unknown as L.LatLngBounds); // may lie anywhere
    map.setView([lat, lon], zoom, { animate: false });
  } else if (frame["zoom"] !== undefined) {
    map.setZoom(zoom, { animate: false });
  }
}

/** Whether the page around lets the frame ask for a position; where that cannot be told, yes. */
function mayLocate(): boolean {
  const { featurePolicy } = document as Document & { featurePolicy?: Policy };
  return featurePolicy?.allowsFeature("geolocation") ?? true;
}

function locating({ map, data, status }: Started): void {
  const blocked = frame["locateBlocked"];
  if (blocked !== undefined) {
    const denied = mayLocate() ? (frame["locateDenied"] ?? "") : blocked;
    const labels: Labels = { ...data.labels, locate_denied: denied };
    connectLocate(map, { datum: data.datum, labels }, status);
  }
}

/** The map, once it lives; where it cannot, the drawn one stays and nothing here happens. */
const started = new Promise<Started>(whenReady);

whenSelected(async (id) => {
  const { data, selection, status } = await started;
  if (selection.has(id)) {
    selection.show(id).catch(() => status(data.labels.branch_failed ?? ""));
  } else {
    window.location.assign(addressWith({ branch: id }));
  }
});
if (!document.fullscreenEnabled) {
  document.body.classList.add("no-fullscreen"); // the button would do nothing
}
connectOpen();
greetHost();

void started.then((made) => {
  const { frame: box, map, data, selection, status } = made;
  keepPopupsWithin(map);
  lookAt(map);
  connectList(box, selection, () => status(data.labels.branch_failed ?? ""));
  locating(made);
});
