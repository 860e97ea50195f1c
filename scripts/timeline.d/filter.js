/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records are shown: what the search box and the four filters leave. */
'use strict';

const filter = {
  search: '', device: '', vector: '', cpu: '', state: '',
  shown: new Uint32Array(0), // indices, ascending
  times: new Float64Array(0), // of them
  lost: new Uint32Array(0), // those of `shown` that are lost

  /* Positions in `shown` of what was meant in [from, to). */
  range(from, to) {
    const n = this.shown.length;
    return {first: firstAtOrAfter(this.times, n, from), last: firstAtOrAfter(this.times, n, to)};
  },

  /* Those lost in [from, to), if they are not more than `most`. */
  lostBetween(from, to, most) {
    const {first, last} = this.range(from, to);
    const n = this.lost.length;
    const begin = first < this.shown.length ? firstAtOrAfter(this.lost, n, this.shown[first]) : n;
    const end = last < this.shown.length ? firstAtOrAfter(this.lost, n, this.shown[last]) : n;
    return end - begin <= most ? this.lost.subarray(begin, end) : this.lost.subarray(0, 0);
  },

  apply() {
    const keep = new Uint8Array(columns.n).fill(1);
    for (const word of this.search.toLowerCase().split(/\s+/).filter((one) => one)) {
      keepWord(keep, word);
    }
    keepFields(keep, this);
    const shown = new Uint32Array(columns.n);
    let n = 0;
    for (let i = 0; i < keep.length; i++) {
      shown[n] = i;
      n += keep[i];
    }
    this.shown = shown.subarray(0, n);
    this.lost = this.shown.filter(isLost);
    this.times = new Float64Array(n);
    for (let k = 0; k < n; k++) {
      this.times[k] = rec.time[this.shown[k]];
    }
  },
};

/* "61h", "0x61" or "97"; NaN for what is none. */
function parseVector(text) {
  const match = /^(?:0x([0-9a-f]+)|([0-9a-f]+)h|(\d+))$/i.exec(text);
  return match ? parseInt(match[1] || match[2] || match[3], match[3] ? 10 : 16) : NaN;
}

/* Keeps the records whose value in a column has a 1 in the table. */
function keepTable(keep, column, table) {
  for (let i = 0; i < keep.length; i++) {
    keep[i] &= table[column[i]];
  }
}

function keepValue(keep, column, value) {
  for (let i = 0; i < keep.length; i++) {
    keep[i] &= column[i] === value ? 1 : 0;
  }
}

function keepBits(keep, bits) {
  for (let i = 0; i < keep.length; i++) {
    keep[i] &= (rec.seen[i] & bits) !== 0 ? 1 : 0;
  }
}

/* By number: whether its text has the word. */
function textsWith(texts, word) {
  return Uint8Array.from(texts, (text) => (text.toLowerCase().includes(word) ? 1 : 0));
}

function allNames() {
  const count = Math.max(0, ...Object.keys(meta.names).map(Number)) + 1;
  return Array.from({length: count}, (_, n) => meta.names[n] || '');
}

/* Every word has to be in the record's device, kind, result or unit; or be its requester, its
 * vector ("61h") or its serial number ("#17"). */
function keepWord(keep, word) {
  if (/^#\d+$/.test(word)) {
    keepValue(keep, rec.serial, Number(word.slice(1)));
    return;
  }
  const names = textsWith(allNames(), word);
  const kinds = textsWith(meta.kinds.map((row, n) => `${row.name} ${meta.titles[n]}`), word);
  const results = textsWith(meta.results.map((row) =>
    `${row.name} ${row.class} ${row.sentence} ${row.section}${row.lost ? ' lost' : ''}`), word);
  const rid = /^[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(word) ? ridNumber(word) : -1;
  const vector = /^(0x[0-9a-f]+|[0-9a-f]+h)$/.test(word) ? parseVector(word) : -1;
  const {source, unit, kind, result, seen, vector: vectors} = rec;
  for (let i = 0; i < keep.length; i++) {
    if (keep[i] && !names[source[i]] && !names[unit[i]] && !kinds[kind[i]] && !results[result[i]]) {
      keep[i] = (vectors[i] === vector && (seen[i] & SEEN.bus) !== 0) ||
        (rec.rid[i] === rid && meta.requesters[kind[i]]) ? 1 : 0;
    }
  }
}

function ridNumber(text) {
  const [bus, device, fn] = text.split(/[:.]/).map((part) => parseInt(part, 16));
  return bus << 8 | device << 3 | fn;
}

function stateTable(state) {
  const [what, name] = state.split('=');
  return Uint8Array.from(meta.results, (row) => (what === 'result' ? row.name === name :
    what === 'class' ? row.class === name : row[what]));
}

function keepFields(keep, {device, vector, cpu, state}) {
  if (device) {
    keepTable(keep, rec.source, Uint8Array.from(allNames(), (name) => name === device));
  }
  if (vector) {
    keepValue(keep, rec.vector, parseVector(vector));
    keepBits(keep, SEEN.bus);
  }
  if (cpu) {
    const [what, number] = cpu.split('=');
    keepValue(keep, what === 'by' ? rec.cpu : rec.apic, Number(number));
    if (what !== 'by') {
      keepTable(keep, rec.answers, new Uint8Array(65536).fill(1, 1));
    }
  }
  if (state) {
    keepTable(keep, rec.result, stateTable(state));
  }
}
