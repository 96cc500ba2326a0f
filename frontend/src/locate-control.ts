/** The factory that the shell calls for a button; what the button does comes from locate.ts. */

type Options = L.ControlOptions & { strings: { title: string } };

class LocateControl extends L.Control {
  constructor(private readonly texts: Options) {
    super(texts);
  }

  override onAdd(): HTMLElement {
    const frame = L.DomUtil.create("div", "leaflet-control-locate leaflet-bar leaflet-control");
    const button = L.DomUtil.create("a", "", frame);
    button.href = "#";
    button.role = "button";
    button.title = this.texts.strings.title;
    button.setAttribute("aria-label", this.texts.strings.title);
    L.DomEvent.disableClickPropagation(frame);
    return frame;
  }
}

Object.assign(L.control, { locate: (options: Options) => new LocateControl(options) });
