/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: rules that the guest broke. Flags on the axis, rows at the side. */
'use strict';

const FLAG = 6; // CSS pixels, half of its width

const flagPlace = (n) => [view.xOf(meta.findings[n].time_ns), MAP + AXIS - 5];

/* Of several at the same pixel one is drawn. */
function drawFindings() {
  let last = -1;
  ink.fillStyle = view.colors.open;
  meta.findings.forEach((finding, n) => {
    const [x, y] = flagPlace(n);
    if (x >= LABELS && x < view.width && Math.round(x) !== last) {
      last = Math.round(x);
      ink.globalAlpha = 0.35;
      ink.fillRect(last, y, 1, view.height);
      ink.globalAlpha = 1;
      ink.beginPath();
      ink.moveTo(x - FLAG, y - FLAG);
      ink.lineTo(x + FLAG, y - FLAG);
      ink.lineTo(x, y + 4);
      ink.fill();
    }
  });
}

/* The finding whose flag is there, or -1. */
function findingAt(x, y) {
  return Math.abs(y - (MAP + AXIS - FLAG)) > FLAG + 3 ? -1 :
    meta.findings.findIndex((_, n) => Math.abs(flagPlace(n)[0] - x) <= FLAG);
}

function showFinding(n) {
  const finding = meta.findings[n];
  view.picked = -1;
  if (finding.time_ns < view.from || finding.time_ns > view.to) {
    const half = (view.to - view.from) / 2;
    view.show(finding.time_ns - half, finding.time_ns + half);
  }
  const by = finding.cpu === undefined ? 'Nobody\u2019s instruction.' :
    `By CPU ${finding.cpu} at ${instructionAt(BigInt(finding.rip))}, instruction ${finding.instructions}.`;
  document.getElementById('details').replaceChildren(
    element('p', finding.sentence, {id: 'sentence', className: 'open'}),
    element('p', by, {className: 'hint'}));
  view.redraw();
}

/* One row for each rule and source: how often, and the first of them. */
function listFindings() {
  const groups = new Map();
  meta.findings.forEach((finding, n) => {
    const key = `${finding.source} ${finding.rule}`;
    const group = groups.get(key) || {first: n, count: 0};
    group.count++;
    groups.set(key, group);
  });
  const body = element('tbody');
  for (const {first, count} of groups.values()) {
    const {source, rule, what} = meta.findings[first];
    const row = element('tr', '', {title: what, onclick: () => showFinding(first)});
    row.append(element('td', String(count), {className: 'number open'}), element('td', source),
      element('td', rule));
    body.append(row);
  }
  const table = element('table');
  table.append(body);
  const place = document.getElementById('findings');
  if (groups.size) {
    place.replaceChildren(element('h2', `Findings: ${meta.findings.length}`), table);
  }
}
