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
      const cell = make("th", undefined, column.kind === "number" ? "number" : ""); cell.scope = "col";
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
  { title: "Last ride", key: r => r.last, show: r => day(r.last), kind: "date", down: true },
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
  { title: "Date", key: r => r.started, show: r => r.started ? r.started.slice(0, 16).replace("T", " ") : "", kind: "date", down: true },
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
// The rides of a vehicle as dots, and what was fitted: a line, or two levels with the days between which it changed; at
// the end the 95 % interval of the change. The scale spans at least twice what matters, so that noise looks like noise.
const chart = (stamps, values, metric, trend) => {
  const picture = svg("svg", { viewBox: "0 0 320 112", role: "img", "aria-label": `${values.length} rides` });
  const [t0, t1] = [stamps[0], stamps[stamps.length - 1]];
  const side = values.filter(v => v < 0).length > values.length / 2 ? -1 : 1;
  const reach = trend ? [trend.change_low, trend.change_high].map(c => side * (metric.relative ? trend.before * (1 + c) : trend.before + c)) : [];
  const middle = (Math.min(...values) + Math.max(...values)) / 2, least = metric.matters * (metric.relative ? Math.abs(middle) : 1);
  const low = Math.min(...values, ...reach, middle - least), high = Math.max(...values, ...reach, middle + least);
  const x = t => 42 + (t1 > t0 ? (t - t0) / (t1 - t0) : 0.5) * 262, y = v => 90 - (v - low) / (high - low) * 78;
  for (const value of [low, high]) {
    const label = svg("text", { x: 0, y: y(value) + 4 }); label.textContent = digits(metric.factor * value, 3); picture.append(label);
    picture.append(svg("path", { d: `M42 ${y(value)}H312`, class: "line" }));
  }
  if (trend) {
    const [before, after] = [y(side * trend.before).toFixed(1), y(side * trend.after).toFixed(1)];
    const kind = trend.finding ? "fit" : "fit unsure";
    if (trend.step_after) {
      const from = x(seconds(trend.step_after)), to = x(seconds(trend.step_before));
      picture.append(svg("rect", { x: from.toFixed(1), y: 8, width: Math.max(to - from, 1).toFixed(1), height: 86, class: "step" }));
      picture.append(svg("path", { d: `M42 ${before}H${from.toFixed(1)}M${to.toFixed(1)} ${after}H304`, class: kind }));
    } else picture.append(svg("path", { d: `M42 ${before}L304 ${after}`, class: kind }));
    const [under, over] = reach.map(value => y(value).toFixed(1));
    picture.append(svg("path", { d: `M308 ${under}V${over}M305 ${under}H311M305 ${over}H311`, class: trend.finding ? "reach" : "reach unsure" }));
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
  const reasons = data.vehicles.find(item => item.vehicle === name)?.reasons ?? [];
  for (const reason of reasons) section.append(make("p", reason));
  section.append(make("p", "Dots are rides. The bar at the right end is the 95 % interval of the change. q is the probability of so much by chance after adjustment for all tests; a finding needs q of at most 0.05, an interval that leaves out zero and a change that matters.", "note"));
  const found = metric => data.trends.some(item => item.vehicle === name && item.metric === metric && item.finding);
  const listed = Object.keys(data.metrics), own = data.series[name] ?? {};
  const shown = listed.filter(metric => own[metric] && !(metric === "trips" && own.trips[1].every(value => value === 0)));
  for (const metric of shown.sort((a, b) => found(b) - found(a))) {
    const [stamps, values] = own[metric], { words: title, unit } = data.metrics[metric];
    const rows = data.trends.filter(item => item.vehicle === name && item.metric === metric);
    const card = make("div", undefined, rows.some(item => item.finding) ? "card finding" : "card");
    card.append(make("h3", `${title[0].toUpperCase()}${title.slice(1)}${unit ? `, ${unit}` : ""}`), chart(stamps, values, data.metrics[metric], rows.find(item => item.kind === "trend")));
    for (const item of rows) card.append(make("p", `${item.finding ? "Finding: " : ""}${item.message} (q ${item.q < 0.001 ? "below 0.001" : `= ${digits(item.q, 2)}`})`, "note"));
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
