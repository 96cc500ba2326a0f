/** The pages' map: everything, with the list and the visitor's position. */

import { connectFilter } from "./filter";
import { connectList } from "./list";
import { connectLocate } from "./locate";
import { whenReady } from "./start";

connectFilter();
whenReady(({ frame, data, selection, status }) => {
  connectLocate(data.datum, data.labels, status);
  connectList(frame, selection, () => status(data.labels.branch_failed ?? ""));
});
