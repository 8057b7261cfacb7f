// Returns the figures of the page so far, once what was painted last was told of.
() => new Promise((done) => __prodgate.frame(() => __prodgate.frame(() => {
  const seen = window.__prodgate, [navigation] = performance.getEntriesByType("navigation");
  done({ lcp: seen.lcp, fcp: seen.fcp, cls: seen.cls, ttfb: navigation ? navigation.responseStart : null });
})))
