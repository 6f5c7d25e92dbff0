// "Verify in this browser": fetches the change, the signed checkpoint and the proof, and does all arithmetic here with
// WebCrypto. Nothing that the server says about the result is believed. RFC 6962 §2.1, RFC 9162 §2.1.3 and §2.1.4,
// c2sp.org/signed-note, c2sp.org/tlog-checkpoint; the bytes of a leaf are said in Documentation/Format.md.

import { words } from "/assets/page.js";

const holder = document.getElementById("proof");
const button = document.getElementById("verify");
const verdict = document.getElementById("verdict");
const list = document.getElementById("steps");
const say = words(holder);
const sequence = Number(holder.dataset.sequence);
const ascii = new TextEncoder();
const remembered = "sijill-checkpoint";

button.addEventListener("click", verify);

async function verify() {
  list.replaceChildren();
  verdict.className = "verdict";
  verdict.textContent = say.verifying;
  button.disabled = true;
  try {
    if (!globalThis.crypto?.subtle) throw new Error(say.noCrypto);
    await run();
    verdict.classList.add("good");
    verdict.textContent = `✓ ${say.verified}`;
  } catch (error) {
    verdict.classList.add("bad");
    verdict.textContent = `✗ ${say.failed}: ${error.message}`;
    const open = list.lastElementChild;
    if (open && !open.className) open.className = "bad";
  } finally {
    button.disabled = false;
  }
}

async function run() {
  let done = step("line");
  const line = await changeLine();
  const { leaf, content } = cut(line);
  done(`${line.length} B`);

  done = step("content");
  const { digests } = JSON.parse(new TextDecoder().decode(leaf)).data;
  if (digests?.content) {
    const found = hex(await sha256(content));
    // Content that a withdrawal erased is null; its digest stays, and cannot be compared any more.
    if (isErased(content)) done(say.erased, "warn");
    else if (found !== digests.content) throw new Error(`SHA-256 ${found} ≠ ${digests.content}`);
    else done(`SHA-256 ${found.slice(0, 24)}…`);
  } else done("–", "warn");

  done = step("leaf");
  const hash = await sha256(Uint8Array.of(0), leaf);
  done(`SHA-256 ${hex(hash).slice(0, 24)}…`);

  done = step("checkpoint");
  const note = await covering();
  done(`${note.origin}, ${note.size}`);

  done = step("signature");
  const known = await signed(note);
  if (known === null) done(say.signatureUnknown, "warn");
  else done(say.keyNote);

  done = step("inclusion");
  const proof = await ask(`/v1/proofs/inclusion?sequence=${sequence}&size=${note.size}`);
  const root = await rootOf(hash, sequence - 1, note.size, proof.proof.map(bytes));
  if (root !== note.root) throw new Error(`${root} ≠ ${note.root}`);
  done(`${proof.proof.length} × SHA-256 → ${root.slice(0, 16)}…`);

  await history(note);
}

/** One line of the list; the function given back ends it. */
function step(name) {
  const line = document.createElement("li");
  line.textContent = say[name];
  list.append(line);
  return (note, kind = "good") => {
    line.className = kind;
    const small = document.createElement("span");
    small.className = "note";
    small.dir = "auto";
    small.textContent = note;
    line.append(small);
  };
}

// -- The change

async function changeLine() {
  const answer = await fetch(`/v1/changes?since=${sequence - 1}&limit=1`, {
    headers: { Accept: "application/x-ndjson" },
    cache: "no-store",
  });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  const all = new Uint8Array(await answer.arrayBuffer());
  const end = all.indexOf(10);
  return end < 0 ? all : all.subarray(0, end);
}

/** The leaf is what stands before the first `,"title":`, and `}}`; the content is the rest before the last `}}`. */
function cut(line) {
  const mark = ascii.encode(',"title":');
  const place = find(line, mark);
  if (place < 0) throw new Error('no ,"title":');
  return {
    leaf: concat(line.subarray(0, place), ascii.encode("}}")),
    content: line.subarray(place, line.length - 2),
  };
}

function find(where, what) {
  outer: for (let i = 0; i + what.length <= where.length; i++) {
    for (let j = 0; j < what.length; j++) if (where[i + j] !== what[j]) continue outer;
    return i;
  }
  return -1;
}

function isErased(content) {
  return new TextDecoder().decode(content.subarray(0, 256)).trimEnd().startsWith(',"title":null,"text":null')
    && content.length > ',"title":null,"text":null'.length;
}

// -- The checkpoint

