/** The map and the list of one file that has everything inside (mapsvc/web/standalone.py). */

import "./leaflet"; // first: the other modules need `L`
import "./plugins";
import { connectActions } from "./actions";
import { orderDirections } from "./directions";
import { connectList } from "./list";
import { connectOpen } from "./open";
import { type Started, whenReady } from "./start";

whenReady(({ frame, selection }: Started) => connectList(frame, selection));

/** Open the card that the address leads to, which a map's popup links to. */
function openCard(): void {
  const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const more = card?.querySelector("details");
  if (more) {
    more.open = true;
  }
}

window.addEventListener("hashchange", openCard);
openCard();
connectActions();
connectOpen();
orderDirections();
