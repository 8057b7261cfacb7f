// Asks for addresses of this origin, some at a time, and resolves to [address, status, why not, whether to ask in another way].
async ([urls, together, patience, budget]) => {
  const left = [...urls], told = [], until = performance.now() + budget;
  const ask = async () => {
    while (left.length && performance.now() < until) {
      const url = left.shift();
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(patience), credentials: "omit" });
        told.push([url, answer.status, "", false]);
        await answer.body?.cancel();
      } catch (error) {
        const late = error.name === "TimeoutError";
        told.push([url, 0, late ? "no answer in time" : "no answer", !late]);
      }
    }
  };
  await Promise.all(Array.from({ length: together }, ask));
  return told;
}
