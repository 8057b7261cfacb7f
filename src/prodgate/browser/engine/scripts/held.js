// Returns what this frame keeps and what is in its fields: all that it stores, the files among that, and the text that it shows.
async ([patience, most, largest]) => {
  const kept = [], fields = [], texts = [], blobs = [], files = [], left = { room: most, files: largest };
  const keep = (value) => {
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") return;
    left.room -= String(value).length;
    if (left.room < 0) throw new Error("more is stored than can be looked for");
    kept.push(String(value));
  };
  // a name under which something is stored is ordinary, but for what looks like an identifier in it
  const keepName = (name) => [name, ...name.split(/[^\w-]+/)].filter((one) => one.length > 7 && /\d/.test(one) && /[a-z]/i.test(one)).forEach(keep);
  const keepFile = (text) => {
    left.files -= text.length;
    if (left.files < 0) throw new Error("more files are stored than can be looked through");
    files.push(text);
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
    if (value instanceof Blob) { blobs.push(value); return; }
    if (value instanceof Map) value.forEach((inner, key) => { dig(key); dig(inner); });
    else if (value instanceof Set) value.forEach(dig);
    else Object.entries(value).forEach(([name, inner]) => { if (!Array.isArray(value)) keepName(name); dig(inner); });
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
  const readFolder = async (folder) => {
    for await (const each of folder.values()) {
      if (each.kind === "directory") await readFolder(each);
      else keepFile(await (await each.getFile()).text());
    }
  };
  // what a script put there; what is drawn or run, and what other origins gave unread, is none of it
  const readFiles = async () => {
    for (const each of blobs) keepFile(await each.text());
    for (const name of globalThis.caches ? await caches.keys() : []) {
      for (const answer of await (await caches.open(name)).matchAll()) {
        const drawn = /^(image|font|video|audio)|javascript|css/.test(answer.headers.get("content-type") ?? "");
        if (!drawn && answer.type !== "opaque") keepFile(await answer.text());
      }
    }
    if (navigator.storage?.getDirectory) await readFolder(await navigator.storage.getDirectory());
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
    if (store) for (let at = 0; at < store.length; at += 1) {
      keep(store.getItem(store.key(at)));
      keepName(store.key(at));
    }
  }
  dig(history.state);
  keep(window.name);
  let usable = null;
  try { usable = indexedDB && window.localStorage; } catch { /* nor does it have databases */ }
  const late = new Promise((_, failed) => { setTimeout(() => failed(new Error("its databases did not answer")), patience); });
  if (usable) await Promise.race([readDatabases().then(readFiles), late]);
  look(document);
  return { kept: kept.filter(Boolean), fields, files, text: texts.join("\n") };
}