/** The newest checkpoint; a change of this second may be under the next one only. */
async function covering() {
  for (let tries = 0; ; tries++) {
    const answer = await fetch("/checkpoint", { cache: "no-store" });
    if (!answer.ok) throw new Error(`${answer.status} /checkpoint`);
    const note = read(await answer.text());
    if (note.size >= sequence) return note;
    if (tries === 4) throw new Error(say.notCovered);
    await new Promise((go) => setTimeout(go, 500));
  }
}

function read(text) {
  const split = text.indexOf("\n\n");
  if (split < 0) throw new Error("no signed note");
  const body = text.slice(0, split + 1);
  const [origin, size, root] = body.split("\n");
  if (!origin || !/^(0|[1-9][0-9]*)$/.test(size ?? "") || bytes(root ?? "").length !== 32) {
    throw new Error("no checkpoint");
  }
  const signatures = text.slice(split + 2).split("\n").filter(Boolean).map((line) => {
    const [dash, name, value] = line.split(" ");
    if (dash !== "\u2014" || !value) throw new Error("no signature");
    return { name, value: bytes(value) };
  });
  return { body, origin, size: Number(size), root, signatures };
}

/** True when the log's key has signed it, null when this browser has no Ed25519; throws on a wrong signature. */
async function signed(note) {
  const { checkpoint } = await ask("/v1/log");
  const [name, id, ...rest] = checkpoint.key.split("+");
  const key = bytes(rest.join("+"));
  const expected = (await sha256(ascii.encode(`${name}\n`), key)).subarray(0, 4);
  if (hex(expected) !== id || key[0] !== 1 || key.length !== 33) throw new Error(`key ${checkpoint.key}`);
  const mine = note.signatures.filter((one) => one.name === name && hex(one.value.subarray(0, 4)) === id);
  if (!mine.length) throw new Error(`no signature of ${name}+${id}`);
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.subarray(1), { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return null;
  }
  for (const one of mine) {
    const good = await crypto.subtle.verify("Ed25519", imported, one.value.subarray(4), ascii.encode(note.body));
    if (!good) throw new Error(`signature of ${name}+${id}`);
  }
  return true;
}

// -- Proofs

/** RFC 9162 §2.1.3.2: the root that a leaf and its path lead to, in base64. */
async function rootOf(leaf, index, size, path) {
  if (index >= size) throw new Error(`${index} ≥ ${size}`);
  let [fn, sn, hash] = [BigInt(index), BigInt(size - 1), leaf];
  for (const sibling of path) {
    if (sn === 0n) throw new Error("the path is too long");
    if (fn & 1n || fn === sn) {
      hash = await node(sibling, hash);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else hash = await node(hash, sibling);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n) throw new Error("the path is too short");
  return base64(hash);
}

/** RFC 9162 §2.1.4.2: whether the tree of `first` is the beginning of that of `second`. */
async function isPrefix(first, second, path) {
  if (first.size === second.size) return first.root === second.root && path.length === 0;
  if (first.size === 0) return true;
  const nodes = [...path];
  let [fn, sn] = [BigInt(first.size - 1), BigInt(second.size - 1)];
  const isPowerOfTwo = (fn & (fn + 1n)) === 0n;
  if (isPowerOfTwo) nodes.unshift(bytes(first.root));
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  if (!nodes.length) return false;
  let [fr, sr] = [nodes[0], nodes[0]];
  for (const c of nodes.slice(1)) {
    if (sn === 0n) return false;
    if (fn & 1n || fn === sn) {
      fr = await node(c, fr);
      sr = await node(c, sr);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else sr = await node(sr, c);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && base64(fr) === first.root && base64(sr) === second.root;
}

/** That the log has only grown since this browser verified something of it the last time. */
async function history(note) {
  const done = step("history");
  const kept = JSON.parse(localStorage.getItem(remembered) ?? "{}");
  const before = kept[note.origin];
  if (before && before.size <= note.size) {
    const same = before.size === note.size;
    const path = same ? [] : (await ask(`/v1/proofs/consistency?from=${before.size}&to=${note.size}`)).proof.map(bytes);
    if (!(await isPrefix(before, note, path))) throw new Error(`${before.size} ${before.root} ≠ ${note.root}`);
  } else if (before) throw new Error(`${before.size} > ${note.size}`);
  kept[note.origin] = { size: note.size, root: note.root };
  localStorage.setItem(remembered, JSON.stringify(kept));
  done(before ? `${before.size} → ${note.size}` : `${note.size}`);
}

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail ?? answer.statusText);
  return said;
}

// -- Bytes

function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
const node = (left, right) => sha256(Uint8Array.of(1), left, right);
const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const base64 = (data) => btoa(String.fromCharCode(...data));
