/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canvas: lanes from top to bottom, time from left to right. Few messages are drawn as paths,
 * many as bars that say how many there are; losses are red in both.
 */
'use strict';

const FEW = 2500;       // messages that are drawn as paths
const FEW_LOSSES = 200; // that are drawn as paths even then
const LABELS = 164;     // CSS pixels, as all of these
const AXIS = 32;
const MAP = 34;         // the strip with the whole journal
const HEAD = 20;        // above a group of lanes
const SHORTEST = 50;    // ns across the canvas
const LOOK_BACK = 3000; // messages before the left edge whose service may reach into the picture

const canvas = document.getElementById('canvas');
const ink = canvas.getContext('2d', {alpha: false});

const view = {
  from: 0, to: 1, scroll: 0,
  extent: {from: 0, to: 1},
  width: 0, height: 0, ratio: 1, // of the canvas in CSS pixels; device pixels in one
  picked: -1, colors: {}, tops: [], laneHeight: 22, drawn: 0,
  queued: false, image: null, all: null, lost: null, map: null,

  setExtent() {
    const {time, time_taken: taken, time_ended: ended} = rec;
    const {n} = columns;
    let last = n ? time[n - 1] : 1;
    for (let i = 0; i < n; i++) {
      last = Math.max(last, taken[i], ended[i]);
    }
    const first = n ? time[0] : 0;
    const margin = Math.max(SHORTEST, (last - first) * 0.01);
    this.extent = {from: first - margin, to: last + margin};
  },

  show(from, to) {
    const {extent} = this;
    const span = Math.min(extent.to - extent.from, Math.max(SHORTEST, to - from));
    const middle = (from + to) / 2;
    this.from = Math.min(Math.max(middle - span / 2, extent.from), extent.to - span);
    this.to = this.from + span;
    this.redraw();
  },

  zoom(factor, x = (LABELS + this.width) / 2) {
    const at = this.timeOf(x);
    this.show(at - (at - this.from) * factor, at + (this.to - at) * factor);
  },

  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  },

  scrollTo(y) {
    const most = Math.max(0, this.lanesHeight() - (this.height - MAP - AXIS));
    this.scroll = Math.min(Math.max(0, y), most);
    this.redraw();
  },

  redraw() {
    if (!this.queued) {
      this.queued = true;
      requestAnimationFrame(() => {
        this.queued = false;
        draw();
      });
    }
  },

  xOf(time) {
    return LABELS + (time - this.from) / (this.to - this.from) * (this.width - LABELS);
  },
  timeOf(x) {
    return this.from + (x - LABELS) / (this.width - LABELS) * (this.to - this.from);
  },
  yOf(lane) { // its middle
    return this.tops[lane] + this.laneHeight / 2 + MAP + AXIS - this.scroll;
  },
  lanesHeight() {
    return lanes.list.length ? this.tops.at(-1) + this.laneHeight + 6 : 0;
  },
  laneAt(y) {
    return lanes.list.findIndex((_, n) => Math.abs(this.yOf(n) - y) <= this.laneHeight / 2);
  },

  resize() {
    const box = canvas.getBoundingClientRect();
    this.ratio = window.devicePixelRatio || 1;
    this.width = box.width;
    this.height = box.height;
    canvas.width = Math.round(box.width * this.ratio);
    canvas.height = Math.round(box.height * this.ratio);
    this.placeLanes();
    this.scrollTo(this.scroll);
    this.map = null;
  },

  /* Lanes are as high as the window lets them, within reason. */
  placeLanes() {
    const count = lanes.list.length;
    const groups = new Set(lanes.list.map((lane) => lane.group)).size;
    const room = this.height - MAP - AXIS - groups * HEAD - 6;
    this.laneHeight = Math.round(Math.min(34, Math.max(18, room / count)));
    let y = 0;
    this.tops = lanes.list.map((lane, n) => {
      y += n === 0 || lanes.list[n - 1].group !== lane.group ? HEAD : 0;
      y += this.laneHeight;
      return y - this.laneHeight;
    });
  },

  readColors() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['page', 'panel', 'stripe', 'rule', 'grid', 'text', 'quiet', 'lane0', 'lane1',
      'lane2', 'lane3', 'path', 'lost', 'open', 'pick']) {
      this.colors[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.map = null;
    this.redraw();
  },
};

function draw() {
  const {colors, ratio, width, height} = view;
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  ink.fillStyle = colors.page;
  ink.fillRect(0, 0, width, height);
  const {first, last} = filter.range(view.from, view.to);
  view.drawn = last - first;
  clipped(LABELS, MAP + AXIS, width - LABELS, height - MAP - AXIS, () => {
    drawStripes();
    drawGrid();
    if (last - first > FEW) {
      drawBars();
      drawLosses(filter.lostBetween(view.from, view.to, FEW_LOSSES));
    } else {
      drawPaths(reaching(view.from, first, last));
    }
    drawPicked();
  });
  drawAxis();
  drawFindings();
  drawLabels();
  drawMap();
}

