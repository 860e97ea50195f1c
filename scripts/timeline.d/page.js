/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user does: filters, keys, wheel and pointer; and the state in the address (#q=...). */
'use strict';

const byId = (id) => document.getElementById(id);
const FIELDS = {search: 'q', device: 'device', vector: 'vector', cpu: 'cpu', state: 'state'};

function say(text) {
  byId('status').textContent = text;
}

function hint() {
  say(`${meta.complete ? '' : 'The file was cut off. '}Wheel or + and -: zoom. Drag or arrows: move. ` +
      'n, p: next and previous. 0: everything. /: search. Losses are red.');
}

/* Filters. */

function applyFilters() {
  for (const name of Object.keys(FIELDS)) {
    filter[name] = byId(name).value.trim();
  }
  filter.apply();
  buildPyramid(filter.shown, view.extent);
  view.map = null;
  const number = (n) => n.toLocaleString('en');
  byId('count').textContent = filter.shown.length === columns.n ? `${number(columns.n)} messages` :
    `${number(filter.shown.length)} of ${number(columns.n)}`;
  view.redraw();
  remember();
}

function clearFilters() {
  for (const name of Object.keys(FIELDS)) {
    byId(name).value = '';
  }
  applyFilters();
}

function remember() {
  const state = new URLSearchParams();
  for (const [name, key] of Object.entries(FIELDS)) {
    if (filter[name]) {
      state.set(key, filter[name]);
    }
  }
  if (view.picked >= 0) {
    state.set('pick', rec.serial[view.picked]);
  }
  history.replaceState(null, '', state.size ? `#${state}` : '#');
}

function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const [name, key] of Object.entries(FIELDS)) {
    byId(name).value = state.get(key) || '';
  }
  const picked = state.has('pick') ? indexOfSerial(Number(state.get('pick'))) : -1;
  applyFilters();
  if (picked >= 0) {
    pick(picked, true);
  }
}

function option(text, value = text) {
  return element('option', text, {value});
}

function fillDevices() {
  const used = new Set(rec.source);
  const names = new Set([...used].filter((n) => n).map((n) => meta.names[n]));
  const sorted = [...names].sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
  byId('device').replaceChildren(option('Device', ''), ...sorted.map((name) => option(name)));
}

function fillCpus() {
  const apics = lanes.list.filter((lane) => lane.group === 2 && lane.key !== NOBODY);
  const cpus = [...new Set(rec.cpu)].filter((cpu) => cpu !== meta.no_cpu).sort((a, b) => a - b);
  byId('cpu').replaceChildren(option('CPU', ''),
    ...apics.map((lane) => option(`to ${lane.name}`, `to=${lane.key}`)),
    ...cpus.map((cpu) => option(`set off by CPU ${cpu}`, `by=${cpu}`)));
}

function fillStates() {
  const counts = new Uint32Array(meta.results.length);
  rec.result.forEach((result) => counts[result]++);
  const sum = (test) => counts.reduce((all, n, i) => all + (test(meta.results[i]) ? n : 0), 0);
  const classes = [...new Set(meta.results.map((row) => row.class))];
  const group = (label, options) => {
    const out = element('optgroup', '', {label});
    out.append(...options);
    return out;
  };
  byId('state').replaceChildren(option('State', ''),
    option(`lost (${sum((row) => row.lost)})`, 'lost'), option(`open (${sum((row) => row.open)})`, 'open'),
    group('Class', classes.map((name) => [name, sum((row) => row.class === name)])
      .filter(([, n]) => n).map(([name, n]) => option(`${name} (${n})`, `class=${name}`))),
    group('Ending', meta.results.map((row, i) => [row.name, counts[i]])
      .filter(([, n]) => n).map(([name, n]) => option(`${name} (${n})`, `result=${name}`))));
}

/* Picking. */

function pick(i, move = false) {
  view.picked = i;
  if (i >= 0) {
    if (move) {
      bringIntoView(i);
    }
    view.shownDetails = showDetails(i, (other) => pick(other, true));
  }
  view.redraw();
  remember();
}

/* So near that its path and its neighbours' can be told apart. */
function bringIntoView(i) {
  const last = Math.max(rec.time[i], rec.time_taken[i], rec.time_ended[i]);
  const length = last - rec.time[i];
  const fits = rec.time[i] > view.from && last < view.to && filter.range(view.from, view.to).last -
    filter.range(view.from, view.to).first <= FEW;
  if (!fits) {
    const around = Math.max(length, 20000);
    view.show(rec.time[i] - around, last + around);
  }
}

function step(by) {
  const n = filter.shown.length;
  if (!n) {
    return;
  }
  const picked = view.picked < 0 ? firstAtOrAfter(filter.times, n, view.from) - (by > 0 ? 1 : 0) :
    firstAtOrAfter(filter.shown, n, view.picked) -
    (by > 0 && !isShown(view.picked) ? 1 : 0);
  pick(filter.shown[Math.min(n - 1, Math.max(0, picked + by))], true);
}

function isShown(i) {
  const k = firstAtOrAfter(filter.shown, filter.shown.length, i);
  return filter.shown[k] === i;
}

/* Pointer. */

