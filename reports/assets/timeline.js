// One timeline: its charts, its cursor, its window and the strip below it that moves the window.

class Timeline {
  constructor(element, group) {
    this.element = element;
    this.group = group;
    this.window = [...group.window];
    this.plots = find(".plots", element);
    this.moment = (group.marks.find(mark => mark.s >= group.window[0] && mark.s <= group.window[1]) ?? { s: (group.window[0] + group.window[1]) / 2 }).s;
    this.panels = group.panels.map(panel => this.addPanel(panel));
    if (group.lanes.length) this.lanes = this.addLanes();
    this.cursor = make("div", { className: "cursor" });
    this.chosen = make("div", { className: "chosen", hidden: true });
    this.plots.append(this.cursor, this.chosen);
    this.listen();
    this.addBrush();
  }

  addPanel(panel) {
    const caption = make("figcaption", {}, make("span", { className: "panel-title" }, panel.unit ? `${panel.title}, ${panel.unit} ` : `${panel.title} `, make("span")));
    const plot = make("div", { className: "plot", role: "img" });
    const chips = panel.series.map(series => {
      const value = make("output");
      const chip = make("button", { type: "button", className: "chip", "aria-pressed": String(series.on) }, this.sample(series), make("span", {}, series.n), value);
      chip.addEventListener("click", () => {
        series.on = !series.on;
        chip.setAttribute("aria-pressed", String(series.on));
        this.draw();
      });
      caption.append(chip);
      return value;
    });
    this.plots.append(make("figure", { className: "panel" }, caption, plot));
    return { panel, plot, chips, drawn: false };
  }

  addLanes() {
    const caption = make("figcaption", {}, make("span", { className: "panel-title" }, "States ", make("span")));
    const plot = make("div", { className: "plot", role: "img" });
    this.plots.append(make("figure", { className: "panel" }, caption, plot));
    return { plot, drawn: false };
  }

