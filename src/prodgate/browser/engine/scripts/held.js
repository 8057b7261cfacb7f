// Returns what this frame keeps and what is in its fields: all that it stores, and the text that it shows.
async ([patience, most]) => {
  const kept = [], fields = [], texts = [], left = { room: most };
  const keep = (value) => {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") return;
    left.room -= String(value).length;
    if (left.room < 0) throw new Error("more is stored than can be looked for");
    kept.push(String(value));
  };
  const seen = new Set();
  const dig = (value) => {
    if (value === null || typeof value !== "object") return keep(value);
    if (seen.has(value)) return;
    seen.add(value);
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength);
      return keep(new TextDecoder().decode(bytes));
    }
    if (value instanceof Map) value.forEach((inner, key) => { dig(key); dig(inner); });
    else if (value instanceof Set) value.forEach(dig);
    else Object.values(value).forEach(dig);
  };
  const asked = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = request.onblocked = () => failed(request.error ?? new Error("blocked"));
  });
  const readDatabases = async () => {
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      try {
        for (const store of database.objectStoreNames) {
          const there = database.transaction(store).objectStore(store);
          (await asked(there.getAll())).forEach(dig);
          (await asked(there.getAllKeys())).forEach(dig);
        }
      } finally { database.close(); }
    }
  };
  const look = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) look(each.shadowRoot);
      if (each.matches("input, textarea") && each.value && !["submit", "button", "reset", "checkbox", "radio"].includes(each.type)) {
        fields.push([each.value, [each.type, each.name, each.id, each.autocomplete, each.placeholder].map(String)]);
      }
      if (each.isContentEditable && !each.parentElement?.isContentEditable) fields.push([each.innerText, []]);
    }
    texts.push(root === document ? document.documentElement?.innerText ?? "" : [...root.children].map((one) => one.innerText ?? "").join("\n"));
  };
  for (const name of ["localStorage", "sessionStorage"]) {
    let store = null;
    try { store = window[name]; } catch { /* a frame without an origin stores nothing */ }
    if (store) for (let at = 0; at < store.length; at += 1) keep(store.getItem(store.key(at)));
  }
  dig(history.state);
  keep(window.name);
  let usable = null;
  try { usable = indexedDB && window.localStorage; } catch { /* nor does it have databases */ }
  const late = new Promise((_, failed) => { setTimeout(() => failed(new Error("its databases did not answer")), patience); });
  if (usable) await Promise.race([readDatabases(), late]);
  look(document);
  return { kept: kept.filter(Boolean), fields, text: texts.join("\n") };
}
