// Resolves once the page is loaded and painted and nothing was fetched, painted larger or moved for a while, with what it did.
([quiet, most]) => new Promise((done) => {
  const until = performance.now() + most;
  const look = () => {
    const seen = window.__prodgate, now = performance.now();
    const painted = document.readyState === "complete" && seen.lcp !== null;
    const still = painted && now - seen.stirred >= quiet;
    if (!still && now < until) return setTimeout(look, 25);
    const [navigation] = performance.getEntriesByType("navigation");
    done({
      rested: still, lcp: seen.lcp, fcp: seen.fcp, cls: seen.cls, refused: seen.refused,
      ttfb: navigation ? navigation.responseStart : null, url: location.href,
    });
  };
  look();
})
