/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's columns: what the drawing needs as typed arrays, the rest value by value. */
'use strict';

const meta = JSON.parse(document.getElementById('meta').textContent);

function base64Bytes(text) {
  if (Uint8Array.fromBase64) {
    return Uint8Array.fromBase64(text);
  }
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = binary.charCodeAt(i);
  }
  return out;
}

async function inflate(bytes) {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  writer.write(bytes);
  writer.close();
  return new Response(stream.readable).arrayBuffer();
}

const ARRAYS = {u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, u64: BigUint64Array};

/* Each column's data is a comment: [name, comment]. */
function comments(id) {
  return Array.from(document.getElementById(id).childNodes)
    .filter((node) => node.nodeType === Node.COMMENT_NODE)
    .map((node) => [node.data.slice(0, node.data.indexOf(' ')), node]);
}

/* Those that are behind the scripts, as soon as they are there. */
async function restOfColumns() {
  if (document.readyState === 'loading') {
    await new Promise((done) => document.addEventListener('DOMContentLoaded', done));
  }
  return new Map(comments('rest'));
}

const columns = {
  n: meta.count,
  packed: new Map(comments('data')),
  rest: null, // promise of the others
  data: {}, // name: typed array, of values or of places in the column's table

  loading: {}, // name: promise of its data

  load(names) {
    return Promise.all(names.map((name) => this.loading[name] ??= this.unpack(name)));
  },

  async unpack(name) {
    const {type} = meta.columns[name] || {};
    if (type) { // else all have the same value
      const node = this.packed.get(name) || (await (this.rest ??= restOfColumns())).get(name);
      const bytes = await inflate(base64Bytes(node.data.slice(name.length + 1)));
      this.data[name] = new ARRAYS[type](bytes);
      node.remove();
    }
  },

  /* One value of any size. A field that the file does not have is 0. */
  big(name, i) {
    const {value, table} = meta.columns[name] || {value: '0'};
    return BigInt(value ?? (table ? table[this.data[name][i]] : this.data[name][i]));
  },

  /* Numbers below 2^53, as an array of the least type that holds them. */
  numbers(name) {
    const {value, table} = meta.columns[name] || {value: '0'};
    const data = this.data[name];
    delete this.data[name];
    if (value !== undefined) {
      const least = value < 256 ? Uint8Array : value < 2 ** 32 ? Uint32Array : Float64Array;
      return new least(this.n).fill(Number(value));
    }
    return table ? Float64Array.from(data, (place) => Number(table[place])) :
      data instanceof BigUint64Array ? Float64Array.from(data, Number) : data;
  },
};

/* Of each record, in the order of serial numbers and so of times. */
const rec = {};

function sums(steps) {
  const out = new Float64Array(steps.length);
  let sum = 0;
  for (let i = 0; i < out.length; i++) {
    sum += steps[i];
    out[i] = sum;
  }
  return out;
}

/* Begins and lengths, to which 1 is added; 0 where there is no end. */
function ends(begins, lengths) {
  const out = new Float64Array(lengths.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = lengths[i] ? begins[i] + lengths[i] - 1 : 0;
  }
  return out;
}

async function loadDrawn() {
  await columns.load([...meta.drawn, ...meta.summed]);
  for (const name of meta.drawn) {
    rec[name] = columns.numbers(name);
  }
  rec.serial = sums(columns.numbers('serial'));
  rec.time = sums(columns.numbers('time'));
  rec.time_taken = ends(rec.time, columns.numbers('time_taken'));
  const begins = rec.time.map((time, i) => Math.max(time, rec.time_taken[i]));
  rec.time_ended = ends(begins, columns.numbers('time_ended'));
}

const SEEN = Object.fromEntries(meta.seen.map((name, bit) => [name, name ? 1 << bit : 0]));
const has = (i, stage) => (rec.seen[i] & SEEN[stage]) !== 0;
const resultOf = (i) => meta.results[rec.result[i]];
const isLost = (i) => resultOf(i).lost;
const indexOfSerial = (serial) => {
  const i = firstAtOrAfter(rec.serial, columns.n, serial);
  return i < columns.n && rec.serial[i] === serial ? i : -1;
};

/* Index of the first of n ascending values that is not below `value`. */
function firstAtOrAfter(values, n, value) {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
