/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What surrounds the lanes on the canvas: the axis, their names, and the strip with everything. */
'use strict';

const FONT = '12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

/* Times of the axis' lines, `step` apart. */
function ticks() {
  const step = niceStep((view.to - view.from) / (view.width - LABELS) * 110);
  const times = [];
  for (let t = Math.ceil(Math.max(0, view.from) / step) * step; t < view.to; t += step) {
    times.push(t);
  }
  return {step, times};
}

/* 1, 2 or 5 times a power of ten. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}

function drawAxis() {
  const {colors, width} = view;
  const {step, times} = ticks();
  const digits = Math.min(9, Math.max(0, 9 - Math.floor(Math.log10(step))));
  ink.fillStyle = colors.page;
  ink.fillRect(0, 0, width, MAP + AXIS);
  ink.font = FONT;
  ink.textBaseline = 'middle';
  ink.textAlign = 'center';
  ink.fillStyle = colors.quiet;
  for (const t of times) {
    const x = view.xOf(t);
    if (x > LABELS + 30 && x < width - 30) {
      ink.fillText(`${seconds(Math.round(t), digits)} s`, x, MAP + 11);
    }
  }
  ink.fillStyle = colors.rule;
  ink.fillRect(0, MAP + AXIS - 1, width, 1);
}

function drawLabels() {
  const {colors, height, laneHeight} = view;
  ink.fillStyle = colors.page;
  ink.fillRect(0, MAP + AXIS, LABELS, height);
  clipped(0, MAP + AXIS, LABELS + view.width, height, () => {
    lanes.list.forEach((lane, n) => {
      const y = view.yOf(n);
      if (n === 0 || lanes.list[n - 1].group !== lane.group) {
        drawGroupName(lane.group, y - laneHeight / 2 - HEAD / 2);
      }
      drawLaneName(lane, y);
    });
  });
  ink.fillStyle = colors.rule;
  ink.fillRect(LABELS - 1, 0, 1, height);
}

function drawGroupName(group, y) {
  ink.fillStyle = view.colors.page;
  ink.fillRect(0, y - HEAD / 2, LABELS, HEAD);
  ink.fillStyle = view.colors.quiet;
  ink.font = `600 11px ${FONT.slice(5)}`;
  ink.textAlign = 'left';
  ink.fillText(GROUPS[group].toUpperCase(), 10, y + 1);
}

function drawLaneName(lane, y) {
  ink.font = FONT;
  ink.fillStyle = view.colors[`lane${lane.group}`];
  ink.fillRect(0, y - view.laneHeight / 2 + 1, 3, view.laneHeight - 2);
  ink.fillStyle = view.colors.text;
  ink.textAlign = 'left';
  const lost = lane.lost ? `${lane.lost} lost` : '';
  ink.fillText(lane.name, 10, y, LABELS - 22 - ink.measureText(lost).width);
  ink.fillStyle = view.colors.lost;
  ink.textAlign = 'right';
  ink.fillText(lost, LABELS - 7, y);
}

/* Drawn once for a filter and a size; then only the frame moves. */
function renderMap() {
  const {ratio, colors, extent} = view;
  const width = Math.max(1, Math.round((view.width - LABELS) * ratio));
  const height = MAP * ratio;
  const map = new OffscreenCanvas(width, height);
  const brush = map.getContext('2d');
  const all = new Uint32Array(width * lanes.list.length);
  const lost = new Uint32Array(width * lanes.list.length);
  countColumns(extent.from, extent.to, width, extent, all, lost);
  const emitters = lanes.list.filter((lane) => lane.group === 0).length;
  const sums = (counts, count) => Array.from({length: width}, (_, x) => {
    let sum = 0;
    for (let n = 0; n < count; n++) {
      sum += counts[n * width + x];
    }
    return sum;
  });
  const meant = sums(all, emitters);
  const missed = sums(lost, lanes.list.length);
  const scale = (height - 4) / Math.log1p(Math.max(1, ...meant));
  brush.fillStyle = colors.panel;
  brush.fillRect(0, 0, width, height);
  const bars = (counts, color) => {
    brush.fillStyle = color;
    counts.forEach((count, x) => brush.fillRect(x, height, 1, -Math.log1p(count) * scale));
  };
  bars(meant, colors.path);
  bars(missed, colors.lost);
  return map;
}

function drawMap() {
  const {colors, width} = view;
  view.map = view.map || renderMap();
  ink.drawImage(view.map, LABELS, 0, width - LABELS, MAP);
  const {from, to} = mapFrame();
  ink.globalAlpha = 0.55;
  ink.fillStyle = colors.page;
  ink.fillRect(LABELS, 0, from - LABELS, MAP);
  ink.fillRect(to, 0, width - to, MAP);
  ink.globalAlpha = 1;
  ink.strokeStyle = colors.quiet;
  ink.lineWidth = 1.5;
  ink.strokeRect(from, 1, Math.max(3, to - from), MAP - 2);
  ink.fillStyle = colors.quiet;
  ink.font = FONT;
  ink.textAlign = 'left';
  ink.fillText('Everything', 10, MAP / 2);
}

function mapFrame() {
  const {extent} = view;
  const scale = (view.width - LABELS) / (extent.to - extent.from);
  return {from: LABELS + (view.from - extent.from) * scale, to: LABELS + (view.to - extent.from) * scale};
}

function mapTime(x) {
  const {extent} = view;
  return extent.from + (x - LABELS) / (view.width - LABELS) * (extent.to - extent.from);
}
