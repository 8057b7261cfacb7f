// Resolves when nothing was fetched, painted larger or moved for a while and nothing is timed, or else after a slice of time.
([quiet, slice]) => new Promise((done) => {
  const seen = window.__prodgate, until = performance.now() + slice;
  const look = () => {
    const now = performance.now();
    const painted = document.readyState === "complete" && seen.lcp !== null;
    const still = painted && now - seen.stirred >= quiet && !seen.expected();
    if (!still && now < until) return seen.wait(look, 25);
    done({ still, age: seen.age(), repeats: seen.repeats() });
  };
  look();
})
