/** The pages' map and list: everything, with the visitor's position. */

import { connectActions } from "./actions";
import { Combobox } from "./combobox";
import { orderDirections } from "./directions";
import { connectFilter } from "./filter";
import { connectList } from "./list";
import { connectLocate, drawVisitor } from "./locate";
import type { Box, MapData } from "./mapdata";
import { Navigation, type Visit } from "./navigation";
import { connectNear } from "./near";
import { connectOpen, tellOpen } from "./open";
import { type Started, whenReady } from "./start";

/** The map, once it lives; where it cannot, the drawn one stays and the list works without it. */
const started = new Promise<Started>(whenReady);

void started.then(({ frame, map, data, selection, status }) => {
  connectLocate(map, data, status);
  connectList(frame, selection, () => status(data.labels.branch_failed ?? ""));
});

/** The place or area that the shown list begins at. */
let place = placeIn(document);

function placeIn(page: Document): string | undefined {
  return page.querySelector<HTMLElement>("[data-near-place]")?.dataset["nearPlace"];
}

/** Where the map goes with a list: to what was asked for by place, else nowhere. */
function destination({ url, before, page, fix }: Visit): Box | "bounds" | null {
  const near = page.querySelector<HTMLElement>("[data-near-box]")?.dataset["nearBox"];
  const changed = (name: string) => url.searchParams.get(name) !== before.searchParams.get(name);
  const from = place;
  place = placeIn(page);
  if (near && (fix || place !== from)) {
    const [west = 0, south = 0, east = 0, north = 0] = near.split(",").map(Number);
    return [
      [west, south],
      [east, north],
    ];
  }
  return changed("district") || changed("near") || place !== from ? "bounds" : null;
}

/** Whether the map, which has kept its view, shows all that the list has. */
function allInView(map: L.Map, { view, bounds, branches }: MapData): boolean {
  const shown = map.getBounds();
  if (view && bounds) {
    const [[west, south], [east, north]] = bounds;
    return shown.contains([(south + north) / 2, (west + east) / 2]);
  }
  return branches.every(({ at: [lon, lat] }) => shown.contains([lat, lon]));
}

let latest: Visit | null = null;

/** Draw what the list shows, unless another list has come since. */
async function follow(visit: Visit): Promise<void> {
  latest = visit;
  const { map, show, frame, fit, status } = await started;
  const there = visit.page.querySelector<HTMLElement>(".map");
  if (latest !== visit || !there) {
    return;
  }
  frame.classList.toggle("map--by-view", there.classList.contains("map--by-view"));
  const to = destination(visit);
  status("");
  const data = await show(there.dataset["source"] ?? "", to);
  if (visit.fix) {
    drawVisitor(map, data.datum, visit.fix);
  }
  const button = frame.querySelector<HTMLButtonElement>("[data-fit]");
  if (button) {
    button.hidden = to !== null || allInView(map, data);
    button.onclick = () => {
      button.hidden = true;
      map.getContainer().focus({ preventScroll: true });
      fit(data);
    };
  }
}

const main = document.querySelector<HTMLElement>("[data-locator]");
const form = document.querySelector<HTMLFormElement>("form[data-filter]");
if (main && form) {
  const navigation = new Navigation(main, form, (visit) => {
    tellOpen();
    follow(visit).catch(async () => (await started).status(main.dataset["mapOffline"] ?? ""));
  });
  connectFilter(form, navigation);
  connectNear(navigation);
  const input = form.querySelector<HTMLInputElement>("#q");
  if (input) {
    new Combobox(input, (url) => {
      if (navigation.covers(url)) {
        input.value = "";
        void navigation.go(url, { toList: true });
      } else {
        location.assign(url);
      }
    });
  }
}
connectActions();
connectOpen();
orderDirections();