function clipped(x, y, w, h, what) {
  ink.save();
  ink.beginPath();
  ink.rect(x, y, w, h);
  ink.clip();
  what();
  ink.restore();
}

function drawStripes() {
  ink.fillStyle = view.colors.stripe;
  lanes.list.forEach((_, n) => {
    if (n % 2 === 0) {
      ink.fillRect(LABELS, view.yOf(n) - view.laneHeight / 2, view.width, view.laneHeight);
    }
  });
}

function drawGrid() {
  ink.fillStyle = view.colors.grid;
  for (const t of ticks().times) {
    ink.fillRect(Math.round(view.xOf(t)), 0, 1, view.height);
  }
}

/* Many messages. */

function rgba(color) { // as a pixel of ImageData
  const value = parseInt(color.slice(1), 16);
  return (0xff000000 | (value & 255) << 16 | value & 0xff00 | value >> 16) >>> 0;
}

function prepareImage(width, height) {
  if (!view.image || view.image.width !== width || view.image.height !== height) {
    view.image = new ImageData(width, height);
  }
  const cells = width * lanes.list.length;
  if (!view.all || view.all.length !== cells) {
    view.all = new Uint32Array(cells);
    view.lost = new Uint32Array(cells);
  }
}

function drawBars() {
  const {ratio, colors} = view;
  const width = Math.round((view.width - LABELS) * ratio);
  const height = Math.round((view.height - MAP - AXIS) * ratio);
  if (width <= 0 || height <= 0) {
    return;
  }
  prepareImage(width, height);
  countColumns(view.from, view.to, width, view.extent, view.all, view.lost);
  const pixels = new Uint32Array(view.image.data.buffer);
  pixels.fill(rgba(colors.page));
  for (const t of ticks().times) {
    fillColumn(pixels, width, Math.round((view.xOf(t) - LABELS) * ratio), rgba(colors.grid));
  }
  const most = Math.log1p(view.all.reduce((a, b) => Math.max(a, b), 1));
  const bar = Math.round(view.laneHeight * ratio) - 3;
  lanes.list.forEach((lane, n) => {
    const bottom = Math.round((view.tops[n] + view.laneHeight - view.scroll) * ratio) - 1;
    const top = Math.max(0, bottom - bar);
    if (top >= height || bottom <= 0) {
      return;
    }
    const fill = {pixels, width, height, bottom, row: n * width};
    fillBars(fill, view.all, rgba(colors[`lane${lane.group}`]), bar / most, 2);
    fillBars(fill, view.lost, rgba(colors.lost), bar / most, Math.max(5, bar / 2));
  });
  ink.putImageData(view.image, Math.round(LABELS * ratio), Math.round((MAP + AXIS) * ratio));
}

function fillColumn(pixels, width, x, color) {
  for (let at = x; x < width && at < pixels.length; at += width) {
    pixels[at] = color;
  }
}

/* Columns that grow with the logarithm of the count. */
function fillBars({pixels, width, height, bottom, row}, counts, color, scale, least) {
  for (let x = 0; x < width; x++) {
    const count = counts[row + x];
    if (count) {
      const size = Math.max(least, Math.log1p(count) * scale);
      const from = Math.max(0, Math.round(bottom - size));
      for (let y = from; y < bottom && y < height; y++) {
        pixels[y * width + x] = color;
      }
    }
  }
}

/* Few messages. */

function pathOf(i) {
  const x = view.xOf(rec.time[i]);
  const points = [];
  for (let group = 0; group < 3; group++) {
    if (lanes.at[group][i] !== NONE) {
      points.push([x, view.yOf(lanes.at[group][i])]);
    }
  }
  if (lanes.at[3][i] !== NONE) {
    points.push([view.xOf(rec.time_taken[i]), view.yOf(lanes.at[3][i])]);
  }
  return points;
}

function serviceOf(i) { // [from, width] of its bar, or null
  if (lanes.at[3][i] === NONE) {
    return null;
  }
  const from = view.xOf(rec.time_taken[i]);
  const to = rec.time_ended[i] ? view.xOf(rec.time_ended[i]) : view.width;
  return [from, Math.max(2, to - from)];
}

function isOpen(i) {
  return resultOf(i).open;
}

function strokePaths(list, color, alpha, lineWidth) {
  ink.strokeStyle = color;
  ink.globalAlpha = alpha;
  ink.lineWidth = lineWidth;
  ink.beginPath();
  for (const points of list) {
    points.forEach(([x, y], n) => (n ? ink.lineTo(x, y) : ink.moveTo(x, y)));
  }
  ink.stroke();
  ink.globalAlpha = 1;
}

function drawServices(indices) {
  const height = Math.max(6, view.laneHeight - 12);
  ink.globalAlpha = 0.75;
  for (const i of indices) {
    const bar = serviceOf(i);
    if (bar) {
      ink.fillStyle = isOpen(i) ? view.colors.open : view.colors.lane3;
      ink.fillRect(bar[0], view.yOf(lanes.at[3][i]) - height / 2, bar[1], height);
    }
  }
  ink.globalAlpha = 1;
}

