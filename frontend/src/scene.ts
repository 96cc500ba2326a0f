/** What is drawn of an answer: areas with their labels, and branches; the next one in its place. */

import type { MarkerClusterGroup } from "leaflet";
import { drawBranches } from "./branches";
import { drawDistricts } from "./districts";
import { LabelKeeper } from "./labels";
import type { DistrictShape, MapData } from "./mapdata";
import { ListedMarks, type Marks } from "./marks";
import type { Steps } from "./steps";
import { ViewedMarks } from "./view";

/** Also without tiles: many branches stand close together. */
const MAX_ZOOM_OF_VIEWS = 18;

/** The shell's layers. */
export interface Layers {
  districts: L.FeatureGroup;
  circles: L.FeatureGroup;
  cluster: MarkerClusterGroup;
}

export class Scene {
  private readonly labels: LabelKeeper;
  /** When the first marks of the present answer are there. */
  settled: Promise<void> = Promise.resolve();
  private viewed: ViewedMarks | null = null;
  private readonly outlines = new Map<string, number[][][]>();

  constructor(
    private readonly map: L.Map,
    private readonly layers: Layers,
    private readonly newWindow: boolean,
    private readonly status: (text: string) => void,
  ) {
    this.labels = new LabelKeeper(map);
  }

  /** The marks that come by view, where they are too many to be there at once. */
  get byView(): ViewedMarks | null {
    return this.viewed;
  }

  /** Whether the outlines of an answer that has none are here from another one. */
  knows(data: MapData): boolean {
    return data.districts.every((each) => each.outline ?? this.outlines.has(each.code));
  }

  /** Draw an answer instead of the one before; its outlines are in it or known. */
  *draw(data: MapData): Steps<Marks> {
    const { districts, circles, cluster } = this.layers;
    districts.clearLayers();
    circles.clearLayers();
    cluster.clearLayers();
    this.viewed?.dispose();
    this.viewed = this.byViewOf(data);
    this.settled = this.viewed?.load() ?? Promise.resolve(); // on its way while areas are drawn
    const shapes = data.districts.map((each) => this.whole(each));
    const labels = yield* drawDistricts(districts, this.map, shapes, data.labels, this.newWindow);
    const marks =
      this.viewed ??
      new ListedMarks(
        cluster,
        yield* drawBranches(cluster, circles, data.branches, data.labels, this.newWindow),
      );
    this.labels.keep(marks.layer, labels);
    return marks;
  }

  private whole(shape: DistrictShape): DistrictShape {
    const outline = shape.outline ?? this.outlines.get(shape.code) ?? [];
    this.outlines.set(shape.code, outline);
    return { ...shape, outline };
  }

  private byViewOf({ view: source, labels }: MapData): ViewedMarks | null {
    if (!source) {
      return null;
    }
    const { map, newWindow, status } = this;
    map.setMaxZoom(Math.max(map.getMaxZoom(), MAX_ZOOM_OF_VIEWS));
    const { cluster, circles } = this.layers;
    return new ViewedMarks(map, cluster, circles, { source, labels, newWindow, status });
  }
}