const drag = {from: null, moved: false};

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function onDown(event) {
  const [x, y] = place(event);
  canvas.focus();
  canvas.setPointerCapture(event.pointerId);
  drag.moved = false;
  drag.map = y < MAP && x > LABELS;
  drag.from = {x, y, left: view.from, right: view.to, scroll: view.scroll};
  if (drag.map) {
    moveMap(x);
  }
}

function moveMap(x) {
  const half = (view.to - view.from) / 2;
  view.show(mapTime(x) - half, mapTime(x) + half);
}

function onMove(event) {
  const [x, y] = place(event);
  if (!drag.from) {
    hover(x, y);
  } else if (drag.map) {
    moveMap(x);
  } else {
    drag.moved ||= Math.hypot(x - drag.from.x, y - drag.from.y) > 3;
    if (drag.moved) {
      canvas.classList.add('dragged');
      const by = (drag.from.x - x) / (view.width - LABELS) * (drag.from.right - drag.from.left);
      view.show(drag.from.left + by, drag.from.right + by);
      view.scrollTo(drag.from.scroll + drag.from.y - y);
    }
  }
}

function onUp(event) {
  const [x, y] = place(event);
  if (drag.from && !drag.map && !drag.moved) {
    const finding = findingAt(x, y);
    const found = messageAt(x, y, view.picked);
    if (finding >= 0) {
      showFinding(finding);
    } else if (found >= 0) {
      pick(found);
    }
  }
  drag.from = null;
  canvas.classList.remove('dragged');
}

function hover(x, y) {
  const finding = findingAt(x, y);
  const found = x > LABELS && y > MAP + AXIS && view.drawn <= FEW ? messageAt(x, y) : -1;
  if (finding >= 0) {
    say(meta.findings[finding].sentence);
  } else if (found >= 0) {
    say(sentence(found));
  } else if (x > LABELS) {
    const lane = lanes.list[view.laneAt(y)];
    say(`${seconds(view.timeOf(x), 9)} s${lane ? `, ${lane.name}` : ''}; ` +
        `${view.drawn.toLocaleString('en')} messages in the picture` +
        `${view.drawn > FEW ? ', drawn as counts: zoom in for their paths' : ''}`);
  } else {
    hint();
  }
}

function onWheel(event) {
  event.preventDefault();
  const [x] = place(event);
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    view.pan((event.deltaX || event.deltaY) / view.width);
  } else if (x < LABELS) {
    view.scrollTo(view.scroll + event.deltaY);
  } else {
    view.zoom(1.0015 ** Math.min(600, Math.max(-600, event.deltaY)), x);
  }
}

/* Keys. */

const showAll = () => view.show(view.extent.from, view.extent.to);
const KEYS = {
  '+': () => view.zoom(0.6), '=': () => view.zoom(0.6), '-': () => view.zoom(1 / 0.6),
  ArrowLeft: () => view.pan(-0.15), ArrowRight: () => view.pan(0.15),
  ArrowUp: () => view.scrollTo(view.scroll - 60), ArrowDown: () => view.scrollTo(view.scroll + 60),
  PageUp: () => view.pan(-0.9), PageDown: () => view.pan(0.9),
  0: showAll, Home: showAll, n: () => step(1), p: () => step(-1),
  '/': () => byId('search').focus(), Escape: () => clearFilters(),
};

function onKey(event) {
  const typing = ['INPUT', 'SELECT'].includes(event.target.tagName);
  if (typing && event.key === 'Escape') {
    event.target.blur();
  }
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function connect() {
  for (const name of Object.keys(FIELDS)) {
    byId(name).addEventListener('input', applyFilters);
  }
  byId('reset').onclick = clearFilters;
  byId('next').onclick = () => step(1);
  byId('previous').onclick = () => step(-1);
  byId('in').onclick = KEYS['+'];
  byId('out').onclick = KEYS['-'];
  byId('all').onclick = showAll;
  canvas.addEventListener('pointerdown', onDown);
  canvas.addEventListener('pointermove', onMove);
  canvas.addEventListener('pointerup', onUp);
  canvas.addEventListener('pointercancel', () => { drag.from = null; });
  canvas.addEventListener('wheel', onWheel, {passive: false});
  document.addEventListener('keydown', onKey);
  window.addEventListener('hashchange', recall);
  new ResizeObserver(() => view.resize()).observe(byId('stage'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => view.readColors());
}

async function start() {
  document.title = byId('file').textContent = byId('file').title = meta.file;
  await loadDrawn();
  assignLanes();
  view.setExtent();
  view.readColors();
  fillDevices();
  fillCpus();
  fillStates();
  showLosses((device, state) => {
    clearFilters();
    byId('device').value = device;
    byId('state').value = state;
    applyFilters();
    step(1);
  });
  listFindings();
  view.resize();
  showAll();
  recall();
  connect();
  draw();
  hint();
}

/* For whoever drives the page from outside: when it is there, and where a message's emitter is. */
window.timeline = {
  ready: start(),
  placeOf(serial) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = pathOf(indexOfSerial(serial))[0];
    return {x: box.left + x, y: box.top + y};
  },
};
window.timeline.ready.catch((error) => say(`This page cannot be shown: ${error.message}`));