function drawStops(indices, size) {
  for (const i of indices) {
    const x = view.xOf(rec.time[i]);
    for (let group = 0; group < 3; group++) {
      if (lanes.at[group][i] !== NONE) {
        ink.fillStyle = view.colors[`lane${group}`];
        ink.fillRect(x - size / 2, view.yOf(lanes.at[group][i]) - size / 2, size, size);
      }
    }
  }
}

/* How it ended short of its CPU: a cross for a loss, a ring for what was merged, kept or posted. */
function drawEnds(indices, big) {
  const r = big ? 5 : 3.5;
  for (const i of indices) {
    if (lanes.at[3][i] === NONE) {
      const [x, y] = pathOf(i).at(-1);
      ink.strokeStyle = isLost(i) ? view.colors.lost : isOpen(i) ? view.colors.open :
        view.colors.quiet;
      ink.lineWidth = isLost(i) ? 2 : 1.5;
      ink.beginPath();
      if (isLost(i)) {
        ink.moveTo(x - r, y - r);
        ink.lineTo(x + r, y + r);
        ink.moveTo(x - r, y + r);
        ink.lineTo(x + r, y - r);
      } else {
        ink.arc(x, y, r, 0, 7);
      }
      ink.stroke();
    }
  }
}

function drawLosses(indices) {
  strokePaths([...indices].map(pathOf), view.colors.lost, 0.9, 1.5);
  drawEnds(indices, true);
}

/* What was meant in [first, last), and what came before and is not over at `from`: waits for its CPU, or is in
 * service. */
function reaching(from, first, last) {
  const before = filter.shown.subarray(Math.max(0, first - LOOK_BACK), first)
    .filter((i) => rec.taken[i] && (!rec.time_ended[i] || rec.time_ended[i] >= from));
  const out = new Uint32Array(before.length + last - first);
  out.set(before);
  out.set(filter.shown.subarray(first, last), before.length);
  return out;
}

function drawPaths(indices) {
  const lost = indices.filter(isLost);
  const open = indices.filter((i) => isOpen(i));
  const rest = indices.filter((i) => !isLost(i) && !isOpen(i));
  const {colors} = view;
  const sparse = indices.length < 400;
  drawServices(indices);
  strokePaths([...rest].map(pathOf), colors.path, sparse ? 0.9 : 0.45, 1);
  strokePaths([...open].map(pathOf), colors.open, 0.9, 1);
  drawLosses(lost);
  drawStops(indices, sparse ? 5 : 3);
  drawEnds(indices, sparse);
}

function drawPicked() {
  const i = view.picked;
  if (i < 0) {
    return;
  }
  const color = isLost(i) ? view.colors.lost : view.colors.pick;
  const bar = serviceOf(i);
  const points = pathOf(i);
  strokePaths([points], color, 1, 2.5);
  ink.strokeStyle = color;
  ink.lineWidth = 2;
  ink.beginPath();
  ink.arc(points[0][0], points[0][1], 6, 0, 7);
  ink.stroke();
  if (bar) {
    const height = Math.max(8, view.laneHeight - 10);
    ink.strokeRect(bar[0], view.yOf(lanes.at[3][i]) - height / 2, bar[1], height);
  }
  drawEnds([i], true);
}

/* The message nearest to a place within some pixels, or -1: its path, or its bar on a CPU. Of several that are
 * as near, the one after `before`: they may have the same time. */
function messageAt(x, y, before = -1) {
  const {first, last} = filter.range(view.timeOf(x - 9), view.timeOf(x + 9));
  if (last - first > 2e5) {
    return -1;
  }
  const favour = view.drawn > FEW ? 6 : 1; // of a loss, before what hides it or is not drawn
  let best = [];
  let least = 8;
  for (const i of reaching(view.timeOf(x - 9), first, last)) {
    const away = distanceTo(i, x, y) - (isLost(i) ? favour : 0);
    if (away < least) {
      least = away;
      best = [];
    }
    if (away === least) {
      best.push(i);
    }
  }
  return best.length ? best[(best.indexOf(before) + 1) % best.length] : -1;
}

function distanceTo(i, x, y) {
  const points = pathOf(i);
  const bar = serviceOf(i);
  let least = Math.hypot(x - points[0][0], y - points[0][1]);
  for (let n = 1; n < points.length; n++) {
    least = Math.min(least, distanceToLine(x, y, points[n - 1], points[n]));
  }
  if (bar && Math.abs(y - points.at(-1)[1]) < view.laneHeight / 2 && x >= bar[0] &&
      x <= bar[0] + bar[1]) {
    least = Math.min(least, 2);
  }
  return least;
}

function distanceToLine(x, y, [ax, ay], [bx, by]) {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const share = length ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
  return Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay));
}
