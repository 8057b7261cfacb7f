// Notes what a page does from its first moment on; read when the page has come to rest.
(() => {
  const wait = window.setTimeout.bind(window), frame = window.requestAnimationFrame.bind(window);
  const seen = {
    lcp: null, fcp: null, cls: 0, refused: [], stirred: 0, interactions: 0, slowest: null, armed: Infinity, spoken: 0, noise: new WeakSet(), wait, frame,
  };
  Object.defineProperty(window, "__prodgate", { value: seen });
  // what an element says of itself, by whatever names and attributes, and what is around it and in it that is used with it
  const USED = "a, area, button, input, select, textarea, summary, label, [role=button], [role=link], [role=switch], [onclick]";
  const MARKING = /^(?:rel|role|download|aria-pressed|formmethod|on.+|@.+|(?:v-on|x-on|wire|phx|ng)[:-].+|jsaction|(?:data-)?hx-.+|data-(?:action|(?:[\w-]+-)?(?:method|confirm|delete|destroy|remove).*))$/;
  const list = (each) => {
    const all = each.getRootNode(), said = (one) => one?.innerText ?? one?.textContent, get = (one, name) => one.getAttribute(name);
    const labelled = (get(each, "aria-labelledby") ?? "").split(/\s+/).map((id) => said(id && all.getElementById?.(id)));
    const inner = [each, ...[...each.querySelectorAll("[aria-label], [alt], [title]")].slice(0, 20)];
    return [
      said(each), ...labelled, ...[...(each.labels ?? [])].map(said), ...[...each.querySelectorAll("svg title")].slice(0, 5).map(said),
      ...inner.flatMap((one) => ["aria-label", "alt", "title"].map((name) => get(one, name))),
      ...["placeholder", "name", "id"].map((name) => get(each, name)), each.matches("input[type=button], input[type=image]") ? each.value : "",
    ].map((name) => name?.trim().replace(/\s+/g, " ").slice(0, 300)).filter(Boolean);
  };
  const tell = (each, used) => {
    const names = used ? list(each) : [], get = (one, name) => one.getAttribute(name);
    // of what has no name, such as a picture drawn by a font, classes are all that is said
    if (used && !names.length) names.push([each, ...each.querySelectorAll("[class]")].slice(0, 5).map((one) => get(one, "class") ?? "").join(" "));
    const marks = [...each.attributes].filter(({ name }) => MARKING.test(name));
    const attributes = Object.fromEntries(marks.map(({ name, value }) => [name.slice(0, 100), value.slice(0, 300)]));
    const leads = get(each, "formaction") ?? (each.localName === "form" ? get(each, "action") : get(each, "href") ?? get(each, "xlink:href"));
    const free = used && each.matches("input[type=checkbox], input[type=radio]") && !each.form ? { "aria-pressed": "" } : {};
    return {
      names, used, attributes: { ...attributes, ...free },
      leads: leads === null ? "" : URL.parse(leads, document.baseURI)?.href ?? "",
    };
  };
  seen.describe = (element) => {
    const around = [];
    for (let one = element.parentElement ?? element.getRootNode().host; one && one !== document.body; one = one.parentElement ?? one.getRootNode().host) around.push(one);
    const inner = [...element.querySelectorAll("*")].filter((one) => one.matches(USED)).slice(0, 20);
    const own = tell(element, element.matches(`${USED}, [contenteditable], [tabindex], [role]`));
    return [
      { ...own, markup: element.outerHTML.slice(0, 160) },
      ...around.map((one) => tell(one, one.matches(USED))).filter((one) => one.used || one.leads || Object.keys(one.attributes).length),
      ...inner.map((one) => tell(one, true)),
    ];
  };
  document.addEventListener("securitypolicyviolation", (event) => {
    seen.refused.push({ url: event.blockedURI, directive: event.effectiveDirective, disposition: event.disposition });
  });
  const stir = () => { seen.stirred = performance.now(); };
  // What a page times while it loads is part of its loading: parts that come by a timer or fade in later. Whatever is still
  // due when the page is left, however long it takes, goes on.
  const LONGEST = 3000, LOADING = 500, due = new Map();
  const loading = () => {
    const [navigation] = performance.getEntriesByType("navigation");
    return !navigation?.loadEventEnd || performance.now() < navigation.loadEventEnd + LOADING;
  };
  seen.due = () => due.size;
  const note = (id, what, after, often = false) => {
    const soon = after <= LONGEST && loading();
    due.set(id, { words: `${what} of ${after / 1000} s`, awaited: soon && !often, often: soon && often });
  };
  const over = (id) => { if (due.get(id)?.awaited) stir(); due.delete(id); };
  const replace = (where, name, apply) => { where[name] = new Proxy(where[name], { apply }); };
  // windows, dialogs and the like, which change no element of the page
  for (const name of ["alert", "confirm", "open", "print", "prompt"]) {
    replace(window, name, (original, self, given) => { seen.spoken += 1; return Reflect.apply(original, self, given); });
  }
  replace(window, "setTimeout", (original, self, [what, after, ...given]) => {
    const whole = Math.max(0, Number(after) || 0), told = typeof what === "function";
    const id = Reflect.apply(original, self, [told ? (...each) => { over(id); return Reflect.apply(what, window, each); } : what, after, ...given]);
    note(id, "a timer", whole);
    if (!told) seen.wait(() => over(id), after);
    return id;
  });
  replace(window, "setInterval", (original, self, given) => {
    const id = Reflect.apply(original, self, given);
    note(id, "an interval", Math.max(0, Number(given[1]) || 0), true);
    return id;
  });
  for (const name of ["clearTimeout", "clearInterval"]) {
    replace(window, name, (original, self, [id]) => { due.delete(Number(id)); return Reflect.apply(original, self, [id]); });
  }
  if (window.scheduler?.postTask) {
    replace(window.scheduler, "postTask", (original, self, [what, how = {}]) => {
      if (typeof what !== "function" || !(how.delay > 0)) return Reflect.apply(original, self, [what, how]);
      const id = Symbol();
      how.signal?.addEventListener("abort", () => over(id));
      note(id, "a task", how.delay);
      return Reflect.apply(original, self, [(...each) => { over(id); return what(...each); }, how]);
    });
  }
  // a function that ran in ten frames, or idle times, one after the other and is asked for again runs in all of them
  const MANY = 10, APART = 500;
  const follow = (name, cancel, words) => {
    const asked = new Set();
    let times = 0, last = -Infinity;
    replace(window, name, (original, self, [what, ...given]) => {
      const id = Reflect.apply(original, self, [typeof what === "function" ? (...each) => {
        const now = performance.now();
        asked.delete(id);
        if (now - last > APART) times = 0;
        if (now - last > 1) times += 1; // all functions of one frame count once
        last = now;
        return what(...each);
      } : what, ...given]);
      asked.add(id);
      return id;
    });
    replace(window, cancel, (original, self, [id]) => { asked.delete(Number(id)); return Reflect.apply(original, self, [id]); });
    return () => (asked.size && times >= MANY ? [words] : []);
  };
  const frames = follow("requestAnimationFrame", "cancelAnimationFrame", "a function that runs in each frame");
  const idle = follow("requestIdleCallback", "cancelIdleCallback", "a function that runs whenever nothing else does");
  const MOVES = /^(?:top|left|right|bottom|inset|width|height|min|max|margin|padding|border.*Width|font|line|letter|word|flex|grid|gap|row|column|display|position|content)/;
  const moves = (each) => each.playState === "running" && each.effect?.getKeyframes?.().some((one) => Object.keys(one).some((name) => MOVES.test(name)));
  seen.goes = () => ({
    timers: [...new Set([...due.values()].map(({ words }) => words))].slice(0, 3), frames: frames(), idle: idle(),
    animations: document.getAnimations().some(moves) ? ["an animation that moves other elements"] : [],
  });
  if (window !== window.top) return;

  const watch = (type, each, options = {}) => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...options });
  };
  // shifts within a second of each other, for five at most, are one: the worst such burst counts
  let burst = 0, first = 0, last = -Infinity;
  watch("layout-shift", (entry) => {
    stir();
    if (entry.hadRecentInput) return;
    if (entry.startTime - last > 1000 || entry.startTime - first > 5000) [burst, first] = [0, entry.startTime];
    last = entry.startTime;
    burst += entry.value;
    seen.cls = Math.max(seen.cls, burst);
  });
  watch("largest-contentful-paint", (entry) => { stir(); seen.lcp = entry.startTime; });
  watch("paint", (entry) => { if (entry.name === "first-contentful-paint") seen.fcp = entry.startTime; });
  watch("resource", stir);

  const ends = (each) => {
    const { endTime } = each.effect?.getComputedTiming() ?? {};
    return each.playState === "running" && typeof endTime === "number" && endTime - each.currentTime <= LONGEST;
  };
  // a page that says where it leads on in a moment is on its way
  const leads = (each) => /^\s*\d/.test(each.content) && /url/i.test(each.content) && parseFloat(each.content) * 1000 <= LONGEST;
  const led = () => [...document.querySelectorAll("meta[http-equiv=refresh i]")].some(leads);
  seen.expected = () => [...due.values()].some(({ awaited }) => awaited) || led() || document.getAnimations().some(ends);
  // how long it has been loaded, and whether something runs again and again that may change it at some time
  seen.age = () => performance.now() - (performance.getEntriesByType("navigation")[0]?.loadEventEnd || performance.now());
  seen.repeats = () => [...due.values()].some(({ often }) => often);

  watch("event", (entry) => {
    if (entry.processingStart >= seen.armed) seen.told = true;
    else if (entry.interactionId) seen.slowest = Math.max(seen.slowest ?? 0, entry.duration);
  }, { durationThreshold: 16 });
  addEventListener("keydown", (event) => {
    if (seen.armed === Infinity) { seen.interactions += 1; return; }
    // a key of our own, slow enough to be told of: entries come in order, so that those before it have come, too
    event.stopImmediatePropagation();
    for (const until = performance.now() + 40; performance.now() < until;);
  }, true);
  addEventListener("pointerdown", () => { seen.interactions += 1; }, true);
})();
