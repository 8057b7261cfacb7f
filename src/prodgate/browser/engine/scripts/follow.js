// Asks for addresses of this origin, some at a time, and resolves to the answers; "again" is what only others can be told.
async ([urls, together, patience, budget, marking]) => {
  const left = [...urls], told = [], until = performance.now() + budget;
  const ask = async () => {
    while (left.length && performance.now() < until) {
      const url = left.shift();
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(patience), credentials: "omit" });
        const marks = Object.fromEntries([...answer.headers].filter(([name]) => marking.includes(name)));
        told.push({ url, status: answer.status, why: "", marks, again: false });
        await answer.body?.cancel();
      } catch (error) {
        const late = error.name === "TimeoutError";
        told.push({ url, status: 0, why: late ? "no answer in time" : "no answer", marks: {}, again: !late });
      }
    }
  };
  await Promise.all(Array.from({ length: together }, ask));
  return told;
}
