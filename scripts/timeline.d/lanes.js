/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes, and how many messages each has in each stretch of time: a pyramid, whose lowest level has
 * BUCKETS stretches and each next one half as many. Many messages are drawn from it, since there is
 * no time to look at each of a million between two frames.
 */
'use strict';

const GROUPS = ['Emitters', 'Remapping units', 'Local APICs', 'CPUs'];
const NONE = 0xffff;

const lanes = {
  list: [],       // {group, name, lost}: from top to bottom
  at: [],         // by group: the lane of each record, or NONE
  end: null,      // the lane that each record got to
  buckets: 0,
  levels: [],     // {buckets, all, lost}: counts by lane and stretch
};

/* Gives numbers to the lanes of a group; `keyOf` is the key of a record, or -1. */
function assignGroup(group, keyOf, nameOf) {
  const at = new Uint16Array(columns.n).fill(NONE);
  const known = new Map();
  let lastKey = -1;
  let last = NONE;
  for (let i = 0; i < columns.n; i++) {
    const key = keyOf(i);
    if (key < 0) {
      continue;
    }
    if (key !== lastKey) {
      lastKey = key;
      last = known.get(key);
      if (last === undefined) {
        last = known.size;
        known.set(key, last);
      }
    }
    at[i] = last;
  }
  const names = [...known].map(([key, number]) => ({group, number, key, name: nameOf(key), lost: 0}));
  names.sort((a, b) => a.name.localeCompare(b.name, 'en', {numeric: true}));
  const order = new Uint16Array(NONE + 1).fill(NONE);
  names.forEach((lane, place) => {
    order[lane.number] = lanes.list.length + place;
  });
  for (let i = 0; i < columns.n; i++) {
    at[i] = order[at[i]];
  }
  lanes.list.push(...names);
  lanes.at.push(at);
}

const NOBODY = 2 ** 32; // a key above all APIC ids

function assignLanes() {
  const {source, kind, rid, unit, seen, answers, apic, taken} = rec;
  const kinds = meta.kinds.length;
  const named = 65536 * kinds;
  assignGroup(0, (i) => (source[i] ? named + source[i] * kinds : rid[i] * kinds) + kind[i], (key) => {
    const owner = key < named ? ridText(Math.floor(key / kinds)) :
      meta.names[Math.floor((key - named) / kinds)];
    return `${owner} ${meta.titles[key % kinds]}`;
  });
  assignGroup(1, (i) => (seen[i] & SEEN.unit ? unit[i] : -1), (key) => meta.names[key] || 'unit');
  assignGroup(2, (i) => (answers[i] ? apic[i] : seen[i] & SEEN.bus ? NOBODY : -1),
    (key) => (key === NOBODY ? 'nobody' : `APIC ${key}`));
  assignGroup(3, (i) => (taken[i] ? apic[i] : -1), (key) => `CPU of APIC ${key}`);
  lanes.end = new Uint16Array(columns.n);
  for (const at of lanes.at) {
    for (let i = 0; i < columns.n; i++) {
      lanes.end[i] = at[i] === NONE ? lanes.end[i] : at[i];
    }
  }
}

/* Stretches at the bottom: as many as a million counts allow. */
function bucketsFor(count) {
  let buckets = 131072;
  while (buckets > 1024 && buckets * count > 1e6) {
    buckets /= 2;
  }
  return buckets;
}

function halved(level, count) {
  const half = level.buckets / 2;
  const out = {buckets: half, all: new Uint32Array(half * count), lost: new Uint32Array(half * count)};
  for (let i = 0; i < half * count; i++) {
    out.all[i] = level.all[2 * i] + level.all[2 * i + 1];
    out.lost[i] = level.lost[2 * i] + level.lost[2 * i + 1];
  }
  return out;
}

/* Counts the records that the filters show. */
function buildPyramid(shown, extent) {
  const count = lanes.list.length;
  const buckets = bucketsFor(count);
  const base = {buckets, all: new Uint32Array(buckets * count), lost: new Uint32Array(buckets * count)};
  const scale = buckets / (extent.to - extent.from);
  const lostResult = meta.results.map((row) => row.lost);
  const perLane = new Uint32Array(count);
  const [emitter, unit, apic, cpu] = lanes.at;
  const {time, time_taken: taken, result} = rec;
  for (let k = 0; k < shown.length; k++) {
    const i = shown[k];
    const b = Math.min(buckets - 1, (time[i] - extent.from) * scale | 0);
    base.all[emitter[i] * buckets + b]++;
    if (unit[i] !== NONE) {
      base.all[unit[i] * buckets + b]++;
    }
    if (apic[i] !== NONE) {
      base.all[apic[i] * buckets + b]++;
    }
    if (cpu[i] !== NONE) {
      base.all[cpu[i] * buckets + Math.min(buckets - 1, (taken[i] - extent.from) * scale | 0)]++;
    }
    if (lostResult[result[i]]) {
      base.lost[lanes.end[i] * buckets + b]++;
      perLane[lanes.end[i]]++;
    }
  }
  lanes.list.forEach((lane, n) => {
    lane.lost = perLane[n];
  });
  lanes.levels = [base];
  while (lanes.levels.at(-1).buckets > 256) {
    lanes.levels.push(halved(lanes.levels.at(-1), count));
  }
}

/* Counts by lane and column of pixels, of [from, to) in `width` columns, into all[] and lost[]. */
function countColumns(from, to, width, extent, all, lost) {
  const length = extent.to - extent.from;
  const level = lanes.levels.findLast((one) => length / one.buckets <= (to - from) / width);
  all.fill(0);
  lost.fill(0);
  if (!level) {
    countRecords(from, to, width, all, lost);
    return;
  }
  const step = length / level.buckets;
  const first = Math.max(0, Math.floor((from - extent.from) / step));
  const last = Math.min(level.buckets - 1, Math.floor((to - extent.from) / step));
  for (let lane = 0; lane < lanes.list.length; lane++) {
    for (let b = first; b <= last; b++) {
      const n = level.all[lane * level.buckets + b];
      const bad = level.lost[lane * level.buckets + b];
      if (n || bad) {
        const middle = extent.from + (b + 0.5) * step;
        const x = Math.floor((middle - from) / (to - from) * width);
        if (x >= 0 && x < width) {
          all[lane * width + x] += n;
          lost[lane * width + x] += bad;
        }
      }
    }
  }
}

/* The same, record by record: a stretch is wider than a pixel, so there are not so many. */
function countRecords(from, to, width, all, lost) {
  const scale = width / (to - from);
  const {first, last} = filter.range(from, to);
  for (let k = first; k < last; k++) {
    const i = filter.shown[k];
    const x = (rec.time[i] - from) * scale | 0;
    for (let group = 0; group < 3; group++) {
      const lane = lanes.at[group][i];
      if (lane !== NONE) {
        all[lane * width + x]++;
      }
    }
    const cpu = lanes.at[3][i];
    const taken = (rec.time_taken[i] - from) * scale | 0;
    if (cpu !== NONE && taken < width) {
      all[cpu * width + taken]++;
    }
    if (isLost(i)) {
      lost[lanes.end[i] * width + x]++;
    }
  }
}
