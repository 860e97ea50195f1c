/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page says of a record: its sentence, and what each stage saw and decided. */
'use strict';

const hex = (value, digits = 0) => `${value.toString(16).padStart(digits, '0')}h`;

/* An address of an instruction, with its name. */
function instructionAt(address) {
  const text = hex(address, 16);
  return meta.symbols[text] ? `${text} (${meta.symbols[text]})` : text;
}

function ridText(rid) {
  const digits = (value) => value.toString(16).padStart(2, '0');
  return `${digits(rid >> 8)}:${digits(rid >> 3 & 31)}.${rid & 7}`;
}

function seconds(ns, digits = 6) {
  const whole = Math.floor(ns / 1e9);
  const rest = String(ns - whole * 1e9).padStart(9, '0').slice(0, digits);
  return digits ? `${whole}.${rest}` : String(whole);
}

function duration(ns) { // the clock is read once a slice
  return ns === 0 ? 'less than a slice' : ns < 1e3 ? `${ns} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(1)} µs` :
    ns < 1e9 ? `${(ns / 1e6).toFixed(1)} ms` : `${(ns / 1e9).toFixed(1)} s`;
}

function sourceName(i) {
  return meta.names[rec.source[i]] || 'a device';
}

function sentence(i) {
  const values = {
    source: sourceName(i), rid: ridText(rec.rid[i]), number: rec.number[i],
    time: seconds(rec.time[i]),
  };
  return meta.patterns[rec.kind[i]][rec.result[i]].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/* A hop is [where, what]. All columns have to be there. */

function emitterHop(i) {
  const kind = meta.kinds[rec.kind[i]];
  const parts = [kind.number ? `${kind.name} ${kind.number} ${rec.number[i]}` : kind.name];
  if (has(i, 'sent') && kind.name === 'ipi') {
    parts.push(`wrote ICR ${hex(columns.big('data', i), 8)} to ${hex(columns.big('address', i))}`);
  } else if (has(i, 'sent')) {
    parts.push(`wrote ${hex(columns.big('data', i), 4)} to ${hex(columns.big('address', i), 8)}`);
  }
  if (has(i, 'waited')) {
    parts.push('kept back for a while');
  }
  if (rec.cpu[i] !== meta.no_cpu) {
    parts.push(`set off by CPU ${rec.cpu[i]} at ${instructionAt(columns.big('rip', i))}, ` +
               `instruction ${columns.big('instructions', i)}`);
  }
  const rid = meta.requesters[rec.kind[i]] ? ` (${ridText(rec.rid[i])})` : '';
  return [`${sourceName(i)}${rid} at ${seconds(rec.time[i], 9)} s`, parts.join('; ')];
}

function entryWords(i) {
  const high = columns.big('entry_high', i).toString(16).padStart(16, '0');
  const low = columns.big('entry_low', i).toString(16).padStart(16, '0');
  const from = has(i, 'cached') ? 'from the cache' : 'from memory';
  const mask = columns.big('wanted_mask', i);
  const wanted = mask ? `for ${ridText(Number(columns.big('wanted', i)))}` +
    (mask === 0xffffn ? '' : ` (mask ${hex(mask, 4)})`) : 'for any requester';
  return [`${high} ${low} ${from}${has(i, 'stale') ? ', memory differs' : ''}`, wanted];
}

/* Of the entry, or of the descriptor that it posts to. */
function writerWords(i) {
  const cpu = Number(columns.big('cpu_written', i));
  const by = cpu === meta.no_cpu ? 'a device' : `CPU ${cpu} at ${instructionAt(columns.big('rip_written', i))}`;
  return `last written at ${seconds(Number(columns.big('time_written', i)), 9)} s by ${by}`;
}

function unitHop(i) {
  const parts = [`saw ${ridText(Number(columns.big('rid_seen', i)))}`];
  const index = columns.big('index', i);
  if (index !== BigInt(meta.no_index)) {
    parts.push(`entry ${index}`);
  }
  if (has(i, 'entry')) {
    parts.push(...entryWords(i));
  }
  if (has(i, 'written')) {
    parts.push(writerWords(i));
  }
  const reason = columns.big('reason', i);
  parts.push(reason ? `reason ${hex(reason)}${has(i, 'quiet') ? ', not recorded (FPD)' : ''}` :
    has(i, 'remapped') ? 'rewrote it' : 'let it pass as it was');
  return [meta.names[rec.unit[i]] || 'remapping unit', parts.join('; ')];
}

function busHop(i) {
  const parts = [`vector ${hex(rec.vector[i], 2)}`, meta.modes[Number(columns.big('mode', i))],
    `${has(i, 'logical') ? 'logical' : 'physical'} destination ${hex(columns.big('dest', i))}`,
    has(i, 'level') ? 'level' : 'edge'];
  parts.push(rec.answers[i] === 1 ? `APIC ${rec.apic[i]} answered` :
    `${rec.answers[i] || 'no'} local APICs answered`);
  return ['APIC bus', parts.join('; ')];
}

function apicHop(i) {
  const hold = Number(columns.big('hold', i));
  const held = meta.hold.filter((_, bit) => hold >> bit & 1);
  const parts = [columns.big('accepted', i) ? 'into IRR' : 'not into IRR'];
  if (held.length) {
    parts.push(`when it came, ${held.join(', ')}`);
  }
  return [`Local APIC ${rec.apic[i]}`, parts.join('; ')];
}

/* Whom the EOI of a level reached; journals of before do not say. */
function eoiWords(i) {
  const eoi = 'eoi' in meta.columns ? Number(columns.big('eoi', i)) : 0;
  if (eoi < 2) {
    return eoi ? ['not broadcast (SVR bit 12)'] : [];
  }
  const pins = Number(columns.big('eoi_pins', i));
  return [pins ? `broadcast: cleared remote IRR of pin ${columns.big('eoi_pin', i)}${pins > 1 ? ` and ${pins - 1} more` : ''}`
    : 'broadcast: no pin had that vector and remote IRR set'];
}

function cpuHop(i) {
  const parts = [`taken ${duration(rec.time_taken[i] - rec.time[i])} after it was meant`,
    `at ${instructionAt(columns.big('rip_taken', i))}, instruction ${columns.big('instructions_taken', i)}`];
  if (rec.time_ended[i]) {
    parts.push(`EOI after ${duration(rec.time_ended[i] - rec.time_taken[i])}`, ...eoiWords(i));
  }
  return [`CPU of APIC ${rec.apic[i]}`, parts.join('; ')];
}

function hops(i) {
  const out = [emitterHop(i)];
  const relay = columns.big('relay', i);
  if (relay) {
    out.push([`VMD ${ridText(Number(columns.big('rid_seen', i)))}`, `made it its vector ${relay - 1n}`]);
  } else if (has(i, 'aliased')) {
    out.push(['PCI bridge', `made it a request of ${ridText(Number(columns.big('rid_seen', i)))}`]);
  }
  if (has(i, 'unit')) {
    out.push(unitHop(i));
  }
  if (has(i, 'bus')) {
    out.push(busHop(i));
  }
  if (rec.answers[i]) {
    out.push(apicHop(i));
  }
  if (rec.taken[i]) {
    out.push(cpuHop(i));
  }
  return out;
}
