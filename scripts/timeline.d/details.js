/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The side of the page: the message that was picked, and what was lost. */
'use strict';

const ROWS = 60; // of the table of losses

function element(tag, text = '', attributes = {}) {
  const out = document.createElement(tag);
  out.textContent = text;
  Object.assign(out, attributes);
  return out;
}

function hopItem([where, what]) {
  const item = element('li');
  item.append(element('b', where), what);
  return item;
}

function intoLine(i, pick) {
  const serial = Number(columns.big('into', i));
  const line = element('p', 'Became one with ');
  const target = indexOfSerial(serial);
  line.append(target < 0 ? `#${serial}` :
    element('a', `#${serial}`, {href: `#pick=${serial}`, onclick: (event) => {
      event.preventDefault();
      pick(target);
    }}));
  return line;
}

async function showDetails(i, pick) {
  const place = document.getElementById('details');
  await columns.load(Object.keys(meta.columns).filter((name) => !(name in rec)));
  if (i !== view.picked) {
    return; // another was picked meanwhile
  }
  const result = resultOf(i);
  const list = element('ol', '', {id: 'hops'});
  list.append(...hops(i).map(hopItem));
  place.replaceChildren(
    element('p', sentence(i), {id: 'sentence', className: result.lost ? 'lost' : result.open ? 'open' : ''}),
    element('p', `#${rec.serial[i]}: ${result.name} (${result.class}${result.lost ? ', lost' : ''})`,
      {id: 'result', className: 'hint'}),
    ...(result.remedy ? [element('h2', 'What would work'), element('p', result.remedy, {id: 'remedy'})] : []),
    element('h2', 'Hops'), list);
  if (columns.big('into', i)) {
    place.append(intoLine(i, pick));
  }
}

/* [source, result, count] of all losses, the most frequent first. */
function countLosses() {
  const results = meta.results.length;
  const counts = new Map();
  for (let i = 0; i < columns.n; i++) {
    if (isLost(i)) {
      const key = rec.source[i] * results + rec.result[i];
      counts.set(key, (counts.get(key) || 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => [Math.floor(key / results), key % results, count])
    .sort((a, b) => b[2] - a[2]);
}

function showLosses(choose) {
  const losses = countLosses();
  const total = losses.reduce((sum, [, , count]) => sum + count, 0);
  const place = document.getElementById('losses');
  const body = element('tbody');
  for (const [source, result, count] of losses.slice(0, ROWS)) {
    const row = element('tr', '', {title: meta.results[result].sentence,
      onclick: () => choose(meta.names[source] || '', `result=${meta.results[result].name}`)});
    row.append(element('td', String(count), {className: 'number lost'}),
      element('td', meta.names[source] || 'a device'), element('td', meta.results[result].name));
    body.append(row);
  }
  const table = element('table');
  table.append(body);
  place.replaceChildren(element('h2', total ? `Lost: ${total}` : 'Nothing was lost'), table);
}
