// Notes what a page does from its first moment on; read when the page has come to rest.
(() => {
  if (window !== window.top) return;
  const seen = { lcp: null, fcp: null, cls: 0, refused: [], stirred: 0, interactions: 0, slowest: null };
  Object.defineProperty(window, "__prodgate", { value: seen });
  const watch = (type, each, options = {}) => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...options });
  };
  const stir = () => { seen.stirred = performance.now(); };
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
  watch("event", (entry) => {
    if (entry.interactionId) seen.slowest = Math.max(seen.slowest ?? 0, entry.duration);
  }, { durationThreshold: 16 });
  addEventListener("keydown", () => { seen.interactions += 1; }, true);
  document.addEventListener("securitypolicyviolation", (event) => {
    seen.refused.push({ url: event.blockedURI, directive: event.effectiveDirective });
  });
})();
