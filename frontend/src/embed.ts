/** The map in a foreign page's frame: list and map, without the visitor's position. */

import { connectList } from "./list";
import { whenReady } from "./start";

whenReady(({ frame, data, selection, status }) => {
  connectList(frame, selection, () => status(data.labels.branch_failed ?? ""));
});
