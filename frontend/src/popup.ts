/** What a popup shows: built from text nodes, never from HTML. */

import { element, isolated, link } from "./dom";
import type { BranchMark, DistrictShape, Labels } from "./mapdata";

export function branchPopup(branch: BranchMark, labels: Labels, newWindow: boolean): HTMLElement {
  const heading = element("strong", "popup__name", isolated(branch.name, "zh-Hans"));
  const parts = [heading];
  if (branch.bank) {
    parts.push(element("span", "popup__bank", branch.bank));
  }
  parts.push(element("span", "popup__address", isolated(branch.address, "zh-Hans")));
  if (branch.radius_m !== null) {
    parts.push(element("span", "popup__precision", branch.precision));
  }
  parts.push(link(branch.url, newWindow, "popup__link", labels.details));
  return element("div", "popup", ...parts);
}

/** Branches at one place, by name; `more` says in words what is left out. */
export function membersPopup(
  heading: string,
  branches: BranchMark[],
  more: string,
  newWindow: boolean,
): HTMLElement {
  const list = element("ul", "popup__list");
  for (const branch of branches) {
    const name = isolated(branch.name, "zh-Hans");
    list.append(element("li", "", link(branch.url, newWindow, "popup__link", name)));
  }
  const parts: HTMLElement[] = [element("strong", "popup__name", heading), list];
  if (more) {
    parts.push(element("span", "popup__address", more));
  }
  return element("div", "popup", ...parts);
}

export function districtPopup(
  district: DistrictShape,
  labels: Labels,
  newWindow: boolean,
): HTMLElement {
  const parts: HTMLElement[] = [element("strong", "popup__name", isolated(district.name))];
  if (district.summary) {
    parts.push(element("span", "popup__address", district.summary));
  }
  parts.push(link(district.url, newWindow, "popup__link", labels.see_district));
  return element("div", "popup", ...parts);
}