  sample(series) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
    svg.setAttribute("width", "22"); svg.setAttribute("height", "8"); svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", "M0 4H22"); path.setAttribute("class", `line ${series.c} ${series.d}`);
    svg.append(path);
    return svg;
  }

  measure() { this.width = this.plots.clientWidth; }
  place(moment) { return LEFT + (moment - this.window[0]) / (this.window[1] - this.window[0]) * (this.width - LEFT - RIGHT); }
  momentAt(x) {
    const part = Math.min(Math.max((x - LEFT) / (this.width - LEFT - RIGHT), 0), 1);
    return this.window[0] + part * (this.window[1] - this.window[0]);
  }

  // Drawing

  axis() {
    const ticks = timeTicks(this.window[0], this.window[1], this.width < 500 ? 4 : 9);
    return {
      range: this.window, tickvals: ticks.values, ticktext: ticks.texts, gridcolor: color("grid"), zeroline: false, fixedrange: true,
      tickfont: { size: 12, color: color("muted") }, showline: false, ticks: "outside", ticklen: 4, tickcolor: "rgba(0,0,0,0)",
    };
  }

  shapes() {
    const shapes = [];
    for (const mark of this.group.marks) {
      const tone = color(mark.k), end = Math.min(mark.e, this.window[1]);
      if (mark.s > this.window[1] || mark.e < this.window[0]) continue;
      if (end > mark.s) shapes.push({ type: "rect", xref: "x", yref: "paper", x0: mark.s, x1: end, y0: 0, y1: 1, fillcolor: tone, opacity: 0.08, line: { width: 0 }, layer: "below" });
      shapes.push({ type: "line", xref: "x", yref: "paper", x0: mark.s, x1: mark.s, y0: 0, y1: 1, line: { color: tone, width: 1.5, dash: "dot" } });
    }
    return shapes;
  }

  /** Numbers of the findings above the first chart; those too close to be told apart share one label. */
  labels() {
    const labels = [];
    for (const mark of [...this.group.marks].sort((a, b) => a.s - b.s)) {
      if (mark.s < this.window[0] || mark.s > this.window[1]) continue;
      const last = labels.at(-1);
      if (last && this.place(mark.s) - this.place(last.x) < 24) last.numbers.push(mark.n);
      else labels.push({ x: mark.s, numbers: [mark.n], tone: mark.k });
    }
    return labels.map(label => ({
      x: label.x, xref: "x", y: 1, yref: "paper", yanchor: "bottom", showarrow: false, borderpad: 2,
      text: label.numbers.sort((a, b) => a - b).join(" "), font: { size: 11, color: color("card") }, bgcolor: color(label.tone),
    }));
  }

  range(panel) {
    let low = Infinity, high = -Infinity;
    for (const series of panel.series) {
      if (!series.on) continue;
      const first = Math.max(lower(series.x, this.window[0]) - 1, 0), last = Math.min(lower(series.x, this.window[1]) + 1, series.x.length);
      for (let index = first; index < last; index++) {
        if (series.y[index] < low) low = series.y[index];
        if (series.y[index] > high) high = series.y[index];
      }
    }
    if (low > high) return [0, 1];
    const short = Math.max(panel.height - (high - low), 0);
    low -= short / 2; high += short / 2;
    const room = (high - low) * 0.08 || Math.max(Math.abs(high) * 0.05, 0.5);
    const near = panel.limits.map(limit => limit.v).filter(value => value > low - 4 * room && value < high + 4 * room);
    return [Math.min(low, ...near) - room, Math.max(high, ...near) + room];
  }

  layout(height, top) {
    return {
      width: this.width, height, margin: { l: LEFT, r: RIGHT, t: top, b: 22 }, showlegend: false, hovermode: false, dragmode: false,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", xaxis: this.axis(), shapes: this.shapes(), annotations: [],
      font: { family: FONT, color: color("muted"), size: 12 }, barmode: "overlay", bargap: 0,
    };
  }

  trace(series) {
    const x = [], y = [];
    const first = Math.max(lower(series.x, this.window[0]) - 1, 0), last = Math.min(lower(series.x, this.window[1]) + 1, series.x.length);
    for (let index = first; index < last; index++) {
      if (series.breaks.has(index)) { x.push(series.x[index]); y.push(null); }
      x.push(series.x[index]); y.push(series.y[index]);
    }
    return {
      type: "scatter", mode: last - first < 40 ? "lines+markers" : "lines", x, y, name: series.n, visible: series.on, hoverinfo: "skip",
      connectgaps: false, line: { color: color(series.c), width: 1.6, dash: series.d }, marker: { size: 4, color: color(series.c) },
    };
  }

  drawPanel(item, index) {
    const { panel, plot } = item, layout = this.layout(index ? HEIGHT : HEIGHT + 18, index ? 6 : 22);
    const range = this.range(panel);
    layout.yaxis = { range, gridcolor: color("grid"), zeroline: range[0] < 0 && range[1] > 0, zerolinecolor: color("muted"), fixedrange: true, nticks: 5, tickformat: `.${Math.max(0, -Math.floor(Math.log10((range[1] - range[0]) / 4)))}f`, tickfont: { size: 12, color: color("muted") } };
    const limits = panel.limits.filter(limit => limit.v >= range[0] && limit.v <= range[1]).sort((a, b) => b.v - a.v);
    for (const [order, limit] of limits.entries()) {
      layout.shapes.push({ type: "line", xref: "paper", yref: "y", x0: 0, x1: 1, y0: limit.v, y1: limit.v, line: { color: color("warning"), width: 1, dash: "dash" } });
      layout.annotations.push({ xref: "paper", yref: "y", x: 1, xanchor: "right", y: limit.v, yanchor: order ? "top" : "bottom", text: limit.t, showarrow: false, borderpad: 1, font: { size: 11, color: color("warning") } });
    }
    if (!index) layout.annotations.push(...this.labels());
    this.put(item, panel.series.map(series => this.trace(series)), layout);
    plot.setAttribute("aria-label", this.describe(panel));
  }

  drawLanes() {
    const lanes = this.group.lanes, layout = this.layout(lanes.length * LANE + 30, 4);
    const trace = {
      type: "bar", orientation: "h", base: [], x: [], y: [], text: [], width: 0.5, textposition: "inside", insidetextanchor: "start", constraintext: "none",
      hoverinfo: "skip", textangle: 0, marker: { color: [], line: { width: 1, color: [] } }, insidetextfont: { size: 12, color: [] }, cliponaxis: true,
    };
    const words = [];
    lanes.forEach((lane, index) => {
      layout.annotations.push({ xref: "paper", x: 0, xanchor: "left", yref: "y", y: -index + 0.27, yanchor: "bottom", text: lane.n, showarrow: false, borderpad: 0, font: { size: 12, color: color("text") } });
      const seen = [];
      for (const [start, end, text, tone] of lane.b) {
        if (end < this.window[0] || start > this.window[1]) continue;
        const from = Math.max(start, this.window[0]), to = Math.min(end, this.window[1]);
        const fits = this.place(to) - this.place(from) > 7 * text.length + 6;
        trace.base.push(from); trace.x.push(to - from); trace.y.push(-index); trace.text.push(fits ? text : "");
        trace.marker.color.push(color(`bar-${tone}`)); trace.marker.line.color.push(color(`bar-${tone}`));
        trace.insidetextfont.color.push(color(tone === "alarm" ? "bar-alarm-text" : "bar-text"));
        if (!fits) seen.push([this.place(from), this.place(to), from, to, text]);
        if (words.length < 20) words.push(`${lane.n}: ${text} from ${clock(start, 1)} to ${clock(end, 1)}`);
      }
      // What does not fit in its bar is written beside it where there is room.
      let free = -Infinity;
      seen.forEach(([left, right, from, to, text], order) => {
        const next = seen[order + 1]?.[0] ?? Infinity, needed = 7 * text.length + 8;
        const after = right + needed < Math.min(this.width - RIGHT, next);
        if (after || left - needed > Math.max(free, LEFT)) {
          layout.annotations.push({ x: after ? to : from, y: -index, xanchor: after ? "left" : "right", text, showarrow: false, borderpad: 3, font: { size: 12, color: color("text") } });
          free = after ? right + needed : right;
        }
      });
    });
    layout.yaxis = { range: [-lanes.length + 0.6, 0.95], visible: false, fixedrange: true };
    this.put(this.lanes, [trace], layout);
    this.lanes.plot.setAttribute("aria-label", words.length ? `States. ${words.join(". ")}.` : "No states in this part of the ride.");
  }

  put(item, traces, layout) {
    // Text in the charts comes from logs too: Plotly would read tags and entities in it.
    for (const annotation of layout.annotations) annotation.text = escaped(annotation.text);
    for (const trace of traces) {
      if (trace.text) trace.text = trace.text.map(escaped);
      trace.name = escaped(trace.name ?? "");
    }
    const config = { staticPlot: true, displayModeBar: false, responsive: false };
    window.Plotly[item.drawn ? "react" : "newPlot"](item.plot, traces, layout, config);
    item.drawn = true;
  }

  describe(panel) {
    const parts = panel.series.filter(series => series.on).map(series => {
      let low = Infinity, high = -Infinity, when = 0;
      for (let index = lower(series.x, this.window[0]); index < series.x.length && series.x[index] <= this.window[1]; index++) {
        if (series.y[index] < low) { low = series.y[index]; when = series.x[index]; }
        high = Math.max(high, series.y[index]);
      }
      return low > high ? "" : `${series.n}: lowest ${figure(low, panel.decimals)} ${panel.unit} at ${clock(when, 1)}, highest ${figure(high, panel.decimals)} ${panel.unit}`;
    }).filter(Boolean);
    return `${panel.title} from ${clock(this.window[0])} to ${clock(this.window[1])}. ${parts.join(". ")}.`;
  }

  draw() {
    this.measure();
    this.panels.forEach((item, index) => this.drawPanel(item, index));
    if (this.lanes) this.drawLanes();
    this.afterMove();
  }

  /** Draw chart by chart, so that the page answers in between. */
  async drawFirst() {
    find(".waiting", this.plots)?.remove();
    this.measure();
    for (const [index, item] of this.panels.entries()) {
      this.drawPanel(item, index);
      await new Promise(done => setTimeout(done));
    }
    if (this.lanes) this.drawLanes();
    this.afterMove();
  }

  afterMove() {
    const [low, high] = this.window, [first, last] = this.group.span, whole = last - first || 1;
    find(".shown", this.element).textContent = `${clock(low, decimalsFor(high - low))} – ${clock(high, decimalsFor(high - low))}`;
    this.brush.style.left = `${(low - first) / whole * 100}%`;
    this.brush.style.width = `${(high - low) / whole * 100}%`;
    for (const [handle, value] of [[this.from, low], [this.to, high]]) {
      handle.setAttribute("aria-valuenow", value.toFixed(1));
      handle.setAttribute("aria-valuetext", clock(value, 1));
    }
    this.point(Math.min(Math.max(this.moment, low), high));
  }

  /** Put the cursor at a moment and show the values there beside the names. */
  point(moment) {
    this.moment = moment;
    this.cursor.style.left = `${this.place(moment)}px`;
    const when = `at ${clock(moment, Math.max(decimalsFor(this.window[1] - this.window[0]), 1))}`;
    for (const title of all(".panel-title span", this.plots)) title.textContent = when;
    for (const { panel, chips } of this.panels) {
      panel.series.forEach((series, index) => {
        const value = valueAt(series, moment);
        chips[index].textContent = value === null ? "–" : `${figure(value, panel.decimals)}${panel.unit ? `\u202f${panel.unit}` : ""}`;
      });
    }
  }

  show(low, high) {
    const [first, last] = this.group.span, least = 0.05;
    let size = Math.min(Math.max(high - low, least), last - first || least);
    low = Math.min(Math.max(low, first), last - size);
    this.window = [low, low + size];
    if (!this.waiting) this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  zoom(factor) {
    const [low, high] = this.window, center = this.moment >= low && this.moment <= high ? this.moment : (low + high) / 2;
    this.show(center - (center - low) * factor, center + (high - center) * factor);
  }

  // Hands

  listen() {
    let start = null;
    const x = event => event.clientX - this.plots.getBoundingClientRect().left;
    this.plots.addEventListener("pointermove", event => {
      if (!event.target.closest?.(".plot") && start === null) return;
      if (event.pointerType === "touch" && !event.isPrimary) return;
      this.point(this.momentAt(x(event)));
      if (start !== null && event.pointerType !== "touch") {
        const [left, right] = [start, x(event)].sort((a, b) => a - b);
        this.chosen.hidden = right - left < 5;
        this.chosen.style.left = `${left}px`;
        this.chosen.style.width = `${right - left}px`;
      }
    });
    this.plots.addEventListener("pointerdown", event => {
      if (!event.target.closest?.(".plot") || event.button) return;
      start = x(event);
      this.point(this.momentAt(start));
      if (event.pointerType !== "touch") this.plots.setPointerCapture(event.pointerId);
    });
    const release = event => {
      if (start !== null && !this.chosen.hidden && event.type === "pointerup") {
        const [low, high] = [this.momentAt(start), this.momentAt(x(event))].sort((a, b) => a - b);
        this.show(low, high);
      }
      this.chosen.hidden = true;
      start = null;
    };
    this.plots.addEventListener("pointerup", release);
    this.plots.addEventListener("pointercancel", release);
    this.plots.addEventListener("dblclick", event => { if (event.target.closest?.(".plot")) this.show(...this.group.span); });
    for (const button of all("[data-show]", this.element)) {
      button.addEventListener("click", () => {
        const what = button.dataset.show;
        if (what === "window") this.show(...this.group.window);
        else if (what === "all") this.show(...this.group.span);
        else this.zoom(what === "in" ? 0.5 : 2);
      });
    }
  }

  addBrush() {
    this.brush = find(".brush", this.element);
    const overview = find(".overview", this.element), [first, last] = this.group.span;
    const handle = (name, label) => make("div", { className: `grip ${name}`, role: "slider", tabIndex: 0, "aria-label": label, "aria-valuemin": first.toFixed(1), "aria-valuemax": last.toFixed(1) });
    this.from = handle("from", "Start of the part shown");
    this.to = handle("to", "End of the part shown");
    this.brush.append(this.from, this.to);
    let drag = null;
    overview.addEventListener("pointerdown", event => {
      const seconds = (last - first) / overview.clientWidth, at = first + (event.clientX - overview.getBoundingClientRect().left) * seconds;
      const grip = event.target.closest?.(".grip"), inside = event.target.closest?.(".brush");
      if (!inside) {
        const size = this.window[1] - this.window[0];
        this.show(at - size / 2, at + size / 2);
      }
      drag = { x: event.clientX, seconds, window: [...this.window], which: grip === this.from ? "from" : grip === this.to ? "to" : "both" };
      overview.setPointerCapture(event.pointerId);
    });
    overview.addEventListener("pointermove", event => {
      if (!drag) return;
      const moved = (event.clientX - drag.x) * drag.seconds, [low, high] = drag.window;
      if (drag.which === "from") this.show(Math.min(low + moved, high - 0.05), high);
      else if (drag.which === "to") this.show(low, Math.max(high + moved, low + 0.05));
      else this.show(low + moved, high + moved);
    });
    for (const name of ["pointerup", "pointercancel"]) overview.addEventListener(name, () => { drag = null; });
    this.brush.addEventListener("keydown", event => {
      const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!direction) return;
      event.preventDefault();
      const [low, high] = this.window, step = direction * (high - low) * 0.1;
      if (event.target === this.from) this.show(Math.min(low + step, high - 0.05), high);
      else this.show(low, Math.max(high + step, low + 0.05));
    });
  }
}
