// What every other part of the page uses: elements, colours, numbers, times and the packed data.
// numbers.js, timeline.js and page.js are joined inside one function (see reports/html.py).

const root = document.documentElement;
const find = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const LEFT = 46, RIGHT = 8, HEIGHT = 150, LANE = 34;
const FONT = getComputedStyle(document.body).fontFamily;

const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && name !== "role") element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};
// Colours are asked for hundreds of times a drawing; each question to the browser would cost a layout.
const colors = new Map();
const color = name => {
  if (!colors.has(name)) colors.set(name, getComputedStyle(root).getPropertyValue(`--${name}`).trim());
  return colors.get(name);
};

// Numbers and times -------------------------------------------------------------------------------------------

const clock = (seconds, decimals = 0) => {
  const scale = 10 ** decimals, counted = Math.round(Math.abs(seconds) * scale);
  const whole = Math.floor(counted / scale), hours = Math.floor(whole / 3600);
  const two = number => String(number).padStart(2, "0");
  if (hours >= 48) return `${seconds < 0 ? "\u2212" : ""}${Math.floor(hours / 24)} d ${hours % 24}:${two(Math.floor(whole / 60) % 60)}`;
  let text = hours ? `${hours}:${two(Math.floor(whole / 60) % 60)}` : `${Math.floor(whole / 60)}`;
  text += `:${two(whole % 60)}`;
  if (decimals) text += `.${String(counted % scale).padStart(decimals, "0")}`;
  return seconds < 0 && counted ? `\u2212${text}` : text;
};
const decimalsFor = span => (span >= 20 ? 0 : span >= 2 ? 1 : span >= 0.2 ? 2 : 3);
const figure = (value, decimals) => value.toFixed(decimals).replace("-", "\u2212");

const timeTicks = (low, high, most) => {
  const rough = (high - low) / most;
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200];
  const step = steps.find(item => item >= rough) ?? Math.ceil(rough / 86400) * 86400;
  const values = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + 1e-9; index++) values.push(index * step);
  return { values, texts: values.map(value => clock(value, step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3)) };
};

// Data --------------------------------------------------------------------------------------------------------

const unpack = async id => {
  const text = atob(find(`#${id}`).textContent);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

const numbers = (bytes, base, [offset, count, planes, scale]) => {
  const values = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index++) {
    let coded = 0;
    for (let plane = planes - 1; plane >= 0; plane--) coded = coded * 256 + bytes[base + offset + plane * count + index];
    sum += coded % 2 ? -(coded + 1) / 2 : coded / 2;
    values[index] = sum * scale;
  }
  return values;
};

const read = async () => {
  const bytes = await unpack("timeline-data");
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const description = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  for (const group of description.groups) {
    for (const panel of group.panels) {
      for (const series of panel.series) {
        series.x = numbers(bytes, 4 + length, series.x);
        series.y = numbers(bytes, 4 + length, series.y);
        series.breaks = new Set(series.b);
      }
    }
  }
  return description;
};

const loadPlotly = async () => {
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(await unpack("plotly-data"));
  document.head.append(script);
  if (!window.Plotly) throw new Error("the chart library did not start");
};

/** Index of the first value that is not below `wanted`. */
const lower = (values, wanted) => {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1; else high = middle;
  }
  return low;
};

/** Value of a series at a moment: that of the nearest drawn point, null inside a gap or outside the log. */
const valueAt = (series, moment) => {
  const after = lower(series.x, moment);
  if (after < series.x.length && series.x[after] === moment) return series.y[after];
  if (after === 0 || after === series.x.length || series.breaks.has(after)) return null;
  const part = (moment - series.x[after - 1]) / (series.x[after] - series.x[after - 1] || 1);
  return series.y[after - 1] + part * (series.y[after] - series.y[after - 1]);
};

/** Text from a log as plain text for Plotly, which reads tags and entities. */
const escaped = text => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
