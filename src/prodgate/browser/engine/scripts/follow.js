// Asks for addresses of this origin, some at a time, and resolves to [address, status, where it led, why not].
async ([urls, together, patience]) => {
  const left = [...urls], told = [];
  const ask = async () => {
    for (let url = left.shift(); url; url = left.shift()) {
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(patience), credentials: "omit" });
        told.push([url, answer.status, answer.url, ""]);
        await answer.body?.cancel();
      } catch (error) {
        told.push([url, 0, "", error.name === "TimeoutError" ? "no answer in time" : "no answer, or one of another host"]);
      }
    }
  };
  await Promise.all(Array.from({ length: together }, ask));
  return told;
}
