// The audit page: tables that sort, filter and build only the rows in sight, and a look at one vehicle.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const step = 100;
const find = id => document.getElementById(id);
const make = (name, text, kind) => {
  const element = document.createElement(name);
  if (text !== undefined && text !== null) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
const digits = (value, count) => value === null || value === undefined ? "" : Number(value.toPrecision(count)).toString();
const percent = value => value === null || value === undefined ? "" : `${Math.round(100 * value)} %`;
const milliohm = value => value === null || value === undefined ? "" : digits(1000 * value, 3);
const day = value => value ? value.slice(0, 10) : "";
const words = cause => cause ? cause.replaceAll("-", " ") : "";

class Table {
  constructor(id, rows, columns, text, sorted) {
    this.body = find(id).tBodies[0];
    this.more = find(`${id}-more`);
    this.columns = columns; this.rows = rows; this.text = text; this.shown = step;
    this.order = sorted; this.keep = () => true;
    const head = find(id).tHead.insertRow();
    columns.forEach((column, place) => {
      const cell = make("th"); cell.scope = "col";
      const button = make("button", column.title); button.type = "button";
      button.addEventListener("click", () => {
        this.order = { place, up: this.order.place === place ? !this.order.up : !column.down };
        this.draw();
      });
      cell.append(button); head.append(cell);
    });
    this.head = head;
    this.more.addEventListener("click", () => { this.shown += 5 * step; this.fill(); });
    this.draw();
  }
  draw() {
    const key = this.columns[this.order.place].key, sign = this.order.up ? 1 : -1;
    const empty = value => value === null || value === undefined || value === "";
    this.found = this.rows.filter(this.keep).sort((a, b) => {
      const x = key(a), y = key(b);
      if (empty(x) || empty(y)) return empty(x) - empty(y) || a.place - b.place;
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.place - b.place;
    });
    [...this.head.cells].forEach((cell, place) => {
      if (place === this.order.place) cell.setAttribute("aria-sort", this.order.up ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
    this.shown = step;
    this.fill();
  }
  fill() {
    const rows = this.found.slice(0, this.shown).map(item => {
      const row = make("tr");
      for (const column of this.columns) {
        const cell = make("td", undefined, column.kind);
        const content = column.show(item);
        if (content instanceof Node) cell.append(content); else cell.textContent = content ?? "";
        row.append(cell);
      }
      return row;
    });
    this.body.replaceChildren(...rows);
    this.more.hidden = this.found.length <= this.shown;
    this.text.textContent = `${this.found.length} of ${this.rows.length}`;
  }
}

const quality = item => make("span", `${percent(item.data_quality)}${item.data_notes?.length ? ` – ${item.data_notes.join(", ")}` : ""}`, item.data_quality < 0.8 ? "bad" : "");
const vehicleRows = data.vehicles.map((item, place) => ({ ...item, place }));
const open = name => { const button = make("button", name); button.type = "button"; button.addEventListener("click", () => look(name)); return button; };
const vehicles = new Table("vehicles", vehicleRows, [
  { title: "Rank", key: r => r.rank, show: r => r.rank, kind: "number" },
  { title: "Vehicle", key: r => r.vehicle, show: r => open(r.vehicle) },
  { title: "Risk", key: r => r.risk, show: r => r.risk.toFixed(2), kind: "number", down: true },
  { title: "Why", key: r => r.reasons.join(" "), show: r => r.reasons.slice(0, 3).join(" ") || "Nothing stands out.", kind: "wide" },
  { title: "Resistance mΩ", key: r => r.resistance_ohm, show: r => milliohm(r.resistance_ohm), kind: "number", down: true },
  { title: "Change", key: r => r.resistance_change, show: r => r.resistance_change === null ? "" : `${r.resistance_change > 0 ? "+" : ""}${Math.round(100 * r.resistance_change)} %`, kind: "number", down: true },
  { title: "Rides", key: r => r.rides, show: r => r.rides, kind: "number", down: true },
  { title: "Not read", key: r => r.unreadable, show: r => r.unreadable || "", kind: "number", down: true },
  { title: "Power cuts", key: r => r.trips, show: r => r.trips || "", kind: "number", down: true },
  { title: "Data quality", key: r => r.data_quality, show: quality, kind: "wide" },
  { title: "Model", key: r => r.model, show: r => r.model },
  { title: "Last ride", key: r => r.last, show: r => day(r.last), down: true },
], find("vehicle-count"), { place: 0, up: true });

const names = Object.keys(data.rides);
const rideRows = data.rides.ride_id.map((_, place) => {
  const row = { place };
  for (const name of names) row[name] = data.rides[name][place];
  row.file = (row.files || []).join(", ");
  row.search = `${row.vehicle} ${row.file} ${words(row.cause)} ${row.cause} ${row.error}`.toLowerCase();
  return row;
});
const weight = { critical: 3, warning: 2, info: 1 };
const link = row => {
  if (!row.report) return row.file;
  const anchor = make("a", row.file); anchor.href = row.report; return anchor;
};
const rides = new Table("rides", rideRows, [
  { title: "Vehicle", key: r => r.vehicle, show: r => open(r.vehicle) },
  { title: "Date", key: r => r.started, show: r => r.started ? r.started.slice(0, 16).replace("T", " ") : "", down: true },
  { title: "Files", key: r => r.file, show: link, kind: "file" },
  { title: "Severity", key: r => weight[r.severity] ?? 0, show: r => make("span", r.severity, r.severity), down: true },
  { title: "Cause", key: r => r.error || r.cause, show: r => r.error ? make("span", r.error, "bad") : words(r.cause), kind: "wide" },
  { title: "Probability", key: r => r.probability, show: r => percent(r.probability), kind: "number", down: true },
  { title: "Resistance mΩ", key: r => r.resistance_ohm, show: r => milliohm(r.resistance_ohm), kind: "number", down: true },
  { title: "Power cuts", key: r => r.trips, show: r => r.trips || "", kind: "number", down: true },
  { title: "Data quality", key: r => r.data_quality, show: quality },
], find("ride-count"), { place: 3, up: false });

const svg = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const seconds = moment => Date.parse(moment) / 1000;
// The rides of a vehicle as dots, and what was fitted: a line, or two levels with the days between which it changed.
const chart = (stamps, values, factor, trend) => {
  const picture = svg("svg", { viewBox: "0 0 320 112", role: "img", "aria-label": `${values.length} rides` });
  const [t0, t1] = [stamps[0], stamps[stamps.length - 1]], low = Math.min(...values), high = Math.max(...values);
  const side = values.filter(v => v < 0).length > values.length / 2 ? -1 : 1;
  const x = t => 42 + (t1 > t0 ? (t - t0) / (t1 - t0) : 0.5) * 270, y = v => 90 - (high > low ? (v - low) / (high - low) : 0.5) * 78;
  for (const value of high > low ? [low, high] : [low]) {
    const label = svg("text", { x: 0, y: y(value) + 4 }); label.textContent = digits(factor * value, 3); picture.append(label);
    picture.append(svg("path", { d: `M42 ${y(value)}H312`, class: "line" }));
  }
  if (trend) {
    const inside = v => y(Math.min(Math.max(side * v, low), high)).toFixed(1), [before, after] = [inside(trend.before), inside(trend.after)];
    const kind = trend.finding ? "fit" : "fit unsure";
    if (trend.step_after) {
      const from = x(seconds(trend.step_after)), to = x(seconds(trend.step_before));
      picture.append(svg("rect", { x: from.toFixed(1), y: 8, width: Math.max(to - from, 1).toFixed(1), height: 86, class: "step" }));
      picture.append(svg("path", { d: `M42 ${before}H${from.toFixed(1)}M${to.toFixed(1)} ${after}H312`, class: kind }));
    } else picture.append(svg("path", { d: `M42 ${before}L312 ${after}`, class: kind }));
  }
  stamps.forEach((t, place) => picture.append(svg("circle", { cx: x(t).toFixed(1), cy: y(values[place]).toFixed(1), r: 2.5, class: "dot" })));
  for (const [t, anchor, at] of [[t0, "start", 42], [t1, "end", 312]]) {
    const label = svg("text", { x: at, y: 108, "text-anchor": anchor }); label.textContent = new Date(1000 * t).toISOString().slice(0, 10); picture.append(label);
  }
  return picture;
};
const look = name => {
  const section = find("detail"), charts = make("div", undefined, "charts");
  section.replaceChildren(make("h2", name));
  const found = metric => data.trends.some(item => item.vehicle === name && item.metric === metric && item.finding);
  const order = Object.entries(data.series[name] ?? {}).sort(([a], [b]) => found(b) - found(a));
  for (const [metric, [stamps, values]] of order) {
    const own = data.trends.filter(item => item.vehicle === name && item.metric === metric);
    const [title, factor, unit] = data.metrics[metric];
    const card = make("div", undefined, own.some(item => item.finding) ? "card finding" : "card");
    card.append(make("h3", `${title[0].toUpperCase()}${title.slice(1)}${unit ? `, ${unit}` : ""}`), chart(stamps, values, factor, own.find(item => item.kind === "trend")));
    for (const item of own) card.append(make("p", `${item.finding ? "Finding: " : ""}${item.message} (q = ${digits(item.q, 2)})`, "note"));
    charts.append(card);
  }
  if (!charts.children.length) charts.append(make("p", "No ride of this vehicle has both a date and values that can be followed."));
  section.append(charts); section.hidden = false;
  find("ride-filter").value = name; filterRides();
  section.scrollIntoView();
};
const filterRides = () => {
  const wanted = find("ride-filter").value.trim().toLowerCase(), severity = find("severity-filter").value;
  rides.keep = r => (!wanted || r.search.includes(wanted)) && (!severity || (severity === "error" ? r.error : r.severity === severity));
  rides.draw();
};
find("ride-filter").addEventListener("input", filterRides);
find("severity-filter").addEventListener("change", filterRides);
find("vehicle-filter").addEventListener("input", () => {
  const wanted = find("vehicle-filter").value.trim().toLowerCase();
  vehicles.keep = r => !wanted || `${r.vehicle} ${r.model} ${r.reasons.join(" ")}`.toLowerCase().includes(wanted);
  vehicles.draw();
});
for (const form of document.forms) form.addEventListener("submit", event => event.preventDefault());
document.documentElement.dataset.ready = "yes";
